"""Decide whether a 401 or 403 protects the endpoint: only if a check of bearer tokens sent it."""

import re
from dataclasses import dataclass
from typing import Final

from claimsctl.judge.attempt import Answer
from claimsctl.judge.platforms import platform_of
from claimsctl.judge.refusal import CHALLENGE_CURE, names_bearer, other_scheme, quoted

REFUSALS: Final = frozenset({401, 403})

_UNAUTHORIZED: Final = 401
_SPEAKS_OF_TOKENS: Final = re.compile(
    r"token|bearer|jwt|issuer|audience|caller|authenticat|unauthori[sz]ed|credential", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Whether a 401 or 403 protects the endpoint."""

    protects: bool
    why: str
    """What sent it, or why it proves nothing."""
    hint: str = ""
    """What to do if it proves nothing."""


def read_refusal(answer: Answer) -> Refusal:
    """Return whether `answer`, a 401 or 403, shows that the endpoint is protected."""
    platform = platform_of(answer)
    if platform is not None:
        return Refusal(platform.knows_tokens, f"{platform.name}: {platform.case}", platform.do)
    if names_bearer(answer):
        return Refusal(protects=True, why="the endpoint requires a bearer token")
    if schemes := other_scheme(answer):
        return Refusal(
            protects=False,
            why=f"it requires {schemes}, not a bearer token",
            hint=CHALLENGE_CURE,
        )
    if answer.status == _UNAUTHORIZED or _SPEAKS_OF_TOKENS.search(quoted(answer)):
        return Refusal(protects=True, why="the endpoint refuses the call")
    return Refusal(
        protects=False,
        why="it does not show that a token is missing; a firewall or a missing route gives the"
        " same answer",
        hint="Find out what sends the 403. If a token is missing, the service should answer 401"
        " with www-authenticate: Bearer.",
    )

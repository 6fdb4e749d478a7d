"""Whether a refusal protects: a 401 or 403 counts if it comes from what checks bearer tokens."""

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
    """What a 401 or 403 is worth."""

    protects: bool
    why: str
    """Whose work it is, or why it proves nothing."""
    hint: str = ""
    """What to do where it proves nothing."""


def read_refusal(answer: Answer) -> Refusal:
    """What `answer`, a 401 or 403, is worth as protection."""
    platform = platform_of(answer)
    if platform is not None:
        return Refusal(platform.knows_tokens, f"{platform.name}: {platform.case}", platform.do)
    if names_bearer(answer):
        return Refusal(protects=True, why="the endpoint asks for a bearer token")
    if schemes := other_scheme(answer):
        return Refusal(
            protects=False,
            why=f"it asks for {schemes}, not for a bearer token",
            hint=CHALLENGE_CURE,
        )
    if answer.status == _UNAUTHORIZED or _SPEAKS_OF_TOKENS.search(quoted(answer)):
        return Refusal(protects=True, why="the endpoint refuses")
    return Refusal(
        protects=False,
        why="nothing in it says that a token was missed; a firewall or a missing route says the"
        " same",
        hint="Find out who answers 403. A service that misses a token answers 401 with"
        " www-authenticate: Bearer.",
    )

"""The meaning of a callout's record: its stage, what is at fault, what to do.

The rules use numbers only: attempts, status, code. Meanings and cures are from
`claimsctl.explain`. Sources: Graph beta's ``customExtensionCalloutResult``; Microsoft's error code
reference. That the code of an earlier attempt can remain after an accepted one is our reading of
"the error code of the last failed attempt".
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from claimsctl.explain.entries import find_entry
from claimsctl.signin.records import Callout, SignIn

OK: Final = 200
_UNAUTHORISED: Final = {401, 403}
_NO_ROUTE: Final = {404, 405}
_REDIRECTS: Final = range(300, 400)
_BAD_REQUEST: Final = range(400, 500)
_FAULTS: Final = range(500, 600)


class Stage(StrEnum):
    """The last stage that a callout reached."""

    NEVER_CALLED = "never-called"
    NO_ANSWER = "no-answer"
    """Called, but not reached, or not answered in time."""
    REFUSED_BY_ENDPOINT = "refused-by-endpoint"
    REFUSED_BY_ENTRA = "refused-by-entra"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"


class Link(StrEnum):
    """The part of the tenant or of Entra that prevents a callout."""

    LISTENER = "listener"
    IDENTIFIER_URI = "identifier-uri"
    TARGET_URL = "target-url"
    API_SERVICE_PRINCIPAL = "api-service-principal"
    CALLER_SERVICE_PRINCIPAL = "caller-service-principal"
    GRAPH_SERVICE_PRINCIPAL = "graph-service-principal"
    CONSENT = "consent"
    THROTTLE = "throttle"
    ENTRA = "entra"


LINK_NAMES: Final = {
    Link.LISTENER: "the listener's extension id",
    Link.IDENTIFIER_URI: "the identifier URI of the endpoint's app registration",
    Link.TARGET_URL: "the extension's target URL",
    Link.API_SERVICE_PRINCIPAL: "the service principal of the endpoint's app registration",
    Link.CALLER_SERVICE_PRINCIPAL: "the service principal of Entra's caller, 99045fe1-…",
    Link.GRAPH_SERVICE_PRINCIPAL: "the service principal of Microsoft Graph",
    Link.CONSENT: "the admin consent for the endpoint's app registration",
    Link.THROTTLE: "the tenant's limit of callouts per second",
    Link.ENTRA: "Entra itself",
}

NEVER_CALLED_BY: Final = {
    1003000: Link.ENTRA,
    1003004: Link.THROTTLE,
    1003011: Link.LISTENER,
    1003014: Link.IDENTIFIER_URI,
    1003015: Link.IDENTIFIER_URI,
    1003016: Link.API_SERVICE_PRINCIPAL,
    1003017: Link.CALLER_SERVICE_PRINCIPAL,
    1003018: Link.CALLER_SERVICE_PRINCIPAL,
    1003019: Link.API_SERVICE_PRINCIPAL,
    1003020: Link.TARGET_URL,
    1003021: Link.CONSENT,
    1003022: Link.GRAPH_SERVICE_PRINCIPAL,
    1003023: Link.ENTRA,
}
"""The codes of callouts that were not sent, and the link at fault."""

NO_ANSWER_CODES: Final = frozenset({1003001, 1003005, 1003027})
STATUS_CODE: Final = 1003002
ANSWER_CODES: Final = frozenset(
    {1003003, 1003006, 1003007, 1003008, 1003009, 1003010, 1003012, 1003024, 1003025, 1003026}
)
"""The codes of answers that Entra refused."""

_STAGES: Final = {
    STATUS_CODE: Stage.REFUSED_BY_ENDPOINT,
    **dict.fromkeys(ANSWER_CODES, Stage.REFUSED_BY_ENTRA),
    **dict.fromkeys(NO_ANSWER_CODES, Stage.NO_ANSWER),
}


@dataclass(frozen=True, slots=True)
class CalloutVerdict:
    """The meaning of a callout's record."""

    stage: Stage
    sentence: str
    do: str
    """What to do; empty for an accepted callout."""
    code: int | None = None
    link: Link | None = None

    def document(self) -> dict[str, Any]:
        """Return the verdict as a JSON object."""
        return {
            "stage": self.stage.value,
            "link": None if self.link is None else self.link.value,
            "sentence": self.sentence,
            "do": self.do,
        }


def stage_of(sign_in: SignIn, callout: Callout) -> Stage:
    """Return the last stage that the callout reached."""
    code, attempts, status = callout.code, callout.attempts, callout.status
    if attempts == 0 or (code in NEVER_CALLED_BY and not (code in _INSIDE and attempts)):
        stage = Stage.NEVER_CALLED
    elif status is not None and status != OK:
        stage = Stage.REFUSED_BY_ENDPOINT
    elif code is None:
        stage = Stage.ACCEPTED if attempts or status else Stage.UNKNOWN
    elif _is_of_earlier_attempt(sign_in, callout):
        stage = Stage.ACCEPTED
    else:
        stage = _STAGES.get(code, Stage.UNKNOWN)
    return stage


_INSIDE: Final = frozenset({1003000})
"""Errors inside Entra, before or after the call."""


def _is_of_earlier_attempt(sign_in: SignIn, callout: Callout) -> bool:
    """Return whether the code belongs to the first attempt, and the second was accepted."""
    return (
        callout.code is not None
        and callout.status == OK
        and (callout.attempts or 0) > 1
        and sign_in.error_code == 0
    )


def verdict_on(sign_in: SignIn, callout: Callout) -> CalloutVerdict:
    """Return the verdict on one callout of a sign-in."""
    stage, code = stage_of(sign_in, callout), callout.code
    entry = None if code is None else find_entry(str(code))
    meaning = "" if entry is None else f" {entry.meaning}"
    cure = "" if entry is None else entry.cure[0]
    link = None
    match stage:
        case Stage.NEVER_CALLED:
            link = None if code is None else NEVER_CALLED_BY.get(code)
            at_fault = "in the tenant, at an unknown link" if link is None else LINK_NAMES[link]
            sentence = f"Entra never called the endpoint; the problem is {at_fault}.{meaning}"
            do = cure or "Check the chain from the listener to the app registration, link by link."
        case Stage.NO_ANSWER:
            called = f"Entra called the endpoint{_times(callout)}"
            sentence = f"{called}, but received no usable answer.{meaning}"
            do = cure
        case Stage.REFUSED_BY_ENDPOINT:
            status = "an unknown status" if callout.status is None else f"status {callout.status}"
            sentence = f"Entra called the endpoint{_times(callout)}, and it answered with {status}."
            do = _do_about(callout.status)
        case Stage.REFUSED_BY_ENTRA:
            sentence = f"The endpoint answered, and Entra refused the answer.{meaning}"
            do = cure
        case Stage.ACCEPTED if code is not None:
            sentence = f"Entra accepted the last answer; an earlier attempt ended with {code}."
            do = cure
        case Stage.ACCEPTED:
            sentence, do = "Entra called the endpoint and accepted its answer.", ""
        case _:
            sentence = f"The record does not say how the callout ended.{meaning}"
            do = cure or "Find the correlation id in the endpoint's log."
    return CalloutVerdict(stage, sentence, do, code, link)


def _times(callout: Callout) -> str:
    return " twice" if callout.attempts == 2 else ""  # noqa: PLR2004  # Entra retries at most once


def _do_about(status: int | None) -> str:
    """Return what to do about a status that Entra does not accept."""
    if status in _UNAUTHORISED:
        return (
            "The endpoint refuses Entra's token: compare issuer, audience, azp and keys with what"
            " it expects; its log gives the reason for this correlation id."
        )
    if status in _NO_ROUTE:
        return "Check the target URL's path, and that the service accepts POST there."
    if status is not None and status in _REDIRECTS:
        return (
            "Set the target URL to the address of the redirect, since Entra follows no redirects."
        )
    if status is not None and status in _BAD_REQUEST:
        return "The endpoint rejects the callout as a bad request: its log names the field."
    if status is not None and status in _FAULTS:
        return "The endpoint failed: its log has the error for this correlation id."
    return "Let the endpoint answer with 200; find the cause in its log by this correlation id."


def document_of(sign_in: SignIn, callout: Callout, *, show_user: bool) -> dict[str, Any]:
    """Return a callout and its verdict as a JSON object; the user only with `show_user`."""
    return {
        "correlation_id": sign_in.correlation_id,
        "at": callout.at or sign_in.at,
        "app_id": sign_in.app_id,
        "app_name": sign_in.app_name,
        **({"user": sign_in.user} if show_user else {}),
        "interactive": sign_in.interactive,
        "sign_in_error": sign_in.error_code,
        "listener_id": callout.listener_id,
        "extension_id": callout.extension_id,
        "attempts": callout.attempts,
        "http_status": callout.status,
        "entra_code": callout.code,
        "verdict": verdict_on(sign_in, callout).document(),
    }

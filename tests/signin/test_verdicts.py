"""The verdict on a callout: its stage, the link at fault, what to do."""

import pytest
from claimsctl.explain.entries import EntryKind, entries
from claimsctl.signin.records import Callout, Column, SignIn
from claimsctl.signin.verdicts import Link, Stage, stage_of, verdict_on

NEVER, LATE = Stage.NEVER_CALLED, Stage.NO_ANSWER
ENDPOINT, ENTRA = Stage.REFUSED_BY_ENDPOINT, Stage.REFUSED_BY_ENTRA

CODES = {
    1003000: (0, None, NEVER, Link.ENTRA, "Try again a few minutes after the last change"),
    1003001: (1, None, LATE, None, "Fix what the log shows"),
    1003002: (2, 503, ENDPOINT, None, "The endpoint failed: its log has the error"),
    1003003: (1, 200, ENTRA, None, 'Send {"data": {"@odata.type"'),
    1003004: (0, None, NEVER, Link.THROTTLE, "Let apps cache their tokens"),
    1003005: (2, None, LATE, None, "Set clientConfiguration.timeoutInMilliseconds to 2000"),
    1003006: (1, 200, ENTRA, None, "Set the header content-type: application/json"),
    1003007: (1, 200, ENTRA, None, 'Send "claims": {}'),
    1003008: (1, 200, ENTRA, None, "Remove apiSchemaVersion"),
    1003009: (1, 200, ENTRA, None, "Always send the complete response object"),
    1003010: (1, 200, ENTRA, None, "Send one action that contains all claims"),
    1003011: (0, None, NEVER, Link.LISTENER, "Put the extension's current id into the listener"),
    1003012: (1, 200, ENTRA, None, 'Send "@odata.type"'),
    1003014: (0, None, NEVER, Link.IDENTIFIER_URI, "Set identifierUris and resourceId to api://"),
    1003015: (0, None, NEVER, Link.IDENTIFIER_URI, "Add the new identifier URI"),
    1003016: (0, None, NEVER, Link.API_SERVICE_PRINCIPAL, "POST /servicePrincipals"),
    1003017: (0, None, NEVER, Link.CALLER_SERVICE_PRINCIPAL, "POST /servicePrincipals"),
    1003018: (0, None, NEVER, Link.CALLER_SERVICE_PRINCIPAL, "Set accountEnabled to true"),
    1003019: (0, None, NEVER, Link.API_SERVICE_PRINCIPAL, "Set accountEnabled to true"),
    1003020: (0, None, NEVER, Link.TARGET_URL, "Set a complete https URL"),
    1003021: (0, None, NEVER, Link.CONSENT, "Grant admin consent for the app"),
    1003022: (
        0,
        None,
        NEVER,
        Link.GRAPH_SERVICE_PRINCIPAL,
        "Enable Microsoft Graph's service principal",
    ),
    1003023: (0, None, NEVER, Link.ENTRA, "Open a support case"),
    1003024: (1, 200, ENTRA, None, "Send the claims in the documented format"),
    1003025: (1, 200, ENTRA, None, "Send ids instead of names"),
    1003026: (1, 200, ENTRA, None, "Omit claims without a name"),
    1003027: (2, None, LATE, None, "Make the endpoint public"),
}
"""By code: attempts, status; stage, link, the beginning of what to do."""


def sign_in(error: int | None = 1100001) -> SignIn:
    """A sign-in that ended with `error`."""
    return SignIn("c", "2026-11-28T09:30:01Z", "a", "Shop", "", None, error, Column.PRESENT)


def callout(code: int | None, attempts: int | None, status: int | None) -> Callout:
    """A callout's record."""
    return Callout("2026-11-28T09:30:01Z", "l", "e", attempts, status, code)


def test_every_code_is_here() -> None:
    """The table above has each code of Entra's reference, 27 of them."""
    codes = {id_ for id_, entry in entries().items() if entry.kind is EntryKind.ENTRA_CODE}
    assert (27, codes) == (len(CODES), {str(code) for code in CODES})


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_verdict_and_a_next_step(code: int) -> None:
    """The verdict on a record with the code has the stage, the link and what to do."""
    attempts, status, stage, link, do = CODES[code]
    verdict = verdict_on(sign_in(), callout(code, attempts, status))
    assert (stage, link, code) == (verdict.stage, verdict.link, verdict.code)
    assert verdict.do.startswith(do)
    assert verdict.sentence.startswith(
        {
            NEVER: "Entra never called the endpoint; the problem is ",
            LATE: "Entra called the endpoint",
            ENDPOINT: "Entra called the endpoint twice, and it answered with status 503",
            ENTRA: "The endpoint answered, and Entra refused the answer. ",
        }[stage]
    )


@pytest.mark.parametrize(
    ("status", "do"),
    [
        (401, "The endpoint refuses Entra's token"),
        (403, "The endpoint refuses Entra's token"),
        (404, "Check the target URL's path"),
        (405, "Check the target URL's path"),
        (302, "Set the target URL to the address of the redirect"),
        (400, "The endpoint rejects the callout as a bad request"),
        (500, "The endpoint failed"),
        (204, "Let the endpoint answer with 200"),
        (None, "Let the endpoint answer with 200"),
    ],
)
def test_a_status_decides_what_to_do(status: int | None, do: str) -> None:
    """Each class of status has its next step."""
    verdict = verdict_on(sign_in(), callout(1003002, 1, status))
    assert (Stage.REFUSED_BY_ENDPOINT, True) == (verdict.stage, verdict.do.startswith(do))


def test_a_refused_token_is_no_late_answer() -> None:
    """Entra also records 1003005 for a refused token: the status decides."""
    assert Stage.REFUSED_BY_ENDPOINT is stage_of(sign_in(), callout(1003005, 1, 401))


def test_a_retry_that_was_accepted_is_accepted() -> None:
    """The code is the failed attempt's; status 200 and a token that was issued are the last's."""
    first_late = callout(1003005, 2, 200)
    assert Stage.ACCEPTED is stage_of(sign_in(0), first_late)
    assert "an earlier attempt ended with 1003005" in verdict_on(sign_in(0), first_late).sentence
    assert Stage.NO_ANSWER is stage_of(sign_in(), first_late)
    assert Stage.NO_ANSWER is stage_of(sign_in(0), callout(1003005, 1, 200))


@pytest.mark.parametrize(
    ("given", "stage"),
    [
        (callout(None, 1, 200), Stage.ACCEPTED),
        (callout(None, 0, None), Stage.NEVER_CALLED),
        (callout(None, None, None), Stage.UNKNOWN),
        (callout(1003099, 1, 200), Stage.UNKNOWN),
        (callout(1003000, 1, None), Stage.UNKNOWN),
        (callout(1003021, None, None), Stage.NEVER_CALLED),
    ],
)
def test_what_is_not_recorded_is_not_guessed(given: Callout, stage: Stage) -> None:
    """A record with a missing number or an unknown code is not a success."""
    verdict = verdict_on(sign_in(), given)
    assert (stage, stage is not Stage.ACCEPTED) == (verdict.stage, bool(verdict.do))

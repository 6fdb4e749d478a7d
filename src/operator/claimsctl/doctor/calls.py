"""The calls of one run, and what the run has learned from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from claimsctl.doctor.target import MASK, Target, encoded
from claimsctl.entra.client import send_callout
from claimsctl.judge.attempt import Attempt
from claimsctl.judge.finding import Verdict
from claimsctl.judge.judge import judge_attempt

JSON_TYPE: Final = "application/json"


class CallId(StrEnum):
    """The purpose of a call; checks find each other's calls by it."""

    FIRST = "first"
    SECOND = "second"
    """Made if the first call was not answered in time."""
    GET = "get"
    HEAD = "head"
    OPTIONS = "options"
    UNKNOWN_PATH = "unknown-path"

    NO_TOKEN = "no-token"  # noqa: S105  # a name
    WRONG_SIGNATURE = "wrong-signature"
    EXPIRED = "expired"
    OTHER_TENANT = "other-tenant"
    UNSIGNED = "unsigned"
    OTHER_APP = "other-app"

    MEMBER = "member"
    LOCAL_ACCOUNT = "local-account"
    SOCIAL_ACCOUNT = "social-account"
    GUEST = "guest"
    SAML = "saml"
    UNKNOWN_USER = "unknown-user"
    UNKNOWN_FIELDS = "unknown-fields"
    NULLS = "nulls"
    OTHER_ALPHABETS = "other-alphabets"

    MALFORMED = "malformed"
    WRONG_TYPE = "wrong-type"
    LARGE = "large"
    NO_USER = "no-user"

    WARM = "warm"
    CONCURRENT = "concurrent"
    REPEATED = "repeated"


CONTRACT_CALLS: Final = frozenset(
    {
        CallId.MEMBER,
        CallId.LOCAL_ACCOUNT,
        CallId.SOCIAL_ACCOUNT,
        CallId.GUEST,
        CallId.SAML,
        CallId.UNKNOWN_USER,
        CallId.UNKNOWN_FIELDS,
        CallId.NULLS,
        CallId.OTHER_ALPHABETS,
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a run."""

    id: CallId
    purpose: str
    """The purpose, as shown in reports."""
    request: bytes
    headers: Mapping[str, str]
    """As sent, with the bearer token masked."""
    attempt: Attempt
    verdict: Verdict
    """What Entra would do with the answer, even if Entra would not make such a call."""


@dataclass(slots=True)
class Run:
    """One run against a target: makes all calls, and keeps what checks learn for later checks."""

    target: Target
    calls: list[Call] = field(default_factory=list)
    accepted_invalid_token: str | None = None
    """The last invalid token that the endpoint accepted, if it accepted one."""

    @property
    def bearer(self) -> str | None:
        """Return the token for access: the operator's, or an invalid one that was accepted."""
        given = self.target.expectations.bearer
        return self.accepted_invalid_token if given is None else given

    def call(
        self,
        id_: CallId,
        purpose: str,
        body: bytes,
        *,
        bearer: str | None = None,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        url: str | None = None,
    ) -> Call:
        """Make a call on a new connection, with Entra's timeout.

        `headers` replace the content type that Entra sends, `url` replaces the target's.
        """
        sent = dict(headers) if headers is not None else {"content-type": JSON_TYPE}
        masked = dict(sent)
        if bearer is not None:
            sent["authorization"] = f"Bearer {bearer}"
            masked["authorization"] = f"Bearer {MASK}"
        target, wait_ms = self.target, self.target.expectations.wait_ms
        attempt = send_callout(url or target.url, body, sent, wait_ms, target.trust, method)
        call = Call(id_, purpose, body, masked, attempt, judge_attempt(attempt, wait_ms))
        self.calls.append(call)
        return call

    def call_as_entra(self, id_: CallId, purpose: str) -> Call:
        """Call as Entra does when a member signs in, with the token for access."""
        return self.call(id_, purpose, encoded(self.target.callout("member")), bearer=self.bearer)

    def made(self, id_: CallId) -> Call | None:
        """Return the first call with that id."""
        return next((call for call in self.calls if call.id is id_), None)

    def first_call(self) -> Call:
        """Return the first call, or the second if only that one was answered."""
        first, second = self.made(CallId.FIRST), self.made(CallId.SECOND)
        assert first is not None, "the check of HTTP001 makes it"  # noqa: S101
        return second if second is not None and second.attempt.answer is not None else first

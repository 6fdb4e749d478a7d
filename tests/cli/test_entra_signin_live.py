"""`claimsctl entra signin --tenant`: reads from a fake of Graph beta."""

from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from claimsctl.tenant.graph import Graph

from tests.cli.command import Run
from tests.signin.samples import RECORDS, correlation_id, graph, listener

TENANT = "11111111-1111-4111-8111-111111111111"
ASKED = ("entra", "signin", "--tenant", TENANT)


class FakeGraph:
    """The sign-in log of a tenant: one record a page; `answers` come first."""

    def __init__(self) -> None:
        self.records: dict[str, list[Any]] = {"interactiveUser": [], "nonInteractiveUser": []}
        self.answers: list[httpx2.Response] = []
        self.filters: list[str] = []
        self.slept: list[float] = []
        self.permissions: tuple[str, ...] = ()
        self.arrives_after = 0

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """A page."""
        if self.answers:
            return self.answers.pop(0)
        assert "/beta/auditLogs/signIns" == request.url.path
        query = parse_qs(request.url.query.decode())
        (filter_,) = query["$filter"]
        self.filters.append(filter_)
        kind = filter_.rpartition("eq '")[2].removesuffix("')")
        records = self.records[kind] if len(self.slept) >= self.arrives_after else []
        at = int(query.get("page", ["0"])[0])
        page: dict[str, Any] = {"value": records[at : at + 1]}
        if at + 1 < len(records):
            page["@odata.nextLink"] = f"{request.url.copy_set_param('page', at + 1)}"
        return httpx2.Response(200, json=page)

    def signed_in(self, *arguments: Any) -> Graph:
        """Replace the operator's sign-in."""
        self.permissions = arguments[-1]
        transport = httpx2.MockTransport(self.answer)
        return Graph("token", sleep=self.slept.append, transport=transport)


@pytest.fixture
def tenant(monkeypatch: pytest.MonkeyPatch) -> FakeGraph:
    """The tenant's Graph."""
    fake = FakeGraph()
    monkeypatch.setattr("claimsctl.cli.tenant_options.signed_in", fake.signed_in)
    monkeypatch.setattr("claimsctl.cli.signin_live.time.sleep", fake.slept.append)
    return fake


def test_both_kinds_of_sign_ins_are_asked_for(run: Run, tenant: FakeGraph) -> None:
    """Interactive and silent ones, every page, each once; the output says that it is the beta."""
    tenant.records["interactiveUser"] = list(RECORDS)
    tenant.records["nonInteractiveUser"] = [RECORDS[0], graph(7, listener(1003027, 2, None))]
    outcome = run(*ASKED)
    assert 1 == outcome.exit_code, outcome.err
    assert "4 callouts in 5 sign-ins" in outcome.out
    assert "Graph beta" in outcome.err
    assert ("AuditLog.Read.All",) == tenant.permissions
    assert all(filter_.startswith("createdDateTime ge 20") for filter_ in tenant.filters)


def test_one_sign_in_is_asked_for_by_its_id(run: Run, tenant: FakeGraph) -> None:
    """The filter names the correlation id."""
    tenant.records["interactiveUser"] = [RECORDS[2]]
    outcome = run(*ASKED, "--correlation-id", correlation_id(3))
    assert (0, True) == (outcome.exit_code, "accepted its answer" in outcome.out)
    assert tenant.filters[0].startswith(f"correlationId eq '{correlation_id(3)}' and ")


def test_follow_waits_for_the_record(run: Run, tenant: FakeGraph) -> None:
    """The command polls until the record of the callout arrives."""
    tenant.records["interactiveUser"] = [RECORDS[0]]
    tenant.arrives_after = 3
    outcome = run(*ASKED, "--follow")
    assert (1, [30.0] * 3) == (outcome.exit_code, tenant.slept)
    assert "Sign in now" in outcome.err
    assert "the problem is the admin consent for" in outcome.out


def test_follow_ends(run: Run, tenant: FakeGraph) -> None:
    """Without a record, the command ends after twenty minutes with an explanation."""
    outcome = run(*ASKED, "--follow")
    assert (1, 39) == (outcome.exit_code, len(tenant.slept))
    assert "Records arrive after some minutes" in outcome.out


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("Authentication_RequestFromNonPremiumTenantOrB2CTenant", "no licence for Entra ID P1"),
        ("Authorization_RequestDenied", "the token lacks a permission"),
    ],
)
def test_what_graph_refuses_is_named(run: Run, tenant: FakeGraph, code: str, message: str) -> None:
    """A missing licence and a missing permission, each with what to do."""
    error = {"error": {"code": code, "message": "no"}}
    tenant.answers = [httpx2.Response(403, json=error)]
    outcome = run(*ASKED)
    assert (1, "") == (outcome.exit_code, outcome.out)
    assert message in outcome.err


def test_throttling_is_waited_out(run: Run, tenant: FakeGraph) -> None:
    """After 429, the request is repeated after the time in Retry-After."""
    tenant.records["interactiveUser"] = [RECORDS[2]]
    tenant.answers = [httpx2.Response(429, headers={"retry-after": "7"})]
    assert 0 == run(*ASKED).exit_code
    assert [7.0] == tenant.slept


def test_a_source_is_needed(run: Run) -> None:
    """Without FILE and --tenant, and with --follow on a file."""
    assert "expected FILE, or --tenant" in run("entra", "signin").err
    assert "--follow waits for records from Graph" in run("entra", "signin", "x", "--follow").err

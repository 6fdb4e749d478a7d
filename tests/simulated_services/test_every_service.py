"""The doctor at every simulated service."""

import json
from collections import Counter
from collections.abc import Callable

import pytest
from claimsctl.doctor.checks import ENDPOINT_CHECKS
from claimsctl.doctor.formats import json as json_format
from claimsctl.doctor.formats import junit, markdown
from claimsctl.doctor.runner import Report, advice, calls_max, first_cause, headline
from claimsctl.explain.entries import EntryKind, entries
from claimsctl.judge.finding import Level

from tests.simulated_services import (
    authentication,
    bad_answers,
    before_http,
    broken_connections,
    intermediaries,
    service_faults,
)
from tests.simulated_services.internet import Internet
from tests.simulated_services.simulated_service import (
    Service,
    doctor_report,
    problems,
    running,
    token,
    url_of,
)

MODULES = (
    before_http,
    broken_connections,
    intermediaries,
    authentication,
    bad_answers,
    service_faults,
)
SERVICES: list[Service] = [each for module in MODULES for each in module.SERVICES]
SAMPLED = 8
"""One in so many is part of ``make test``; all of them are of ``make test-all``."""
BY_NAME = {service.name: service for service in SERVICES}
CODES_OF_AN_ANSWER = {
    1003001, 1003002, 1003003, 1003005, 1003006, 1003007, 1003008, 1003009, 1003010, 1003012,
    1003024, 1003025, 1003026, 1003027,
}  # fmt: skip
"""Entra's codes that an endpoint or its answer can cause."""
CODES_OF_A_URL = {1003014, 1003020}
BY_THE_JUDGE_ONLY = {"RSP016", "RSP020"}
"""To the doctor an answer that is late (NET004) or cut (NET005) is none."""
FORMATS: list[Callable[[Report], str]] = [
    lambda report: json.dumps(json_format.document(report)),
    markdown.render,
    lambda report: junit.render(report, strict=False),
]


@pytest.mark.parametrize(
    "service",
    [
        pytest.param(each, marks=[pytest.mark.slow] if number % SAMPLED else [])
        for number, each in enumerate(SERVICES)
    ],
    ids=lambda service: service.name,
)
def test_what_is_wrong_is_found_and_nothing_else(service: Service, internet: Internet) -> None:
    """Findings that fail or warn are those expected, no more, no less; so is the cause's code.

    No more calls are made than are announced, and no report has a token or a URL's secret in it.
    """
    with running(service, internet) as requests:
        report = doctor_report(service)
    shown = "\n".join(f"{f.level:5} {f.id} {f.evidence}" for f in report.findings)
    assert service.expected == problems(report), shown
    cause = first_cause(report)
    assert service.code == (cause.entra_code if cause else None), shown
    assert len(requests) <= len(report.calls) <= calls_max(ENDPOINT_CHECKS)
    assert {id_ for check in ENDPOINT_CHECKS for id_ in check.ids} - {"URL001"} <= {
        finding.id for finding in report.findings
    }
    for finding in report.findings:
        if finding.level in {Level.WARN, Level.FAIL}:
            assert finding.hint
            assert finding.expected
    for render in FORMATS:
        assert "s3cr3t" not in render(report)
        assert token() not in render(report)


def test_each_name_is_used_once() -> None:
    """A failed test names one service."""
    assert [] == [name for name, count in Counter(e.name for e in SERVICES).items() if count > 1]


def test_there_are_enough() -> None:
    """Correct ones are among them: a doctor that finds problems everywhere is useless."""
    assert len(SERVICES) >= 60
    assert sum(not service.found for service in SERVICES) >= 15


def test_each_code_is_reproduced() -> None:
    """Every code of Entra's that an endpoint or its answer can cause is that of some service."""
    assert CODES_OF_AN_ANSWER | CODES_OF_A_URL == {e.code for e in SERVICES if e.code is not None}


def test_each_finding_is_met() -> None:
    """Each warning or failure of the doctor is found at some service, or has its own test here."""
    met = {id_ for service in SERVICES for id_, _ in service.expected}
    never = {"DNS004", "HTTP005"}  # these only inform
    alone = {"TLS007", "URL001"}  # test_single_checks.py
    judged = {"NET", *BY_THE_JUDGE_ONLY}  # in the evidence of HTTP001
    elsewhere = {"TEN", "STK"}  # of a tenant and a stack: tests/tenant
    findings = {entry.id for entry in entries().values() if entry.kind is EntryKind.FINDING}
    assert findings == met | never | alone | {
        id_ for id_ in findings if id_.startswith(tuple(judged | elsewhere))
    }


FIRST_LINES = {
    "a whole chain": "Entra would accept the answers",
    "ends in three days": "Entra would accept the answers; but TLS004 The certificate's dates: "
    "expires on ",
    "refuses with 401": "The contract was not tested, because the endpoint is protected: a call "
    "without a token is refused with 401; allow a test caller",
    "hangs after the request": "HTTP001 POST at this path: no answer within 250 ms, twice (in the "
    "phase first byte) (Entra: 1003005)",
    "answers anybody": "AUT001 A call without a token: 200 with 2 claims",
    "answers anybody, badly": "CON001 A member signs in: RSP002 ",
    "text/plain": "CON001 A member signs in: RSP002 The content type is not application/json: "
    "content-type: text/plain (Entra: 1003006)",
    "ngrok, the agent is off": "HTTP003 A proxy's or platform's page: 404 from ngrok, not from the "
    "service: the tunnel is offline; ERR_NGROK_3200 (Entra: 1003002)",
}


@pytest.mark.parametrize(("name", "expected"), FIRST_LINES.items(), ids=FIRST_LINES)
def test_the_first_line_names_the_cause(name: str, expected: str, internet: Internet) -> None:
    """Or says that all is well, or that the contract was not tested."""
    with running(BY_NAME[name], internet):
        assert headline(doctor_report(BY_NAME[name])).startswith(expected)


def test_a_functions_key_is_not_shown(internet: Internet) -> None:
    """It is sent, and no report shows it."""
    service = BY_NAME["a function's key in the query"]
    assert "s3cr3t" in url_of(service)
    with running(service, internet) as requests:
        report = doctor_report(service)
    assert "/callout?code=s3cr3t&x" == requests[0].path
    assert report.url.endswith("/callout?code=…&…")


HINTS = {
    "needs mail": "Treat mail, givenName and surname as optional: local accounts do not have them.",
    "404 for each user": "Answer 200 with claims {} for an unknown user; rely on data.tenantId "
    "and user.id only.",
    "claims null for a user it does not know": 'Send "claims": {} for a user without claims.',
    "http on the port of https": "Serve https on this port: the service there does not use TLS.",
}


@pytest.mark.parametrize(("name", "expected"), HINTS.items(), ids=HINTS)
def test_the_second_line_says_what_to_do(name: str, expected: str, internet: Internet) -> None:
    """About what was odd in the callout where the service stumbled, else about the answer."""
    with running(BY_NAME[name], internet):
        assert expected == advice(doctor_report(BY_NAME[name]))


def test_a_refusal_of_a_callout_without_a_user_is_named(internet: Internet) -> None:
    """Right, and the reason why a daemon gets no token, if Entra makes callouts for it."""
    service = BY_NAME["refuses a callout without a user"]
    with running(service, internet):
        report = doctor_report(service)
    (finding,) = (each for each in report.findings if each.id == "ROB004")
    assert Level.OK is finding.level
    assert finding.evidence.startswith("400: an app-only (client credentials) token")
    assert "AADSTS1100001" in finding.evidence

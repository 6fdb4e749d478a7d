"""Each code is reported for several bad answers, and valid answers are accepted."""

import json
from typing import Any

import pytest
from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import Basis, Level
from claimsctl.judge.judge import judge

from tests.judge.answers import (
    ACTION,
    RESPONSE_DATA,
    answer_of,
    body_with_actions,
    body_with_claims,
    body_with_data,
)

GOOD = body_with_claims({"a": "b"})
PREVIEW = "microsoft.graph.provideClaimsForToken"


def _first_code(answer: Answer) -> int | None:
    failure = judge(answer).first_failure
    return None if failure is None else failure.entra_code


@pytest.mark.parametrize("status", [100, 201, 202, 204, 301, 400, 401, 404, 429, 500, 502, 503, 0])
def test_any_status_but_200_is_1003002(status: int) -> None:
    """The status is not 200, the only one that Entra accepts."""
    verdict = judge(answer_of(GOOD, status=status))
    assert [("RSP001", 1003002)] == [(f.id, f.entra_code) for f in verdict.findings]
    assert ({}, False) == (verdict.claims, verdict.accepted)


@pytest.mark.parametrize(
    "content_type",
    [
        None, "", ";", "text/plain", "text/json", "application/problem+json", "application/jsonp",
        "application/json-patch+json", "json", "application/json, text/plain", "text/plain;json",
    ],
)  # fmt: skip
def test_any_content_type_but_json_is_1003006(content_type: str | None) -> None:
    """The content type must be application/json; many tutorials omit it."""
    assert 1003006 == _first_code(answer_of(GOOD, content_type=content_type))


@pytest.mark.parametrize(
    ("header", "content_type"),
    [
        ("content-type", "application/json"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("CONTENT-TYPE", "Application/JSON"),
        ("content-type", "  application/json ;odata.metadata=minimal"),
    ],
)
def test_json_in_any_spelling_is_accepted(header: str, content_type: str) -> None:
    """The case of header names and media types, and parameters, are ignored."""
    answer = answer_of(GOOD, content_type=content_type, header=header)
    assert judge(answer).accepted


@pytest.mark.parametrize("body", [b"", b" ", b"\r\n\t", b"null", b" null\n"])
def test_no_body_is_1003009(body: bytes) -> None:
    """A body that is absent, white space or null counts as empty."""
    assert 1003009 == _first_code(answer_of(body))


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"<html>", b"{'data': 1}", GOOD + b"x", GOOD + GOOD, b"\xef\xbb\xbf" + GOOD, b"\xff",
        GOOD.decode().encode("utf-16"), b"undefined", b'{"x": NaN, ' + GOOD[1:],
        b'{"x": -Infinity, ' + GOOD[1:],
    ],
    ids=[
        "cut-off", "html", "quotes", "trailing", "two", "byte-order-mark", "not-utf8", "utf16",
        "javascript", "nan", "infinity",
    ],
)  # fmt: skip
def test_what_is_no_json_is_1003003(body: bytes) -> None:
    """A body that a strict JSON parser refuses cannot be parsed."""
    verdict = judge(answer_of(body))
    assert ["RSP004"] == [finding.id for finding in verdict.findings]
    assert 1003003 == _first_code(answer_of(body))


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b'"data"', b"7", b"true", b"{}", b'{"data": null}', body_with_data([]),
        body_with_data("x"),
        body_with_data({"@odata.type": None}), body_with_data({"@odata.type": [RESPONSE_DATA]}),
        body_with_data({"@odata.type": RESPONSE_DATA.lower()}),
        body_with_data({"@odata.type": f"#{RESPONSE_DATA}"}),
        json.dumps(json.loads(GOOD)["data"]).encode(), json.dumps({"Data": {}}).encode(),
    ],
)  # fmt: skip
def test_another_schema_is_1003003(body: bytes) -> None:
    """JSON without the outer object or its exact type does not match the schema."""
    failure = judge(answer_of(body)).first_failure
    assert failure is not None
    assert ("RSP005", 1003003) == (failure.id, failure.entra_code)


def test_missing_actions_are_reported_with_what_is_there() -> None:
    """The evidence lists the members that data has instead of actions."""
    found = judge(answer_of(body_with_data({"@odata.type": RESPONSE_DATA, "claims": {}})))
    evidence = {finding.id: finding.evidence for finding in found.findings}
    assert "no actions; only @odata.type, claims" == evidence["RSP006"]


@pytest.mark.parametrize("actions", ["absent", None, {}, "x", 1, [], [{}, {}], [None] * 3])
def test_any_number_of_actions_but_one_is_1003010(actions: Any) -> None:
    """There must be exactly one action; none, two, or anything but a list is refused."""
    data = {"@odata.type": RESPONSE_DATA} | ({} if actions == "absent" else {"actions": actions})
    assert 1003010 == _first_code(answer_of(body_with_data(data)))


@pytest.mark.parametrize(
    "action",
    [
        {}, None, "x", [], 1, {"claims": {}}, {"@odata.type": None, "claims": {}},
        {"@odata.type": "", "claims": {}}, {"@odata.type": f" {ACTION}", "claims": {}},
        {"@odata.type": [ACTION], "claims": {}}, {"@odata.type": f"#{ACTION}", "claims": {}},
        {"@odata.type": "microsoft.graph.tokenIssuanceStart.continue", "claims": {}},
    ],
)  # fmt: skip
def test_another_action_is_1003012(action: Any) -> None:
    """The action must have exactly the type that provides claims."""
    assert 1003012 == _first_code(answer_of(body_with_actions(action)))


@pytest.mark.parametrize(
    ("body", "id_", "claims"),
    [
        (body_with_claims({"a": "b"}, PREVIEW), "RSP007", {"a": "b"}),
        (body_with_claims({"a": "b"}, PREVIEW.upper()), "RSP007", {"a": "b"}),
        (body_with_claims({"a": "b"}, ACTION.upper()), "RSP007", {"a": "b"}),
        (body_with_data({"actions": [{"@odata.type": ACTION, "claims": {"a": "b"}}]}), "RSP005",
         {"a": "b"}),
        (body_with_claims({"a": "b", "c": None}), "RSP010", {"a": "b"}),
        (body_with_claims({"a": ["b", None]}), "RSP010", {"a": ["b"]}),
    ],
    ids=["older-name", "older-in-capitals", "capitals", "no-data-type", "null", "null-in-list"],
)  # fmt: skip
def test_what_the_contract_library_accepts_is_a_warning(body: bytes, id_: str, claims: Any) -> None:
    """Forms that only Microsoft's own library accepts cause a warning, not a refusal."""
    verdict = judge(answer_of(body))
    (warned,) = verdict.findings
    assert (id_, Level.WARN, Basis.MODEL) == (warned.id, warned.level, warned.basis)
    assert (True, Basis.MODEL, claims) == (verdict.accepted, verdict.basis, verdict.claims)


def test_claims_in_capitals_hide_no_other_fault() -> None:
    """All faults of an answer are shown in one run, even below a name with wrong case."""
    body = json.dumps({"Data": {"Actions": [{"OdataType": "x", "Claims": {"a": 1}}]}}).encode()
    assert ["RSP005", "RSP006", "RSP007", "RSP008", "RSP010", "RSP005"] == [
        finding.id for finding in judge(answer_of(body)).findings
    ]


@pytest.mark.parametrize(
    "action", [{"@odata.type": ACTION}, {"@odata.type": ACTION, "claims": None}]
)
def test_no_claims_bag_is_1003007(action: Any) -> None:
    """Claims that are null or absent are refused; a user without claims has an empty object."""
    assert 1003007 == _first_code(answer_of(body_with_actions(action)))


@pytest.mark.parametrize("name", ["", " ", "\t\n"])
def test_a_claim_without_a_name_is_1003026(name: str) -> None:
    """An empty or blank name is refused, regardless of the other claims."""
    verdict = judge(answer_of(body_with_claims({"good": "x", name: "x"})))
    assert [1003026] == [finding.entra_code for finding in verdict.findings]
    assert {} == verdict.claims


@pytest.mark.parametrize(
    "value", [1, 0.5, True, {}, {"a": "b"}, ["a", 1], [None, 1], [["a"]], [{}]]
)
def test_a_claim_of_another_type_is_refused(value: Any) -> None:
    """Only strings and lists of strings are accepted; the code's basis is our reading."""
    failure = judge(answer_of(body_with_claims({"name": value}))).first_failure
    assert failure is not None
    assert (1003003, Basis.CONVENTION) == (failure.entra_code, failure.basis)
    assert failure.evidence.startswith(f"name: {json.dumps(value)}")


@pytest.mark.parametrize("claims", [[], ["a"], "x", 1, True, 0.5])
def test_claims_that_are_no_object_are_refused(claims: Any) -> None:
    """Claims must be an object of names and values."""
    assert 1003003 == _first_code(answer_of(body_with_claims(claims)))


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"a": "b"},
        {"a": ""},
        {"a": []},
        {"a": ["b", ""]},
        {"é \U0001f600": "\u0000"},
        {"1": "2"},
    ],
)
def test_what_entra_takes(claims: dict[str, Any]) -> None:
    """Strings and lists of strings are accepted under any name, and so are empty claims."""
    verdict = judge(answer_of(body_with_claims(claims)))
    assert ((), claims) == (verdict.findings, verdict.claims)


def test_unknown_fields_are_let_pass() -> None:
    """Members that are not part of the contract are ignored."""
    document = json.loads(GOOD) | {"x": 1}
    document["data"]["actions"][0]["x"] = document["data"]["x"] = [None]
    assert judge(answer_of(json.dumps(document, indent=2).encode())).accepted


def test_evidence_is_short() -> None:
    """The endpoint's text is cut, so that a finding stays on one line."""
    failure = judge(answer_of(b"[" + b"1," * 1000 + b"1]")).first_failure
    assert failure is not None
    assert (81, "…") == (len(failure.evidence), failure.evidence[-1])

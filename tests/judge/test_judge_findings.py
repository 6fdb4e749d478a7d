"""The findings for every kind of bad answer: their order, titles and positions."""

import json
from dataclasses import dataclass

import pytest
from claimsctl.judge.attempt import Answer
from claimsctl.judge.body import BODY_BYTES_MAX
from claimsctl.judge.finding import Basis, Level, Place
from claimsctl.judge.judge import judge

from tests.judge.answers import ACTION, RESPONSE_DATA, answer_of, body_with_claims

GOOD = body_with_claims({"a": "b"})
OLD_ANSWER = {
    "type": "onTokenIssuanceStartCustomExtension",
    "apiSchemaVersion": "10-01-2021-preview",
    "actions": [{"type": "ProvideClaimsForToken", "claims": [{"id": "a", "value": "b"}]}],
}


def _text(data_type: str = RESPONSE_DATA, action_type: str = ACTION, claims: str = "{}") -> bytes:
    """An answer over several lines, so that positions are meaningful."""
    return f"""{{
  "data": {{
    "@odata.type": "{data_type}",
    "actions": [
      {{ "@odata.type": "{action_type}",
        "claims": {claims} }}
    ]
  }}
}}
""".encode()


@dataclass(frozen=True, slots=True)
class Case:
    """A body, its findings, and words of the first finding's title and its position."""

    body: bytes
    found: list[tuple[str, int]]
    title: str = ""
    place: Place | None = None


TYPE = "/data/actions/0/@odata.type"
CLAIMS = "/data/actions/0/claims"
CASES = {
    "byte order mark": Case(
        b"\xef\xbb\xbf" + GOOD, [("RSP004", 1003003)], "byte order mark", Place(1, 1)
    ),
    "byte order mark, and more": Case(
        b"\xef\xbb\xbf" + _text(action_type="x"), [("RSP004", 1003003), ("RSP007", 1003012)]
    ),
    "utf-16": Case(GOOD.decode().encode("utf-16"), [("RSP004", 1003003)], "not UTF-8"),
    "utf-16 without a mark": Case(
        GOOD.decode().encode("utf-16-le"), [("RSP004", 1003003)], "not UTF-8"
    ),
    "latin-1": Case(
        _text(claims='{"é": "x"}').decode().encode("latin-1"),
        [("RSP004", 1003003)],
        "not UTF-8",
        Place(6, 21),
    ),
    "gzip": Case(b"\x1f\x8b\x08\x00", [("RSP004", 1003003)], "compressed"),
    "page": Case(b"\n<!doctype html>", [("RSP004", 1003003)], "page or XML", Place(2, 1)),
    "cut off": Case(
        b'{"data":\n {"actions": [',
        [("RSP004", 1003003)],
        "truncated",
        Place(2, 15, "/data/actions"),
    ),
    "cut off in a string": Case(b'{"data": "mic', [("RSP004", 1003003)], "not JSON", Place(1, 10)),
    "python": Case(b"{'data': {}}", [("RSP004", 1003003)], "Python", Place(1, 2)),
    "python's None": Case(b'{"data": None}', [("RSP004", 1003003)], "Python", Place(1, 10)),
    "NaN": Case(b'{"data": [NaN]}', [("RSP004", 1003003)], "not JSON", Place(1, 11, "/data")),
    "two answers": Case(GOOD + b"\n" + GOOD, [("RSP004", 1003003)], "not JSON", Place(2, 1)),
    "null": Case(b"null", [("RSP003", 1003009)], "null", Place(1, 1)),
    "empty": Case(b"", [("RSP003", 1003009)], "empty"),
    "no data": Case(b"{}", [("RSP005", 1003003)], "does not match the schema", Place(1, 1)),
    "Data": Case(
        b'{"Data": {}}',
        [("RSP005", 1003003), ("RSP006", 1003010), ("RSP005", 1003003)],
        "differs from data in case",
    ),
    "data a list": Case(
        b'{"data": []}', [("RSP005", 1003003)], "not an object", Place(1, 10, "/data")
    ),
    "one level too deep": Case(
        json.dumps(json.loads(GOOD)["data"]).encode(), [("RSP005", 1003003)], "data is missing"
    ),
    "preview of 2021": Case(
        json.dumps(OLD_ANSWER).encode(),
        [("RSP005", 1003003), ("RSP014", 1003008)],
        "2021 preview",
    ),
    "callout's type": Case(
        _text(data_type="microsoft.graph.onTokenIssuanceStartCalloutData"),
        [("RSP005", 1003003)],
        "callout's type",
        Place(3, 20, "/data/@odata.type"),
    ),
    "another event's data": Case(
        _text(data_type="microsoft.graph.onAttributeCollectionSubmitResponseData"),
        [("RSP005", 1003003)],
        "another event: attributeCollectionSubmit",
    ),
    "data without type": Case(
        b'{"data": {"actions": []}}',
        [("RSP006", 1003010), ("RSP005", 1003003)],
        "exactly one action",
        Place(1, 22, "/data/actions"),
    ),
    "capitals": Case(
        _text(RESPONSE_DATA.upper(), ACTION.upper()),
        [("RSP005", 1003003), ("RSP007", 1003012)],  # the second only warns
        "in case",
    ),
    "hash": Case(_text("#" + RESPONSE_DATA), [("RSP005", 1003003)], "begins with #"),
    "blanks": Case(_text(RESPONSE_DATA + " "), [("RSP005", 1003003)], "white space around it"),
    "lambda error": Case(
        b'{"errorMessage": "x", "errorType": "KeyError"}',
        [("RSP005", 1003003)],
        "a Lambda function's error, sent with status 200",
    ),
    "problem report": Case(
        b'{"type": "about:blank", "title": "x", "status": 400}',
        [("RSP005", 1003003)],
        "a problem report",
    ),
    "lambda proxy answer": Case(
        json.dumps({"statusCode": 200, "body": GOOD.decode()}).encode(),
        [("RSP012", 1003003)],
        "wrapped in another object or string",
        Place(1, 29, "/body"),
    ),
    "JSON made twice": Case(
        json.dumps(GOOD.decode()).encode(), [("RSP012", 1003003)], place=Place(1, 1)
    ),
    "JSON made thrice": Case(
        json.dumps(json.dumps(GOOD.decode())).encode(), [("RSP012", 1003003)] * 2
    ),
    "data made JSON twice": Case(
        json.dumps({"data": json.dumps(json.loads(GOOD)["data"])}).encode(),
        [("RSP012", 1003003)],
        place=Place(1, 10, "/data"),
    ),
    "data in data": Case(b'{"data": ' + GOOD + b"}", [("RSP012", 1003003)]),
    "in a list": Case(b"[" + GOOD + b"]", [("RSP012", 1003003)], place=Place(1, 2, "/0")),
    "in a result object": Case(
        b'{"value": ' + GOOD + b', "statusCode": 200}', [("RSP012", 1003003)]
    ),
    "two actions": Case(
        f'{{"data": {{"@odata.type": "{RESPONSE_DATA}", "actions": [1, {{}}]}}}}'.encode(),
        [("RSP006", 1003010), ("RSP007", 1003012), ("RSP007", 1003012), ("RSP008", 1003007)],
        "exactly one",
    ),
    "hash before the action": Case(
        _text(action_type=f"#{ACTION}"), [("RSP007", 1003012)], "begins with #", Place(5, 24, TYPE)
    ),
    "action of 2021": Case(
        _text().replace(f'"@odata.type": "{ACTION}"'.encode(), b'"type": "ProvideClaimsForToken"'),
        [("RSP007", 1003012)],
        "2021 preview",
        Place(5, 7, "/data/actions/0"),
    ),
    "another event's action": Case(
        _text(action_type="microsoft.graph.attributeCollectionStart.setPrefillValues"),
        [("RSP007", 1003012)],
        "another event: attributeCollectionStart",
    ),
    "type of another level": Case(
        _text(action_type=RESPONSE_DATA), [("RSP007", 1003012)], "type of another level"
    ),
    "claims null": Case(
        _text(claims="null"), [("RSP008", 1003007)], "are null", Place(6, 19, CLAIMS)
    ),
    "claims absent": Case(
        _text().replace(b"claims", b"Claims"),
        [("RSP008", 1003007)],
        "Claims differs from claims in case",
        Place(6, 9, "/data/actions/0/Claims"),
    ),
    "claims a list": Case(
        _text(claims="[1]"), [("RSP010", 1003003)], "are a list", Place(6, 19, CLAIMS)
    ),
    "empty key": Case(
        _text(claims='{"a": "", "": "x"}'),
        [("RSP009", 1003026)],
        place=Place(6, 29, f"{CLAIMS}/"),
    ),
    "number": Case(
        _text(claims='{"a/b": 1}'), [("RSP010", 1003003)], place=Place(6, 27, f"{CLAIMS}/a~1b")
    ),
    "a number in a list": Case(
        _text(claims='{"a": ["b",\n1]}'),
        [("RSP010", 1003003)],
        place=Place(7, 1, f"{CLAIMS}/a/1"),
    ),
    "too large": Case(
        _text(claims='{"a": "b", "big": "' + "x" * 3100 + '"}'),
        [("RSP011", 1003025)],
        place=Place(6, 30, f"{CLAIMS}/big"),
    ),
    "apiSchemaVersion": Case(
        b'{"apiSchemaVersion": "1", ' + GOOD[1:],
        [("RSP014", 1003008)],
        place=Place(1, 2, "/apiSchemaVersion"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_bad_body_is_told_by_name_and_place(case: Case) -> None:
    """Ids and codes in order; the first finding's title, line, column and JSON Pointer."""
    verdict = judge(answer_of(case.body))
    assert case.found == [(finding.id, finding.entra_code) for finding in verdict.findings]
    first = verdict.findings[0]
    assert case.title in first.title
    assert case.place in (None, first.place)
    assert (False, {}) == (verdict.accepted, verdict.claims)


WARNED = {
    "key twice": (b'{"a": 1, "a": 2, ' + GOOD[1:], "RSP013", Place(1, 10, "/a")),
    "claim twice": (
        _text(claims='{"a": "x", "a": "b"}'),
        "RSP013",
        Place(6, 30, f"{CLAIMS}/a"),
    ),
    "large": (GOOD + b" " * 65_536, "RSP015", None),
    "deep": (
        b'{"x": ' + b"[" * 64 + b"]" * 64 + b", " + GOOD[1:],
        "RSP017",
        Place(1, 70, "/x" + "/0" * 63),
    ),
    "half a character": (
        _text(claims=r'{"a": "b\ud83d"}'), "RSP019", Place(6, 25, f"{CLAIMS}/a")
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "id_", "place"), WARNED.values(), ids=list(WARNED))
def test_what_nobody_documents_is_a_warning(body: bytes, id_: str, place: Place | None) -> None:
    """The answer is accepted, but the verdict's basis is our reading."""
    verdict = judge(answer_of(body))
    (finding,) = verdict.findings
    assert (id_, Level.WARN, place) == (finding.id, finding.level, finding.place)
    assert (True, Basis.CONVENTION) == (verdict.accepted, verdict.basis)
    assert ["a"] == list(verdict.claims)


def test_depth_and_size_that_are_usual_are_no_matter() -> None:
    """64 levels and 64 KiB pass without a finding."""
    deep = b'{"x": ' + b"[" * 63 + b"]" * 63 + b", " + GOOD[1:]
    assert () == judge(answer_of(deep + b" " * (65_536 - len(deep)))).findings


def test_the_last_of_a_key_given_twice_is_judged() -> None:
    """The last of duplicate keys counts in verdict, claims and size, as in most parsers."""
    body = _text(claims='{"a": 1, "a": "xy"}')
    verdict = judge(answer_of(body))
    assert ({"a": "xy"}, 3, True) == (verdict.claims, verdict.claims_bytes, verdict.accepted)


def test_a_success_that_is_not_200_is_judged_further() -> None:
    """A 2xx body is judged too, so that one run shows all faults; an error's body is not."""
    body = _text(action_type="x")
    assert ["RSP001", "RSP002", "RSP007"] == [
        finding.id for finding in judge(answer_of(body, status=201, content_type=None)).findings
    ]
    assert 1 == len(judge(answer_of(body, status=500, content_type=None)).findings)


def test_warnings_come_after_failures() -> None:
    """The failure that Entra would report comes first."""
    answer = answer_of(
        _text(claims='{"x": "1", "x": 2}'), content_type="application/json; charset=latin1"
    )
    assert ["RSP010", "RSP018", "RSP013"] == [finding.id for finding in judge(answer).findings]


def test_the_basis_is_that_of_the_first_failure() -> None:
    """Later findings do not change the verdict's basis."""
    by_doc = judge(answer_of(_text(action_type="x", claims='{"a": 1}')))
    by_us = judge(answer_of(_text(claims=f'{{"a": 1, "b": "{"x" * 3072}"}}')))
    assert (Basis.DOC, Basis.CONVENTION) == (by_doc.basis, by_us.basis)


def test_a_good_answer_with_more_beside_it_is_not_wrapped() -> None:
    """In a correct answer, members that look like a wrapper are unknown fields."""
    document = json.loads(GOOD)
    document |= {"statusCode": 200, "body": "x", "value": document.copy()}
    document["data"]["data"] = {"actions": []}
    assert () == judge(answer_of(json.dumps(document).encode())).findings


@pytest.mark.parametrize(
    "claims",
    [
        "{" + ",".join(f'"n{i}": {i}' for i in range(5000)) + "}",
        '{"x": [' + ",".join('{"": 1, "": 1}' for _ in range(5000)) + "]}",
        "{" + ",".join(f'"{" " * i}": ""' for i in range(500)) + "}",
        "{" + ",".join(rf'"n{i}": "\udc00"' for i in range(500)) + "}",
    ],
    ids=["numbers", "keys twice", "no names", "halves"],
)
def test_findings_of_a_kind_are_bounded(claims: str) -> None:
    """For a body with thousands of faults of a kind, a hundred findings are kept."""
    ids = [finding.id for finding in judge(answer_of(_text(claims=claims))).findings]
    assert 100 == max(ids.count(id_) for id_ in ids)


def test_deep_and_twice_at_once_stays_small() -> None:
    """Duplicate keys below the usual depth are not reported, because pointers would be too long."""
    depth = 500
    body = b'{"a": 1, "a": ' * depth + b"1" + b"}" * depth
    verdict = judge(answer_of(body))
    assert (64, 1) == tuple(
        [finding.id for finding in verdict.findings].count(id_) for id_ in ("RSP013", "RSP017")
    )


def test_too_deep_and_too_large_are_failures() -> None:
    """A body that is not read completely is not accepted, and the finding says why."""
    deep = b'{"x": ' + b"[" * 600 + b"]" * 600 + b", " + GOOD[1:]
    large = GOOD + b" " * BODY_BYTES_MAX
    for body, id_, code, evidence in (
        (deep, "RSP017", 1003003, "more than 512 levels; the rest was not read"),
        (large, "RSP015", 1003024, "more than 131072 bytes; not read"),
    ):
        verdict = judge(answer_of(body))
        (found,) = verdict.findings
        assert (id_, Level.FAIL, code, evidence) == (
            found.id, found.level, verdict.entra_code, found.evidence,
        )  # fmt: skip
        assert (False, {}) == (verdict.accepted, verdict.claims)
    assert judge(answer_of(GOOD + b" " * (BODY_BYTES_MAX - len(GOOD)))).accepted


UNREAD = [
    answer_of(GOOD, content_type=None),
    answer_of(GOOD, status=500),
    Answer(200, (("content-type", "application/json"),), GOOD, 9999),
]
"""No type, no 200, too late."""


def test_every_finding_says_what_to_do() -> None:
    """Evidence, expectation, hint, code and link are never empty."""
    answers = [answer_of(case.body) for case in CASES.values()]
    answers += [answer_of(body) for body, _, _ in WARNED.values()]
    answers += UNREAD
    for answer in answers:
        for finding in judge(answer, 1000).findings:
            shown = finding.document()
            assert [] == [name for name, value in shown.items() if not value and name != "place"]
            assert finding.doc.startswith("https://")


def test_every_code_that_an_answer_can_cause_is_reached() -> None:
    """All but 1003024, whose limit nobody documents: a warning, but for what is not read at all."""
    failures = {code for case in CASES.values() for _, code in case.found} | {
        judge(answer, 1000).entra_code for answer in UNREAD
    }
    assert {
        1003002, 1003003, 1003005, 1003006, 1003007, 1003008, 1003009, 1003010, 1003012, 1003025,
        1003026,
    } == failures  # fmt: skip

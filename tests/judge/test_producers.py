"""The effects of serializers on an answer are recognised, with advice for the producer."""

import json
from base64 import b64encode
from typing import Any

import pytest
from claimsctl.judge.finding import Finding
from claimsctl.judge.judge import judge
from claimsctl.judge.saved_answer import read_saved_answer

from tests.judge.answers import ACTION, RESPONSE_DATA, answer_of, body_with_claims

CLAIMS = {"tier": "gold"}
GOOD = body_with_claims(CLAIMS)


def _judged(document: Any) -> list[Finding]:
    return list(judge(answer_of(json.dumps(document).encode())).findings)


def _with_type_called(name: str) -> dict[str, Any]:
    action = {name: ACTION, "claims": CLAIMS}
    return {"data": {name: RESPONSE_DATA, "actions": [action]}}


def _base64(text: bytes) -> str:
    return b64encode(text).decode()


@pytest.mark.parametrize(
    ("document", "id_", "title", "hint"),
    [
        (_with_type_called("odatatype"), "RSP007", "named odatatype", "JsonPropertyName"),
        (_with_type_called("OdataType"), "RSP007", "named OdataType", "JsonPropertyName"),
        (_with_type_called("odata_type"), "RSP007", "named odata_type", "JsonPropertyName"),
        (_with_type_called("@@odata.type"), "RSP007", "named @@odata.type", "with one @"),
        ({"data": {"@odata.type": RESPONSE_DATA, "actions": {"@odata.type": ACTION, "claims": {}}}},
         "RSP006", "an object, not a list of one", "PowerShell unrolls"),
        ({"data": {"@odata.type": RESPONSE_DATA, "actions": "System.Object[]"}},
         "RSP006", "System.Object[] is the name of a .NET type", "-Depth 10"),
        ({"data": {"@odata.type": RESPONSE_DATA, "actions": ["System.Collections.Hashtable"]}},
         "RSP007", "System.Collections.Hashtable is the name", "-Depth 10"),
        ({"data": "System.Collections.Hashtable"}, "RSP005", "is the name of", "-Depth 10"),
        ({"data": "@{actions=System.Object[]}"}, "RSP005", "is the name of", "-Depth 10"),
        ({"Data": json.loads(GOOD)["data"]}, "RSP005", "Data differs", "CamelCase"),
        (_base64(GOOD), "RSP012", "wrapped in another object or string", "not as encoded bytes"),
        ({"$content-type": "application/json", "$content": _base64(GOOD)}, "RSP012",
         "wrapped in another object or string", "base64ToString"),
        ({"status": 200, "headers": {}, "body": GOOD.decode()}, "RSP012",
         "wrapped in another object or string", "Return statusCode"),
    ],
)  # fmt: skip
def test_a_serializers_work_is_recognised(document: Any, id_: str, title: str, hint: str) -> None:
    """The first failure names the producer's fault and what to change."""
    first = _judged(document)[0]
    assert id_ == first.id
    assert title in first.title
    assert hint in first.hint


def test_all_faults_inside_of_a_wrapper_show_at_once() -> None:
    """The inner answer's faults are shown too."""
    inner = json.dumps(_with_type_called("odatatype")).encode()
    findings = _judged({"$content": _base64(inner)})
    assert ["RSP012", "RSP007", "RSP005"] == [finding.id for finding in findings]
    assert all(finding.evidence.startswith("inside: ") for finding in findings[1:])


def test_what_is_there_already_is_not_advised() -> None:
    """If the type is correct but its name is wrong, the advice is about the name."""
    for name in ("odatatype", "@@odata.type"):
        for finding in _judged(_with_type_called(name)):
            assert not finding.hint.startswith("Send microsoft.graph")


@pytest.mark.parametrize("text", ["System", "System.Reader", "@home", "aGVsbG8=", "microsoft"])
def test_a_claim_that_looks_like_a_type_is_a_claim(text: str) -> None:
    """A value that only begins like a type name or base64 is not reported."""
    document = json.loads(GOOD)
    document["data"]["actions"][0]["claims"] = {"a": text}
    assert [] == _judged(document)


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_trailer_is_no_body() -> None:
    """The trailer of a chunked answer, which `curl -i` prints after the body, is removed."""
    saved = read_saved_answer(CHUNKED + GOOD + b"x-checksum: abc\r\nServer-Timing: a\r\n\r\n")
    assert saved.answer.body == GOOD
    assert judge(saved.answer).accepted
    whole = read_saved_answer(CHUNKED.replace(b"chunked", b"gzip") + GOOD + b"x: abc\r\n")
    assert ["RSP004"] == [finding.id for finding in judge(whole.answer).findings]


@pytest.mark.parametrize(
    ("length", "extra", "found"),
    [(len(GOOD), b"", []), (len(GOOD) + 1, b"", ["RSP020"]), (len(GOOD), b"\n", []),
     (len(GOOD) + 9, b"\r\ncontent-encoding: gzip", [])],
)  # fmt: skip
def test_a_body_shorter_than_its_length_is_a_warning(
    length: int, extra: bytes, found: list[str]
) -> None:
    """A short body is a warning; the length of a compressed body is not compared."""
    is_header = b":" in extra
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d" % length
    raw = head + extra * is_header + b"\r\n\r\n" + GOOD + extra * (not is_header)
    verdict = judge(read_saved_answer(raw).answer)
    assert found == [finding.id for finding in verdict.findings]
    assert verdict.accepted

"""Exchange files: what is written can be read again, and every error is named."""

import json
from typing import Any

import pytest
from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Answer, Cause, NoAnswer, Phase
from claimsctl.judge.exchange import (
    Exchange,
    Request,
    Response,
    Timings,
    exchange_in,
    unanswered_document,
)
from claimsctl.judge.saved_answer import read_saved_answer

JSON = ("content-type", "application/json")


@pytest.mark.parametrize("body", [b'{"a": 1}', b"", b"\xff\x00", "é".encode(), b"x" * 100])
def test_an_exchange_comes_back_as_it_went(body: bytes) -> None:
    """An exported exchange is read as the same exchange, for any body bytes."""
    exchange = Exchange(
        request=Request(url="https://x.example/", headers=(("a", "1"), ("a", "2")), content=body),
        response=Response(status=200, headers=(JSON,), content=body),
        timings=Timings(dns_ms=1, total_ms=12.5),
    )
    raw = json.dumps(exchange.document()).encode()
    assert exchange == exchange_in(json.loads(raw))
    assert Answer(200, (JSON,), body, 12.5) == read_saved_answer(raw).answer


def test_a_file_without_a_version_is_of_version_1() -> None:
    """Files written by hand have none."""
    assert Exchange(Response(200)) == exchange_in({"response": {"status": 200}})
    assert 1 == Exchange(Response(200)).document()["version"]


@pytest.mark.parametrize("version", [0, 2, "1", [1]])
def test_another_version_is_refused(version: Any) -> None:
    """A later format may use the same names with another meaning."""
    with pytest.raises(
        OperatorError, match=r"the exchange has version .*, but this claimsctl reads ver"
    ):
        exchange_in({"version": version, "response": {"status": 200}})


def test_times_are_those_of_the_phases() -> None:
    """Each phase that was measured has its field; the others have none."""
    timings = Timings.of(dict.fromkeys(Phase, 1.26), 7.5599, digits=1)
    names = ("dns_ms", "connect_ms", "tls_ms", "send_ms", "first_byte_ms", "body_ms")
    assert {**dict.fromkeys(names, 1.3), "total_ms": 7.6} == timings.document()
    assert {"total_ms": 2} == Timings.of({}, 2, digits=1).document()


def test_a_request_without_an_answer_says_why() -> None:
    """The reason replaces the response."""
    no_answer = NoAnswer(Cause.TLS, Phase.TLS, "bad certificate")
    document = unanswered_document(Request(url="https://x.example/"), no_answer, Timings())
    expected = {"cause": "tls", "phase": "tls", "detail": "bad certificate"}
    assert expected == document["no_answer"]
    assert "response" not in document


ANSWERED = {"status": 200}
STATUS = "response.status: expected a whole number from 0 to 999, found"
PAIRS = 'expected a list of ["name", "value"], or an object, found'


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        ([], ["the document: expected an object, found a list",
              "response: expected an object, found nothing", f"{STATUS} nothing"]),
        ({"response": {"status": "200"}}, [f'{STATUS} "200"']),
        ({"response": {"status": 1000}}, [f"{STATUS} 1000"]),
        ({"response": {"status": True}}, [f"{STATUS} true"]),
        ({"response": {}, "request": {}}, [f"{STATUS} nothing"]),
        ({"response": ANSWERED | {"headers": 1}}, [f"response.headers: {PAIRS} 1"]),
        ({"response": ANSWERED | {"headers": [["a", "b"], ["a"]]}},
         ['response.headers.1: expected ["name", "value"], found a list']),
        ({"response": ANSWERED | {"headers": {"a": 1}}},
         ["response.headers.a: expected a string, found 1"]),
        ({"response": ANSWERED | {"body": {}}},
         ["response.body: expected a string, found an object"]),
        ({"response": ANSWERED | {"body": "", "body_base64": ""}},
         ["response: expected either body or body_base64, found both"]),
        ({"response": ANSWERED | {"body_base64": "?"}},
         ['response.body_base64: expected base64, found "?"']),
        ({"response": ANSWERED | {"body_base64": 7}},
         ["response.body_base64: expected base64, found 7"]),
        ({"response": ANSWERED, "request": {"method": 1, "url": None}},
         ["request.method: expected a string, found 1",
          "request.url: expected a string, found nothing"]),
        ({"response": ANSWERED, "timings": {"total_ms": -1, "dns_ms": 10**400}},
         ["timings.dns_ms: expected milliseconds, a number of at least 0, found 1" + "0" * 79,
          "timings.total_ms: expected milliseconds, a number of at least 0, found -1"]),
    ],
)  # fmt: skip
def test_each_wrong_field_is_named(document: Any, lines: list[str]) -> None:
    """Every wrong field has a line with its path, what was expected and what was found."""
    with pytest.raises(OperatorError, match="not an exchange that claimsctl exported") as raised:
        exchange_in(document)
    assert lines == list(raised.value.lines)

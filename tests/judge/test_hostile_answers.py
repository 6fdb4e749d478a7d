"""Answers that try to overload the judge: the work is proportional to the bytes, with a limit."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from claimsctl.errors import OperatorError
from claimsctl.judge.exchange import exchange_in
from claimsctl.judge.judge import judge
from claimsctl.judge.saved_answer import read_saved_answer

from tests.judge.answers import ACTION, RESPONSE_DATA, answer_of


def _with_claims(claims: str) -> bytes:
    action = f'{{"@odata.type": "{ACTION}", "claims": {claims}}}'
    return f'{{"data": {{"@odata.type": "{RESPONSE_DATA}", "actions": [{action}]}}}}'.encode()


def _steps(body: bytes) -> int:
    """How many functions are called to judge `body`."""
    calls = [0]

    def count(_: FrameType, event: str, __: object) -> None:
        calls[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        judge(answer_of(body))
    finally:
        sys.setprofile(None)
    return calls[0]


HOSTILE = {
    "brackets": lambda size: b"[" * size,
    "braces": lambda size: b'{"a":' * (size // 5),
    "one key": lambda size: _with_claims("{" + ",".join(['"a":1'] * (size // 6)) + "}"),
    "one key outside": lambda size: b'{"a":1' + b',"a":1' * (size // 6) + b"}",
    "strings": lambda size: b'{"a":"{}"' + b',"a":"{}"' * (size // 9) + b"}",
    "newlines": lambda size: b"{" + b"\n" * size,
    "actions": lambda size: b'{"data":{"actions":[{}' + b",{}" * (size // 3) + b"]}}",
}


@pytest.mark.parametrize("body_of", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_body_costs_what_its_size_does(body_of: Callable[[int], bytes]) -> None:
    """Twice the bytes cause at most twice the work; four megabytes are not read."""
    small, large = (_steps(body_of(size)) for size in (20_000, 40_000))
    assert large <= 2.1 * small + 100
    assert _steps(body_of(4 * 1024 * 1024)) < 200


def test_findings_are_small_whatever_is_in_them() -> None:
    """Long names, values and positions do not make a report larger than the body."""
    name = "n" * 100_000
    for claims in (f'{{"{name}": {"1" * 20_000}}}', f'{{"{name}": [["x"]]}}', f'{{"{name}": "'):
        body = _with_claims(claims)
        for found in judge(answer_of(body)).findings:
            assert len(str(found.document())) < 3000


def test_heads_are_counted() -> None:
    """A file of response heads only is refused after the first twenty."""
    head = b"HTTP/1.1 100 Continue\r\n\r\n"
    good = b"HTTP/1.1 200 OK\r\n\r\n{}"
    assert b"{}" == read_saved_answer(head * 19 + good).answer.body
    for count in (20, 200_000):
        with pytest.raises(OperatorError, match="more than 20 response heads before it"):
            read_saved_answer(head * count + good)


def test_a_malformed_head_is_quoted_in_part() -> None:
    """The error fits on a line."""
    for raw in (b"HTTP/1.1 200 OK\r\n" + b"x" * 100_000, b"HTTP/" + b"x" * 100_000):
        with pytest.raises(OperatorError) as raised:
            read_saved_answer(raw)
        assert len(str(raised.value)) < 200


def test_wrong_fields_are_counted() -> None:
    """For an exchange with a hundred thousand wrong headers, the first twenty are named."""
    document = {"response": {"status": 200, "headers": [1] * 100_000}}
    with pytest.raises(OperatorError) as raised:
        exchange_in(document)
    assert (21, "and 99980 more") == (len(raised.value.lines), raised.value.lines[-1])

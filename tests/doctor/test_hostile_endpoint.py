"""A hostile endpoint: each of its calls costs no more than a normal one."""

import re._constants as regex  # type: ignore[import-not-found]  # not in typeshed
import re._parser as parser  # type: ignore[import-not-found]  # not in typeshed
from typing import Any

import pytest
from claimsctl.doctor.checks import ENDPOINT_CHECKS
from claimsctl.doctor.checks.disclosure import _TRACES
from claimsctl.doctor.runner import calls_max, finding, run_checks
from claimsctl.doctor.target import Expectations, Target
from claimsctl.entra.http_backend import _Stream
from claimsctl.judge import platforms
from claimsctl.judge.finding import Level

from tests.endpoints import Reply, endpoint

LARGE = 4 * 1024 * 1024
READ_MAX = 128 * 1024 + 3 * 16 * 1024
"""Of one answer: the largest body that is judged, and what one read more may bring."""


@pytest.mark.parametrize("body", [b"[" * LARGE, b'{"a":1' + b',"a":1' * (LARGE // 6) + b"}"])
def test_a_run_reads_so_much_a_call(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run makes no more calls than announced, and reads a limited part of each answer."""
    received = [0]
    read = _Stream.read

    def counted(stream: _Stream, max_bytes: int, timeout: float | None = None) -> bytes:
        content = read(stream, max_bytes, timeout)
        received[0] += len(content)
        return content

    monkeypatch.setattr(_Stream, "read", counted)
    with endpoint(lambda _: Reply(body=body)) as served:
        report = run_checks(Target(served.url, Expectations(wait_ms=2000)), ENDPOINT_CHECKS)
    assert 0 < len(report.calls) <= calls_max(ENDPOINT_CHECKS)
    assert received[0] <= len(report.calls) * READ_MAX
    assert Level.FAIL is report.worst()


def test_evidence_has_an_end() -> None:
    """A certificate name or header of a hundred kilobytes is cut."""
    assert 2401 == len(finding("TLS005", Level.FAIL, "x" * 100_000).evidence)


def _alternatives(pattern: str) -> list[Any]:
    """The alternatives of a pattern, each a list of operations."""
    tree = list(parser.parse(pattern))
    (operation, argument), *_ = tree
    return [list(each) for each in argument[1]] if operation is regex.BRANCH else [tree]


@pytest.mark.parametrize(
    "pattern",
    [_TRACES.pattern, *(each.body.pattern for each in platforms.platforms() if each.body)],
)
def test_no_pattern_begins_with_a_repetition(pattern: str) -> None:
    """It would be tried from each character on, as far as it goes: the square of a body's size.

    From the beginning of the text, or of a line and not beyond it, it is tried once.
    """
    for first, *others in _alternatives(pattern):
        if first[0] is not regex.AT or first[1] is regex.AT_BOUNDARY:
            operation, argument = first if first[0] is not regex.AT else others[0]
            repeats = operation in (regex.MAX_REPEAT, regex.MIN_REPEAT)
            assert not (repeats and argument[1] is regex.MAXREPEAT), pattern
    assert pattern != _TRACES.pattern or r"^\s" not in pattern

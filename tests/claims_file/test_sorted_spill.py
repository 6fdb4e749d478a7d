"""Lines sorted on disk."""

from collections.abc import Callable

import pytest
from claimsctl.claims_file.sorted_spill import SortedSpill
from claimsctl.errors import OperatorError
from hypothesis import given, settings
from hypothesis import strategies as st

lines = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n")))


@settings(deadline=None)
@given(lines, st.integers(1, 2000))
def test_all_lines_come_out_in_order(given_lines: list[str], run_bytes: int) -> None:
    """However small the runs and the blocks are, lines come out as `sorted` has them, each time."""
    with pytest.MonkeyPatch.context() as patch, SortedSpill() as spill:
        patch.setattr("claimsctl.claims_file.sorted_spill._RUN_BYTES_MAX", run_bytes)
        patch.setattr("claimsctl.claims_file.sorted_spill._READ_BYTES", 7)
        for line in given_lines:
            spill.add(line)
        assert (len(given_lines), sorted(given_lines)) == (spill.count, list(spill.lines()))
        assert sorted(given_lines) == list(spill.lines())


@pytest.mark.parametrize("act", [lambda spill: spill.end(), lambda spill: list(spill.lines())])
def test_a_full_disk_is_told(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[SortedSpill], object]
) -> None:
    """By the folder that is full and the way out, before anything is done with the lines."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with SortedSpill() as spill:
        spill.add("x")
        monkeypatch.setattr(spill._file, "writelines", fail)
        with pytest.raises(OperatorError, match="No space left on device; set TMPDIR to a folder"):
            act(spill)


def test_no_place_at_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any writable folder for temporary files."""

    def fail(*_: object) -> None:
        raise OSError(2, "No usable temporary directory")

    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    with pytest.raises(OperatorError, match=r"rows cannot be set aside in .*No usable temporary"):
        SortedSpill()

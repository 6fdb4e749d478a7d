"""Lines sorted on disk."""

import pytest
from claimsctl.dataset.sorted_spill import SortedSpill
from hypothesis import given, settings
from hypothesis import strategies as st

lines = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n")))


@settings(deadline=None)
@given(lines, st.integers(1, 2000))
def test_all_lines_come_out_in_order(given_lines: list[str], run_bytes: int) -> None:
    """However small the runs and the blocks are, lines come out as `sorted` has them, each time."""
    with pytest.MonkeyPatch.context() as patch, SortedSpill() as spill:
        patch.setattr("claimsctl.dataset.sorted_spill._RUN_BYTES_MAX", run_bytes)
        patch.setattr("claimsctl.dataset.sorted_spill._READ_BYTES", 7)
        for line in given_lines:
            spill.add(line)
        assert (len(given_lines), sorted(given_lines)) == (spill.count, list(spill.lines()))
        assert sorted(given_lines) == list(spill.lines())

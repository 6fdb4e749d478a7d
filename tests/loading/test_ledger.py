"""Batches finish in any order and are settled in the file's."""

from claimsctl.loading.journal import Ledger
from claimsctl.loading.outcome import Outcome, Tally
from hypothesis import given
from hypothesis import strategies as st


def _outcome(rows: int) -> Outcome:
    return Outcome(Tally(written=rows))


@given(st.permutations(range(6)))
def test_no_row_is_settled_before_those_above_it(order: list[int]) -> None:
    """Whatever the order in which batches finish, what is settled is a beginning of the file."""
    ledger = Ledger(10, Tally(skipped=3))
    batches = [ledger.begin(10 + 2 * (n + 1), 2) for n in range(6)]
    finished: set[int] = set()
    for number in order:
        batches[number].outcome = _outcome(2)
        finished.add(number)
        ledger.settle()
        first_open = next((n for n in range(6) if n not in finished), 6)
        assert 10 + 2 * first_open == ledger.rows_done
        assert Tally(written=2 * first_open, skipped=3) == ledger.tally
        assert Tally(written=2 * len(finished), skipped=3) == ledger.finished()
    assert 0 == len(ledger)


def test_outcomes_come_in_the_files_order() -> None:
    """So that the rejects file is in the order of the file, and can be cut at a checkpoint."""
    ledger = Ledger(0, Tally())
    batches = [ledger.begin(n + 1, 1) for n in range(3)]
    outcomes = [_outcome(n) for n in range(3)]
    for n in (2, 1):
        batches[n].outcome = outcomes[n]
        assert [] == ledger.settle()
    batches[0].outcome = outcomes[0]
    assert outcomes == ledger.settle()

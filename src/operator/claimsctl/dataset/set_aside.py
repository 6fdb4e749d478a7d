"""All that one reading keeps, on disk."""

from contextlib import ExitStack

from claimsctl.dataset.partitions import Partitions
from claimsctl.dataset.rejected import Rejected
from claimsctl.dataset.spill import Spill
from claimsctl.dataset.suspects import RowSet
from claimsctl.dataset.tenants import Tenants


class SetAside:
    """Good rows, bad rows, and what there is to know of rows beside one another."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            self.good = Spill()
            stack.callback(self.good.close)
            self.rejected = Rejected()
            stack.callback(self.rejected.close)
            self.partitions = Partitions()
            stack.callback(self.partitions.close)
            self.tenants = Tenants()
            stack.callback(self.tenants.close)
            self.later = RowSet()
            """Rows of `good` that turned out bad beside others."""
            self._stack = stack.pop_all()

    def flush(self) -> None:
        """Before anything is read."""
        self.good.flush()
        self.rejected.flush()

    def close(self) -> None:
        """Drop everything."""
        self._stack.close()

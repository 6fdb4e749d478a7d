"""All that one reading keeps, on disk."""

from contextlib import ExitStack

from claimsctl.claims_file.partitions import Partitions
from claimsctl.claims_file.rejected import Rejected
from claimsctl.claims_file.spill import Spill
from claimsctl.claims_file.suspects import RowSet
from claimsctl.claims_file.tenants import Tenants


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

"""Temporary SQLite databases, to store, sort and look up more data than fits in memory.

SQLite creates the file with mode 0600 under a new name and immediately unlinks it: other users
cannot open it, and it disappears when the process ends for any reason. A small database stays in
memory.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from claimsctl.errors import OperatorError

_CACHE_KIB = 16 * 1024
"""The size of the page cache; sorting uses the same amount again."""
_PENDING_ROWS = 1000


def open_temporary_database(tables: str) -> sqlite3.Connection:
    """Open an empty database with `tables` in Python's directory for temporary files.

    Several threads may use it. Raises ``OSError`` if there is no such directory.
    """
    directory = tempfile.gettempdir().replace("'", "''")
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    # Deprecated, but the only way to make SQLite use Python's directory for temporary files: by
    # default it prefers /var/tmp to /tmp. Where the pragma is compiled out, SQLite uses TMPDIR.
    database.execute(f"PRAGMA temp_store_directory = '{directory}'")
    database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    database.execute("PRAGMA journal_mode = OFF")
    database.executescript(tables)
    database.execute("BEGIN")
    return database


@contextmanager
def temporary_file_errors(what: object) -> Iterator[None]:
    """Report a full disk as an `OperatorError` that names `what` and the directory."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        message = (
            f"{what}: temporary files cannot be written in {_directory()}: {reason}; "
            f"set TMPDIR to a directory on a disk with more free space"
        )
        raise OperatorError(message) from None


def _directory() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:
        return "any directory"


class SortedTexts:
    """Texts by key, sorted on disk by the keys' code points. A context manager."""

    def __init__(self, what: str) -> None:
        """`what` is named in errors. This and the methods raise `OperatorError` for a full disk."""
        self._what = what
        with temporary_file_errors(what):
            self._database = open_temporary_database("CREATE TABLE texts (key TEXT, text TEXT)")
        self._pending: list[tuple[str, str]] = []
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the database."""
        self._database.close()

    def add(self, key: str, text: str) -> None:
        """Add a text under a key."""
        self._pending.append((key, text))
        self.count += 1
        if len(self._pending) >= _PENDING_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write all added texts to the database."""
        with temporary_file_errors(self._what):
            self._database.executemany("INSERT INTO texts VALUES (?, ?)", self._pending)
        self._pending.clear()

    def in_order(self) -> Iterator[tuple[str, str]]:
        """Yield keys and texts in order. May be repeated, but not while texts are added."""
        self.flush()
        with temporary_file_errors(self._what):
            yield from self._database.execute("SELECT key, text FROM texts ORDER BY key, text")

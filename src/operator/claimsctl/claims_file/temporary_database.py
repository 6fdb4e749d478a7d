"""Temporary SQLite databases: what is larger than memory is kept, sorted and looked up on disk.

SQLite makes the file with mode 0600 under a name that did not exist, and removes the name at once:
nobody else can open it, and nothing of it is left when the process ends, however that ends. A small
database never leaves memory.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from claimsctl.errors import OperatorError

_CACHE_KIB = 16 * 1024
"""Of pages in memory; sorting takes as much again."""
_PENDING_ROWS = 1000


def open_temporary_database(tables: str) -> sqlite3.Connection:
    """An empty database with `tables`, in the directory that Python's temporary files go to.

    It may be used by several threads. Raises ``OSError`` where there is no such directory.
    """
    directory = tempfile.gettempdir().replace("'", "''")
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    # Deprecated, but the one way to have SQLite's files where TMPDIR, or without it Python, says:
    # by itself SQLite prefers /var/tmp to /tmp. Where it is compiled out, TMPDIR still decides.
    database.execute(f"PRAGMA temp_store_directory = '{directory}'")
    database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    database.execute("PRAGMA journal_mode = OFF")
    database.executescript(tables)
    database.execute("BEGIN")
    return database


@contextmanager
def temporary_file_errors(what: object) -> Iterator[None]:
    """Report a full disk as an `OperatorError` that names `what`, the directory and the way out."""
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
    """Texts by a key, sorted on disk in the order of the keys' code points. A context manager."""

    def __init__(self, what: str) -> None:
        """`what` an error names. Raises `OperatorError`, as do the methods, for a full disk."""
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
        """Drop the database."""
        self._database.close()

    def add(self, key: str, text: str) -> None:
        """Add one."""
        self._pending.append((key, text))
        self.count += 1
        if len(self._pending) >= _PENDING_ROWS:
            self.flush()

    def flush(self) -> None:
        """Hand all that was added to the database."""
        with temporary_file_errors(self._what):
            self._database.executemany("INSERT INTO texts VALUES (?, ?)", self._pending)
        self._pending.clear()

    def in_order(self) -> Iterator[tuple[str, str]]:
        """Keys and texts. May be called again; not while more are added."""
        self.flush()
        with temporary_file_errors(self._what):
            yield from self._database.execute("SELECT key, text FROM texts ORDER BY key, text")

"""What lets a file outlast a crash, and be one process's alone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any


def lock(stream: IO[Any], path: Path) -> bool:
    """Whether `stream`, the open file at `path`, is ours alone from now on, until it is closed.

    The end of the process, however it comes, closes it. A disk that knows no locks is trusted.
    Raises ``OSError`` when there is nothing at `path` any more.
    """
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    # Whoever had it before may have put another file in its place since it was opened.
    return os.path.samestat(os.fstat(stream.fileno()), path.stat())


def sync_folder(path: Path) -> None:
    """Have what was done to the name `path` outlast a power failure."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def closed_on_failure(stream: IO[str]) -> Iterator[IO[str]]:
    """`stream`, which stays open when nothing goes wrong."""
    try:
        yield stream
    except BaseException:
        with suppress(OSError):  # of a full disk, which is told already
            stream.close()
        raise

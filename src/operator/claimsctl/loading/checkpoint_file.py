"""The checkpoint's file: whole at every moment, and one process's alone."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from claimsctl import private_files
from claimsctl.errors import OperatorError
from claimsctl.loading.checkpoint import (
    VERSION,
    Checkpoint,
    DifferentLoad,
    LoadRequest,
    OtherVersion,
    decode,
    differences,
    encode,
    is_begun,
)


class CheckpointFile:
    """Where the checkpoint is. Once read or written it belongs to this process, until `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: IO[bytes] | None = None

    def exists(self) -> bool:
        """Whether a load was cut off."""
        return os.path.lexists(self.path)

    def read(self) -> Checkpoint:
        """The checkpoint.

        Raises `OperatorError` when there is none, when it is another process's or another
        version's, and when the file is something else.
        """
        self.close()
        try:
            with ExitStack() as stack:
                stream = stack.enter_context(private_files.reopen(self.path))
                self._lock(stream, self.path)
                checkpoint = decode(stream.read())
                stack.pop_all()
        except FileNotFoundError:
            message = "no such checkpoint; no load of this file was cut off: load without --resume"
            raise self._error(message) from None
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
            raise self._error(message) from None
        except OtherVersion as other:
            message = (
                f"a checkpoint in format {other.version}, of another version of claimsctl; this one"
                f" reads format {VERSION}. Nothing was written. Finish the load with the version"
                " that began it, or remove the checkpoint and load again: loading again is safe"
            )
            raise self._error(message) from None
        except ValueError:
            message = "not a checkpoint of claimsctl; move it, or give another path: --checkpoint"
            raise self._error(message) from None
        self._hold(stream)
        return checkpoint

    def check_same_load(self, saved: LoadRequest, given: LoadRequest) -> None:
        """Raise `DifferentLoad` if `given` asks for anything else than `saved`, which was read."""
        if different := list(differences(saved, given)):
            raise DifferentLoad(self.path, different)

    def write(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint; a crash leaves either the one before or this one.

        Raises `OperatorError` when it cannot be written, or is another process's.
        """
        new = self.path.with_name(f"{self.path.name}.new")
        try:
            with _closed_on_failure(private_files.create_or_reopen(new)) as stream:
                self._replace(stream, new, encode(checkpoint))
            self._hold(stream)
            sync_folder(self.path)
        except OSError as error:
            message = f"cannot be written: {new}: {error.strerror}; another path: --checkpoint"
            raise self._error(message) from None

    def remove(self) -> None:
        """The load is over, or never began. Another process's checkpoint stays."""
        if self._held is not None:
            self.path.unlink(missing_ok=True)
            sync_folder(self.path)
            self.close()

    def close(self) -> None:
        """Let another process continue from it."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _replace(self, stream: IO[bytes], new: Path, content: bytes) -> None:
        self._lock(stream, new)
        if not is_begun(stream.read()):
            raise FileExistsError(errno.EEXIST, "another file, expected none or a checkpoint")
        try:
            self._check_free()
            stream.seek(0)
            stream.truncate()
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            new.replace(self.path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise

    def _check_free(self) -> None:
        if self._held is None and self.exists():
            raise self._in_use()

    def _hold(self, stream: IO[bytes]) -> None:
        self.close()
        self._held = stream

    def _lock(self, stream: IO[Any], path: Path) -> None:
        if not _lock(stream, path):
            raise self._in_use()

    def _in_use(self) -> OperatorError:
        message = (
            "another claimsctl is loading with this checkpoint; wait for its end, or give another"
            " path: --checkpoint"
        )
        return self._error(message)

    def _error(self, message: str) -> OperatorError:
        return OperatorError(f"{self.path}: {message}")


def sync_folder(path: Path) -> None:
    """Make what was done to the name `path` survive a power failure."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _lock(stream: IO[Any], path: Path) -> bool:
    """Whether `stream`, the open file at `path`, is locked for this process, until it is closed.

    The end of the process, however it comes, closes it. On a disk without locks it is ``True``.
    Raises ``OSError`` when there is no file at `path` any more.
    """
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    # The process that had the lock may have replaced the file since it was opened here.
    return os.path.samestat(os.fstat(stream.fileno()), path.stat())


@contextmanager
def _closed_on_failure(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """`stream`, which stays open when nothing fails."""
    try:
        yield stream
    except BaseException:
        with suppress(OSError):  # of a full disk, which is reported already
            stream.close()
        raise

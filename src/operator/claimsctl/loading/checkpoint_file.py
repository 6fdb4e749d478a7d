"""The checkpoint file: replaced atomically, and locked for one process."""

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
    """The checkpoint file. After the first read or write, this process holds it until `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: IO[bytes] | None = None

    def exists(self) -> bool:
        """Return whether there is a checkpoint of an interrupted load."""
        return os.path.lexists(self.path)

    def read(self) -> Checkpoint:
        """Read and lock the checkpoint.

        Raises `OperatorError` when there is none, when another process holds it, when another
        version wrote it, and when the file is not a checkpoint.
        """
        self.close()
        try:
            with ExitStack() as stack:
                stream = stack.enter_context(private_files.reopen(self.path))
                self._lock(stream, self.path)
                checkpoint = decode(stream.read())
                stack.pop_all()
        except FileNotFoundError:
            message = (
                "no such checkpoint: no load of this file was interrupted. To start a load, remove"
                " --resume"
            )
            raise self._error(message) from None
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
            raise self._error(message) from None
        except OtherVersion as other:
            message = (
                f"the checkpoint has format {other.version} and was written by another version of"
                f" claimsctl; this version reads format {VERSION}. Nothing was written. Finish the"
                " load with the version that began it, or remove the checkpoint and load the file"
                " again, which is safe"
            )
            raise self._error(message) from None
        except ValueError:
            message = (
                "the file is not a checkpoint of claimsctl; move it, or use another path with"
                " --checkpoint"
            )
            raise self._error(message) from None
        self._hold(stream)
        return checkpoint

    def check_same_load(self, saved: LoadRequest, given: LoadRequest) -> None:
        """Raise `DifferentLoad` if `given` differs from `saved`, which was read from the file."""
        if different := list(differences(saved, given)):
            raise DifferentLoad(self.path, different)

    def write(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint; a crash leaves either the previous one or this one.

        Raises `OperatorError` when it cannot be written, or another process holds it.
        """
        new = self.path.with_name(f"{self.path.name}.new")
        try:
            with _closed_on_failure(private_files.create_or_reopen(new)) as stream:
                self._replace(stream, new, encode(checkpoint))
            self._hold(stream)
            sync_folder(self.path)
        except OSError as error:
            message = (
                f"cannot be written: {new}: {error.strerror}; use another path with --checkpoint"
            )
            raise self._error(message) from None

    def remove(self) -> None:
        """Remove the checkpoint, unless another process holds it."""
        if self._held is not None:
            self.path.unlink(missing_ok=True)
            sync_folder(self.path)
            self.close()

    def close(self) -> None:
        """Release the checkpoint to other processes."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _replace(self, stream: IO[bytes], new: Path, content: bytes) -> None:
        self._lock(stream, new)
        if not is_begun(stream.read()):
            raise FileExistsError(errno.EEXIST, "the file exists and is not a checkpoint")
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
            "another claimsctl process is using this checkpoint; wait until it ends, or use"
            " another path with --checkpoint"
        )
        return self._error(message)

    def _error(self, message: str) -> OperatorError:
        return OperatorError(f"{self.path}: {message}")


def sync_folder(path: Path) -> None:
    """Flush the folder of `path` to disk, so that its change survives a power failure."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _lock(stream: IO[Any], path: Path) -> bool:
    """Lock `stream`, the open file at `path`, until it is closed; return whether that succeeded.

    The file is closed when the process ends for any reason. On a file system without locks the
    result is ``True``. Raises ``OSError`` when the file at `path` no longer exists.
    """
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    # The previous holder of the lock may have replaced the file after it was opened here.
    return os.path.samestat(os.fstat(stream.fileno()), path.stat())


@contextmanager
def _closed_on_failure(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Close `stream` if the body raises; otherwise leave it open."""
    try:
        yield stream
    except BaseException:
        with suppress(OSError):  # a full disk, which has already been reported
            stream.close()
        raise

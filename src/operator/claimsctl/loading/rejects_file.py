"""The file of rejected rows and their reasons, which can be corrected and loaded."""

import os
from contextlib import suppress
from io import BufferedRandom
from pathlib import Path

from claimsctl import private_files
from claimsctl.claims_file.record import Raw
from claimsctl.claims_file.rejects import RejectsFormat
from claimsctl.errors import OperatorError
from claimsctl.loading.checkpoint_file import sync_folder


class RejectsFile:
    """The rejects file, created with its first row; it never overwrites an existing file."""

    def __init__(self, path: Path, form: RejectsFormat, *, resume_at: int | None = None) -> None:
        """`resume_at`: its size at the checkpoint of the load to resume; the rest is truncated.

        Raises `OperatorError` for a shorter file.
        """
        self.path = path
        self.form = form
        self._stream: BufferedRandom | None = None
        if resume_at or (resume_at is not None and os.path.lexists(path)):
            self._reopen(resume_at)

    def append(self, raw: Raw, reason: str) -> None:
        """Add a row. Raises `OperatorError` when the file cannot be written."""
        try:
            if self._stream is None:
                self._stream = private_files.create(self.path)
            if self._stream.tell() == 0:
                self._stream.write(self.form.heading_line())
            self._stream.write(self.form.line(raw, reason))
        except OSError as error:
            raise self._unwritable(error) from None

    def sync(self) -> int:
        """Flush all rows to disk, and return the size of the file.

        Raises `OperatorError` when that fails.
        """
        if self._stream is None:
            return 0
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            sync_folder(self.path)
            return self._stream.tell()
        except OSError as error:
            raise self._unwritable(error) from None

    def close(self) -> None:
        """Close the file, and remove it if it has no rows.

        Rows added since the last `sync` may be lost to a full disk; no checkpoint counts them.
        """
        if self._stream is None:
            return
        empty = self._stream.tell() == 0
        with suppress(OSError):
            self._stream.close()
        self._stream = None
        if empty:
            self.path.unlink()

    def discard(self) -> None:
        """Remove the file, because nothing was written to the table."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()
            self.path.unlink()

    def _reopen(self, size: int) -> None:
        try:
            self._stream = private_files.reopen(self.path)
            found = self._stream.seek(0, os.SEEK_END)
            self._stream.truncate(min(size, found))
            self._stream.seek(size)
        except OSError as error:
            message = f"{self.path}: the rejects file cannot be read: {error.strerror}"
            raise OperatorError(message) from None
        if found < size:
            self._stream.close()
            message = (
                f"{self.path}: the rejects file was changed: it has {found} bytes, expected at"
                f" least the {size} recorded in the checkpoint. Restore it, or remove the"
                " checkpoint and load without --resume"
            )
            raise OperatorError(message)

    def _unwritable(self, error: OSError) -> OperatorError:
        message = f"{self.path}: the rejects file cannot be written: {error.strerror}"
        return OperatorError(message)

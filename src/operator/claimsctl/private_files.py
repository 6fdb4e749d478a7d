"""Files that only the current user can read: mode 0600, safe from other users' files and links.

The functions never follow a symbolic link, never wait for a FIFO, never read or write another
user's file, and never write to a file that has a second hard link. Each function raises ``OSError``
with a ``strerror`` that describes what was found at the path.
"""

import errno
import os
import secrets
import stat
from contextlib import suppress
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import Final

_MODE: Final = 0o600
_SAFELY: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS: Final = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def create(path: Path) -> BufferedRandom:
    """Create `path` and open it to read and write. Raises ``FileExistsError`` if it exists."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFELY, _MODE), "r+b")


def reopen(path: Path) -> BufferedRandom:
    """Open the existing file `path` to read and write, at its beginning."""
    stream = os.fdopen(_open_own(path, os.O_RDWR), "r+b")
    try:
        _check_alone(os.fstat(stream.fileno()))
    except OSError:
        stream.close()
        raise
    return stream


def create_or_reopen(path: Path) -> BufferedRandom:
    """Create `path`, or open the existing file as `reopen` does."""
    try:
        return create(path)
    except FileExistsError:
        return reopen(path)


def open_to_read(path: Path) -> BufferedReader:
    """Open the existing file `path` to read it."""
    return os.fdopen(_open_own(path, os.O_RDONLY), "rb")


def replace(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically, replacing only a file that belongs to this user."""
    with suppress(FileNotFoundError):
        _check_alone(path.lstat())
    draft = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        with create(draft) as stream:
            stream.write(content)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _open_own(path: Path, flags: int) -> int:
    try:
        descriptor = os.open(path, flags | _SAFELY)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link; a socket, or a FIFO without reader
            _check_own(path.lstat())
        raise
    try:
        _check_own(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check_own(found: os.stat_result) -> None:
    """Raise ``OSError`` unless it is a regular file that belongs to this user."""
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "a special file")
        message = f"expected a regular file, found {kind}"
        raise OSError(errno.EEXIST, message)
    if found.st_uid != os.geteuid():
        message = f"the file belongs to user {found.st_uid}, not to you"
        raise OSError(errno.EEXIST, message)


def _check_alone(found: os.stat_result) -> None:
    """Raise ``OSError`` unless it is such a file and has only one hard link."""
    _check_own(found)
    if found.st_nlink > 1:
        message = "the file has a second name (a hard link)"
        raise OSError(errno.EEXIST, message)

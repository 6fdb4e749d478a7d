"""Files for this user alone: mode 0600, and nothing that another user put at their path is used.

Each function raises ``OSError`` whose ``strerror`` says what was found there. A symbolic link is
never followed, a FIFO never waited for, another user's file neither read nor written, and nothing
is written into a file that has a second name.
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
    """Create `path` and open it to read and write; ``FileExistsError`` for anything there."""
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
    """Create `path`, or open the file that is there as `reopen` does."""
    try:
        return create(path)
    except FileExistsError:
        return reopen(path)


def open_to_read(path: Path) -> BufferedReader:
    """Open the existing file `path` to read it."""
    return os.fdopen(_open_own(path, os.O_RDONLY), "rb")


def replace(path: Path, content: bytes) -> None:
    """Make `content` the file `path`: whole or not at all, in the place of one of this user's."""
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
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link; a socket, or a FIFO nobody reads
            _check_own(path.lstat())
        raise
    try:
        _check_own(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check_own(found: os.stat_result) -> None:
    """Raise ``OSError`` unless it is a regular file of this user's."""
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "no file")
        message = f"{kind}, expected a regular file"
        raise OSError(errno.EEXIST, message)
    if found.st_uid != os.geteuid():
        message = f"a file of user {found.st_uid}, expected one of this user's"
        raise OSError(errno.EEXIST, message)


def _check_alone(found: os.stat_result) -> None:
    """Raise ``OSError`` unless it is such a file, and has no other name."""
    _check_own(found)
    if found.st_nlink > 1:
        message = "a file with another name (a hard link), expected one with this name only"
        raise OSError(errno.EEXIST, message)

"""The local issuer's signing key, kept for this user between commands.

`claimsctl serve` checks signatures with the key that `claimsctl token` signs with; whichever needs
it first makes it. It opens nothing but the servers of this user's own machine, and yet nobody else
may read it.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

import typer

from claimsctl.entra.tokens import SigningKey
from claimsctl.errors import OperatorError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MEND = "delete it, and the next command makes a new one"


def key_path() -> Path:
    """Where the key is kept. Raises `OperatorError` for a user without a home directory."""
    path = Path(typer.get_app_dir("claimsctl")) / "issuer-key.pem"
    if not path.is_absolute():  # no home: the path would be one below the working directory
        message = "no home directory to keep the issuer's key in; set HOME"
        raise OperatorError(message)
    return path


def kept_key(path: Path) -> SigningKey:
    """The key in the file `path`, which is made first where there is none.

    Raises `OperatorError`, saying what to do, when the file cannot be made or read, holds no such
    key, or may be read by others.
    """
    try:
        pem = _read(path)
    except FileNotFoundError:
        _create(path)
        pem = _made(path)
    try:
        return SigningKey.from_pem(pem)
    except ValueError as error:
        message = f"{path}: {error}; {_MEND}"
        raise OperatorError(message) from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            pem = file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}; mend that, or {_MEND}"
        raise OperatorError(message) from None
    if mode & _OTHERS:
        message = f"{path}: others may read it (mode {mode:04o}); chmod 600 it, or {_MEND}"
        raise OperatorError(message)
    return pem


def _made(path: Path) -> bytes:
    try:
        return _read(path)
    except FileNotFoundError:  # nothing was made, since the link is there
        message = f"{path}: a link to a file that is not there; {_MEND}"
        raise OperatorError(message) from None


def _create(path: Path) -> None:
    """Make the file, whole or not at all; another process's file of the same moment stays."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = mkstemp(dir=path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(SigningKey.generate().to_pem())
            with suppress(FileExistsError):  # a link, unlike a rename, never replaces
                os.link(draft, path)
        finally:
            Path(draft).unlink()
    except OSError as error:
        message = f"{path}: cannot be made: {error.strerror}; set HOME to a folder that can be"
        raise OperatorError(message) from None

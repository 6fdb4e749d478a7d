"""The local issuer's signing key, kept for this user between commands.

`claimsctl serve` checks signatures with the key that `claimsctl token` signs with; the first of
them to run makes it. Only servers on this user's own machine accept its tokens, and yet nobody else
may read it.
"""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from claimsctl import private_files
from claimsctl.entra.tokens import SigningKey
from claimsctl.errors import OperatorError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MEND = "delete it, and the next command makes a new one"


def key_path(platform: str = sys.platform) -> Path:
    """Where the key is kept: in the user's configuration folder, as `platform` has it.

    Raises `OperatorError` for a user without a home directory.
    """
    try:
        path = _configuration_folder(platform) / "claimsctl/issuer-key.pem"
    except RuntimeError:  # no home directory
        path = Path()
    if not path.is_absolute():  # it would be a path below the working directory
        message = "no home directory to keep the issuer's key in; set HOME"
        raise OperatorError(message)
    return path


def kept_key(path: Path) -> SigningKey:
    """The key in the file `path`; a missing file is made first.

    Raises `OperatorError`, saying what to do, when the file cannot be made or read, holds no such
    key, or may be read by others.
    """
    try:
        pem = _read(path)
    except FileNotFoundError:
        _create(path)
        pem = _read(path)
    try:
        return SigningKey.from_pem(pem)
    except ValueError as error:
        message = f"{path}: {error}; {_MEND}"
        raise OperatorError(message) from None


def _configuration_folder(platform: str) -> Path:
    if platform.startswith("win"):
        given, default = os.environ.get("APPDATA"), ""
    elif platform == "darwin":
        given, default = None, "Library/Application Support"
    else:
        given, default = os.environ.get("XDG_CONFIG_HOME"), ".config"
    return Path.home() / default if given is None else Path(given)


def _read(path: Path) -> bytes:
    try:
        with private_files.open_to_read(path) as file:
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

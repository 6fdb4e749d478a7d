"""The local issuer's signing key, stored for this user between commands.

`claimsctl token` signs with the key, and `claimsctl serve` verifies with it; the first of them to
run creates it. Only servers on this user's machine accept its tokens, but no other user may read
it.
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
_MEND = "delete the file, and the next command creates a new key"


def key_path(platform: str = sys.platform) -> Path:
    """Return the key's path in the user's configuration folder on `platform`.

    Raises `OperatorError` for a user without a home directory.
    """
    try:
        path = _configuration_folder(platform) / "claimsctl/issuer-key.pem"
    except RuntimeError:  # no home directory
        path = Path()
    if not path.is_absolute():  # otherwise, a path below the working directory
        message = "there is no home directory for the issuer's key; set HOME"
        raise OperatorError(message)
    return path


def kept_key(path: Path) -> SigningKey:
    """Return the key in the file `path`; create a missing file first.

    Raises `OperatorError` with advice if the file cannot be created or read, does not contain such
    a key, or is readable by others.
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
        message = f"{path}: cannot be read: {error.strerror}; make it readable, or {_MEND}"
        raise OperatorError(message) from None
    if mode & _OTHERS:
        message = f"{path}: other users can read it (mode {mode:04o}); run chmod 600, or {_MEND}"
        raise OperatorError(message)
    return pem


def _create(path: Path) -> None:
    """Create the file atomically; keep a file that another process creates at the same time."""
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
        message = f"{path}: cannot be created: {error.strerror}; set HOME to a writable folder"
        raise OperatorError(message) from None

"""The issuer's key on disk is created once, atomically, and readable by this user only."""

import os
import pwd
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import typer
from claimsctl.entra.key_file import kept_key, key_path
from claimsctl.entra.tokens import SigningKey
from claimsctl.errors import ExitCode, OperatorError

from tests.tokens import issuer_key


def _told(path: Path) -> str:
    with pytest.raises(OperatorError) as raised:
        kept_key(path)
    assert ExitCode.USAGE is raised.value.exit_code
    return str(raised.value).replace(str(path), "key")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a key is to be kept."""
    return tmp_path / "config/claimsctl/issuer-key.pem"


def test_it_is_made_at_first_need_and_then_kept(path: Path) -> None:
    """The second command gets the first one's key."""
    first = kept_key(path)
    assert first.kid == kept_key(path).kid
    assert [path] == list(path.parent.iterdir())


def test_nobody_else_may_read_it(path: Path) -> None:
    """Mode 0700 for the folder, 0600 for the file."""
    kept_key(path)
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_two_at_once_get_the_same_key(path: Path) -> None:
    """The second process uses the first one's key, and leaves no temporary file."""
    with ThreadPoolExecutor(4) as pool:
        kids = {key.kid for key in pool.map(kept_key, [path] * 4)}
    assert 1 == len(kids)
    assert [path] == list(path.parent.iterdir())


def test_a_key_that_came_in_between_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While this process makes a key, another one's arrives: that one counts."""
    path.parent.mkdir(parents=True)
    made = SigningKey.generate()

    def generate() -> SigningKey:
        path.write_bytes(issuer_key().to_pem())
        path.chmod(0o600)
        return made

    monkeypatch.setattr(SigningKey, "generate", generate)
    assert issuer_key().kid == kept_key(path).kid
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
def test_a_key_that_others_may_read_is_refused(path: Path, mode: int) -> None:
    """What to do about it is in the message."""
    kept_key(path)
    path.chmod(mode)
    assert (
        f"key: other users can read it (mode {mode:04o}); run chmod 600, or delete the file, and"
        " the next command creates a new key"
    ) == _told(path)


@pytest.mark.parametrize("content", [b"", b"\xff\x00", issuer_key().public_pem()])
def test_a_garbled_key_is_told(path: Path, content: bytes) -> None:
    """It is not replaced, because a user may have put it there."""
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    path.chmod(0o600)
    assert (
        "key: expected an RSA private key of 2048 bits in PEM, without a password; delete the file,"
        " and the next command creates a new key"
    ) == _told(path)
    assert content == path.read_bytes()


def test_a_key_that_cannot_be_read_is_told(path: Path) -> None:
    """The system's own words, and what to do."""
    path.mkdir(parents=True)
    assert (
        "key: cannot be read: Is a directory; make it readable, or delete the file, and the next"
        " command creates a new key"
    ) == _told(path)


@pytest.mark.parametrize("leads_to", ["gone", "there"])
def test_a_link_is_told(path: Path, tmp_path: Path, leads_to: str) -> None:
    """A link is neither followed nor replaced, because its creator would choose the key."""
    (tmp_path / "there").write_bytes(issuer_key().to_pem())
    (tmp_path / "there").chmod(0o600)
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / leads_to)
    assert (
        "key: cannot be read: expected a regular file, found a symbolic link; make it readable, or "
        "delete the file, and the next command creates a new key"
    ) == _told(path)
    assert path.is_symlink()


def test_a_fifo_is_told(path: Path) -> None:
    """A FIFO is refused without waiting for a writer."""
    path.parent.mkdir(parents=True)
    os.mkfifo(path, 0o600)
    assert "expected a regular file, found a FIFO" in _told(path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file where the folder should be, say."""
    (tmp_path / "config").write_text("")
    told = _told(tmp_path / "config/claimsctl/issuer-key.pem")
    assert "key: cannot be " in told
    assert "Not a directory" in told


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, "home/.config/claimsctl"),
        ("linux", {"XDG_CONFIG_HOME": "xdg"}, "xdg/claimsctl"),
        ("linux", {"APPDATA": "roaming"}, "home/.config/claimsctl"),
        ("darwin", {}, "home/Library/Application Support/claimsctl"),
        ("darwin", {"XDG_CONFIG_HOME": "xdg"}, "home/Library/Application Support/claimsctl"),
        ("win32", {"APPDATA": "roaming"}, "roaming/claimsctl"),
        ("win32", {}, "home/claimsctl"),
    ],
)
def test_it_is_in_the_users_configuration(
    platform: str,
    environment: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The folder is the platform's for configuration; elsewhere there would be another key."""
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, folder in {"HOME": "home", **environment}.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    assert tmp_path / expected / "issuer-key.pem" == key_path(platform)


def test_it_is_where_typer_has_an_apps_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """On this platform, with and without a folder in the environment."""
    assert Path(typer.get_app_dir("claimsctl"), "issuer-key.pem") == key_path()
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert Path(typer.get_app_dir("claimsctl"), "issuer-key.pem") == key_path()


@pytest.mark.parametrize("folder", ["", "config"])
def test_a_folder_that_is_not_absolute_is_refused(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is never below the working directory."""
    monkeypatch.setenv("XDG_CONFIG_HOME", folder)
    with pytest.raises(OperatorError, match="no home directory"):
        key_path("linux")


def test_no_home_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home directory gets a message that says what to do."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(
        OperatorError, match="there is no home directory for the issuer's key; set HOME"
    ):
        key_path("linux")

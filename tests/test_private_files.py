"""Files for this user alone: what somebody else has put at their path is never used."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from claimsctl import private_files

OTHERS_WORDS = "somebody else's words"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file that must stay as it is."""
    path = tmp_path / "victim"
    path.write_text(OTHERS_WORDS)
    return path


def _plant_link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def _plant_dangling_link(path: Path, victim: Path) -> None:
    path.symlink_to(victim.with_name("gone"))


def _plant_hard_link(path: Path, victim: Path) -> None:
    path.hardlink_to(victim)


def _plant_fifo(path: Path, victim: Path) -> None:
    os.mkfifo(path)


PLANTED = pytest.mark.parametrize(
    ("plant", "found"),
    [
        (_plant_link, "a symbolic link"),
        (_plant_dangling_link, "a symbolic link"),
        (_plant_hard_link, "a hard link"),
        (_plant_fifo, "a FIFO"),
    ],
)
OPENED = pytest.mark.parametrize(
    "use",
    [
        private_files.reopen,
        private_files.create_or_reopen,
        private_files.open_to_read,
        lambda path: private_files.replace(path, b"ours"),
    ],
    ids=["reopen", "create_or_reopen", "open_to_read", "replace"],
)


@PLANTED
@OPENED
def test_what_was_planted_is_neither_followed_nor_waited_for(
    tmp_path: Path,
    victim: Path,
    plant: Callable[[Path, Path], None],
    found: str,
    use: Callable[[Path], object],
) -> None:
    """The error says what was found; what the link leads to stays, as does the link."""
    path = tmp_path / "ours"
    plant(path, victim)
    if use is private_files.open_to_read and plant is _plant_hard_link:
        return  # it is this user's own file, and nothing is written into it
    before = path.lstat()
    with pytest.raises(OSError, match=found):
        use(path)
    assert OTHERS_WORDS == victim.read_text()
    assert before == path.lstat()
    assert {"ours", "victim"} == {each.name for each in tmp_path.iterdir()}


@PLANTED
def test_a_new_file_takes_the_place_of_nothing(
    tmp_path: Path, victim: Path, plant: Callable[[Path, Path], None], found: str
) -> None:
    """Whatever is there, it is an error."""
    plant(tmp_path / "ours", victim)
    with pytest.raises(FileExistsError):
        private_files.create(tmp_path / "ours")
    assert OTHERS_WORDS == victim.read_text()
    assert not (tmp_path / "gone").exists()


@OPENED
def test_another_users_file_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: Callable[[Path], object]
) -> None:
    """Its owner could read what is written into it."""
    path = tmp_path / "theirs"
    path.write_text(OTHERS_WORDS)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(OSError, match=r"the file belongs to user \d+, not to you"):
        use(path)
    assert OTHERS_WORDS == path.read_text()


@pytest.mark.parametrize("device", [Path("/dev/null"), Path("/dev/zero")])
@OPENED
def test_a_device_is_not_used(device: Path, use: Callable[[Path], object]) -> None:
    """It would take anything, or never end."""
    with pytest.raises(OSError, match="expected a regular file, found a device"):
        use(device)


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_nobody_else_can_read_them(tmp_path: Path, umask: int) -> None:
    """Mode 0600 whatever the umask; the file that `replace` puts in another's place too."""
    replaced = tmp_path / "replaced"
    replaced.write_text("before")
    replaced.chmod(0o644)
    before = os.umask(umask)
    try:
        private_files.create(tmp_path / "created").close()
        private_files.create_or_reopen(tmp_path / "either").close()
        private_files.replace(tmp_path / "new", b"")
        private_files.replace(replaced, b"after")
    finally:
        os.umask(before)
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert 4 == len(list(tmp_path.iterdir()))
    assert b"after" == replaced.read_bytes()


def test_a_file_of_ours_is_gone_on_with(tmp_path: Path) -> None:
    """It is opened at its beginning, to read and write, and keeps what it has."""
    path = tmp_path / "ours"
    with private_files.create(path) as stream:
        stream.write(b"first")
    with private_files.create_or_reopen(path) as stream:
        assert b"first" == stream.read()
        stream.write(b" second")
    with private_files.open_to_read(path) as reader:
        assert b"first second" == reader.read()


def test_what_could_not_be_written_leaves_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file before it stays whole."""
    path = tmp_path / "ours"
    private_files.replace(path, b"before")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        private_files.replace(path, b"after")
    assert (b"before", [path]) == (path.read_bytes(), list(tmp_path.iterdir()))

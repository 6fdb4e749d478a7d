"""Rejected rows: flushed, cut at the checkpoint, never in the place of another file."""

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from claimsctl import private_files
from claimsctl.claims_file.rejects import RejectsFormat
from claimsctl.errors import OperatorError
from claimsctl.loading.rejects_file import RejectsFile

FORM = RejectsFormat(("user", "a"), ",", {})


def _rejects(path: Path, resume_at: int | None = None) -> RejectsFile:
    return RejectsFile(path, FORM, resume_at=resume_at)


def test_it_is_made_with_its_first_row(tmp_path: Path) -> None:
    """A load that rejects nothing leaves no file behind."""
    path = tmp_path / "rejects.csv"
    rejects = _rejects(path)
    assert 0 == rejects.sync()
    rejects.close()
    assert not path.exists()
    rejects = _rejects(path)
    rejects.append(["u", "1"], "why")
    size = rejects.sync()
    assert path.stat().st_size == size
    rejects.close()
    assert b"user,a,reject_reason\r\nu,1,why\r\n" == path.read_bytes()


def test_it_goes_on_where_the_checkpoint_was(tmp_path: Path) -> None:
    """Rows behind the checkpoint, even half of one, are cut off: they are settled anew."""
    path = tmp_path / "rejects.csv"
    rejects = _rejects(path)
    rejects.append(["u", "1"], "why")
    size = rejects.sync()
    rejects.append(["v", "2"], "why")
    rejects.close()
    with path.open("ab") as torn:
        torn.write(b"w,3,w")
    rejects = _rejects(path, size)
    rejects.append(["x", "4"], "why")
    rejects.close()
    assert b"user,a,reject_reason\r\nu,1,why\r\nx,4,why\r\n" == path.read_bytes()


def test_it_begins_anew_where_the_checkpoint_had_none(tmp_path: Path) -> None:
    """What was written before the first checkpoint had it is written again, heading included."""
    path = tmp_path / "rejects.csv"
    path.write_bytes(b"user,a,reject_reason\r\nu,1")
    rejects = _rejects(path, 0)
    rejects.append(["v", "2"], "why")
    rejects.close()
    assert b"user,a,reject_reason\r\nv,2,why\r\n" == path.read_bytes()
    path.write_bytes(b"torn")
    _rejects(path, 0).close()
    assert not path.exists()


def test_another_file_is_never_overwritten(tmp_path: Path) -> None:
    """Not even one that has come since the load began."""
    path = tmp_path / "rejects.csv"
    rejects = _rejects(path)
    path.write_text("mine")
    with pytest.raises(OperatorError, match="the rejects file cannot be written: File exists"):
        rejects.append(["u", "1"], "why")
    assert "mine" == path.read_text()


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """It has rows of the operator's file: mode 0600, whatever the umask."""
    before = os.umask(0)
    try:
        rejects = _rejects(tmp_path / "rejects.csv")
        rejects.append(["u", "1"], "why")
        rejects.close()
    finally:
        os.umask(before)
    assert 0o600 == stat.S_IMODE((tmp_path / "rejects.csv").stat().st_mode)


@pytest.mark.parametrize("resume_at", [None, 0, 4])
def test_a_link_is_never_followed(tmp_path: Path, resume_at: int | None) -> None:
    """Neither a new nor a resumed load follows a link: its target is not changed."""
    path, victim = tmp_path / "rejects.csv", tmp_path / "victim"
    victim.write_text("words")
    path.symlink_to(victim)
    with pytest.raises(OperatorError, match=r"rejects\.csv: .*(File exists|a symbolic link)"):
        _rejects(path, resume_at).append(["u", "1"], "why")
    assert "words" == victim.read_text()


@pytest.mark.parametrize("content", [None, b"user"])
def test_rows_it_has_lost_are_reported(tmp_path: Path, content: bytes | None) -> None:
    """A file that is gone or shorter than the checkpoint knows is not gone on with."""
    path = tmp_path / "rejects.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(
        OperatorError, match=r"cannot be read: No such file|4 bytes, expected at least the 30 re"
    ):
        _rejects(path, 30)


def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, and no checkpoint that says more than the disk has."""

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    rejects = _rejects(tmp_path / "rejects.csv")
    rejects.append(["u", "1"], "why")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OperatorError, match="the rejects file cannot be written: No space left"):
        rejects.sync()
    rejects.close()


class FullDisk(io.FileIO):
    """A file that takes nothing."""

    def write(self, _: object) -> int:
        """As a full disk does."""
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("end", [RejectsFile.close, RejectsFile.discard])
def test_a_full_disk_is_reported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: Callable[[RejectsFile], None]
) -> None:
    """Closing tries again what has failed: that is no second error, nor standard output's."""
    rejects = _rejects(tmp_path / "rejects.csv")
    with monkeypatch.context() as patch:
        patch.setattr(private_files, "create", lambda path: io.BufferedRandom(FullDisk(path, "x+")))
        rejects.append(["u", "1"], "why")
        with pytest.raises(
            OperatorError, match="the rejects file cannot be written: No space left"
        ):
            rejects.sync()
    end(rejects)

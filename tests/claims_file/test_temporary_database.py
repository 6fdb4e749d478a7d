"""Temporary databases: in order, in place, and gone."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from claimsctl.claims_file.temporary_database import SortedTexts, open_temporary_database
from claimsctl.errors import OperatorError
from hypothesis import given, settings
from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]))
pairs = st.lists(st.tuples(texts, texts))


@settings(deadline=None)
@given(pairs, st.integers(1, 3))
def test_all_texts_come_out_in_order(given_pairs: list[tuple[str, str]], pending: int) -> None:
    """Keys come in the order of their code points, each time they are asked for."""
    with pytest.MonkeyPatch.context() as patch, SortedTexts("x") as rows:
        patch.setattr("claimsctl.claims_file.temporary_database._PENDING_ROWS", pending)
        for key, text in given_pairs:
            rows.add(key, text)
        assert (len(given_pairs), sorted(given_pairs)) == (rows.count, list(rows.in_order()))
        assert sorted(given_pairs) == list(rows.in_order())


def _fill(database_kib: int) -> SortedTexts:
    rows = SortedTexts("x")
    for number in range(database_kib):
        rows.add(f"{number:08}", "x" * 1024)
    rows.flush()
    return rows


def _open_files(folder: Path) -> list[os.stat_result]:
    """Files of this process that are open in `folder` and have no name there."""
    return [
        link.stat()
        for link in Path("/proc/self/fd").iterdir()
        if link.is_symlink()
        and str(link.readlink()).startswith(f"{folder}/")
        and str(link.readlink()).endswith(" (deleted)")
    ]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="asks Linux which files are open")
def test_nobody_else_can_open_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where TMPDIR says, it has no name from the start, and not even then a mode for others."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with _fill(40_000):
        (opened,) = _open_files(tmp_path)
        assert (0o600, 0) == (stat.S_IMODE(opened.st_mode), opened.st_nlink)
        assert opened.st_size > 10_000_000
        assert [] == list(tmp_path.iterdir())
    assert [] == _open_files(tmp_path)


FILLING = """
import sys, time
from claimsctl.claims_file.temporary_database import SortedTexts
rows = SortedTexts("x")
for number in range(40_000):
    rows.add(str(number), "x" * 1024)
rows.flush()
print("full", flush=True)
time.sleep(60)
"""


def test_nothing_is_left_of_a_killed_process(tmp_path: Path) -> None:
    """A process that is killed leaves no file behind, so that no run has to tidy up."""
    with subprocess.Popen(
        [sys.executable, "-c", FILLING],
        stdout=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        assert b"full\n" == process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert [] == list(tmp_path.iterdir())


def test_a_full_disk_is_reported() -> None:
    """By what needs it, the directory that is full, and the way out."""
    with SortedTexts("--prune") as rows:
        rows._database.execute("PRAGMA max_page_count = 8")  # as if the disk had no more
        rows.add("key", "x" * 100_000)
        expected = (
            f"--prune: temporary files cannot be written in {tempfile.gettempdir()}: database or "
            "disk is full; set TMPDIR to a directory on a disk with more free space"
        )
        with pytest.raises(OperatorError) as raised:
            rows.flush()
        assert expected == str(raised.value)


def test_no_directory_at_all_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any writable directory for temporary files."""

    def fail() -> str:
        raise FileNotFoundError(2, "No usable temporary directory")

    monkeypatch.setattr(tempfile, "gettempdir", fail)
    with pytest.raises(OperatorError, match=r"export: .* No usable temporary directory; "):
        SortedTexts("export")


def test_a_directory_with_a_quote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any path is taken as a path."""
    folder = tmp_path / "it's"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    open_temporary_database("CREATE TABLE x (y)").close()

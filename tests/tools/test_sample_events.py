"""``python -m tools.sample_events``: the files in events/ are written, compared, tidied."""

from pathlib import Path

import pytest

from tools.sample_events.__main__ import event_files, main


def test_files_are_written(tmp_path: Path) -> None:
    """A fresh folder gets every file and the index, and is then found complete."""
    assert 0 == main([str(tmp_path)])
    written = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert {"README.md"} | {file.name for file in event_files()} == written
    assert 0 == main([str(tmp_path), "--check"])


def test_stale_files_are_found_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed, a missing and a leftover file are named by --check, and mended without it."""
    main([str(tmp_path)])
    (tmp_path / "callout/member.json").write_text("{}")
    (tmp_path / "bad/nan.json").unlink()
    (tmp_path / "bad/old.json").write_text("{}")
    (tmp_path / "claims.sample.csv").write_text("kept by hand")
    assert 1 == main([str(tmp_path), "--check"])
    told = capsys.readouterr().err
    names = [f"{tmp_path / name}:" for name in ("bad/nan.json", "bad/old.json")]
    assert [*names, f"{tmp_path / 'callout/member.json'}:"] == [
        line.split(" ")[0] for line in told.splitlines()
    ]
    assert 0 == main([str(tmp_path)])
    assert 0 == main([str(tmp_path), "--check"])
    assert (tmp_path / "claims.sample.csv").exists()


def test_every_file_is_in_the_index(tmp_path: Path) -> None:
    """The index names each file with its status and code."""
    main([str(tmp_path)])
    index = (tmp_path / "README.md").read_text("utf-8").splitlines()
    for file in event_files():
        (row,) = [line for line in index if f"`{file.name}`" in line]
        assert f"| {file.status}" in row
        assert (f"`{file.code}`" if file.code else "claims") in row


def test_the_files_in_the_repository_are_fresh() -> None:
    """events/ is what the models say now."""
    assert 0 == main([str(Path(__file__).parents[2] / "events"), "--check"])

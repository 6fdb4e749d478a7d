"""``python -m tools.findings_page``: docs/findings.md has what `claimsctl explain` prints."""

from pathlib import Path

import pytest
from claimsctl.explain.entries import entries

from tools.findings_page import main, page

ROOT = Path(__file__).parents[2]


def test_the_page_has_every_entry() -> None:
    """Each entry has a heading to link to, its meaning and its points."""
    text = page()
    for entry in entries().values():
        assert 1 == text.count(f"\n### {entry.id}\n")
        for part in (entry.meaning, *entry.causes, *entry.check, *entry.cure):
            assert part in text


def test_the_page_is_written_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--check names a page that is out of date; without it, the page is written."""
    path = tmp_path / "findings.md"
    assert 1 == main(["--check", str(path)])
    assert f"{path}: out of date; run make events\n" == capsys.readouterr().err
    assert (0, 0) == (main([str(path)]), main(["--check", str(path)]))
    path.write_text("old")
    assert (1, 0, 0) == (main(["--check", str(path)]), main([str(path)]), main([str(path)]))
    assert page() == path.read_text("utf-8")


def test_the_page_in_the_repository_is_fresh() -> None:
    """docs/findings.md is what the source says now."""
    assert 0 == main(["--check", str(ROOT / "docs/findings.md")])

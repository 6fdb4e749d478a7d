"""``python -m tools.findings_page``: docs/findings.md is `claimsctl explain` in short."""

import re
from pathlib import Path

import pytest
from claimsctl.explain.entries import EntryKind, entries, page_link

from tools.findings_page import in_short, main, page

ROOT = Path(__file__).parents[2]
HEADINGS = re.findall(r"^### (.+)$", page(), re.MULTILINE)


def test_the_page_has_every_entry() -> None:
    """Each entry has one heading to link to, and its cure; the meaning is on it or is the name."""
    text = page()
    for entry in entries().values():
        assert 1 == HEADINGS.count(entry.id)
        section = text.partition(f"\n### {entry.id}\n")[2].partition("\n#")[0]
        assert " ".join(entry.cure) in section
        if entry.kind is not EntryKind.PRODUCT_CODE:
            assert f"**{entry.name}.**" in section
            assert all(f"](#{id_.lower()})" in section for id_ in entry.see)
        says_it = entry.kind in {EntryKind.PRODUCT_CODE, EntryKind.TOKEN_ERROR}
        if not says_it and not entry.id.startswith(("RSP", "NET")):
            assert in_short(entry.meaning) in section


@pytest.mark.parametrize(
    ("meaning", "shown"),
    [
        ("A short one. Then another.", "A short one."),
        ("One sentence; nothing more.", "One sentence; nothing more."),
        ("Sent by v1.0 of the API. Yes.", "Sent by v1.0 of the API."),
        ("The log has it. cause.reason says why.", "The log has it. cause.reason says why."),
    ],
)
def test_a_meaning_in_short_is_its_first_sentence(meaning: str, shown: str) -> None:
    """A version, or a name in lower case after a full stop, begins no sentence."""
    assert shown == in_short(meaning)


def test_the_functions_codes_are_on_the_page_of_errors() -> None:
    """Their meaning is there and not here."""
    text = (ROOT / "docs/errors.md").read_text("utf-8")
    codes = [e.id for e in entries().values() if e.kind is EntryKind.PRODUCT_CODE]
    assert [] == [code for code in codes if f"`{code}`" not in text]


def test_what_links_to_an_entry_finds_it() -> None:
    """Links within the page, links of the other pages and `page_link` all lead to a heading."""
    sections = re.findall(r"^## (.+)$", page(), re.MULTILINE)
    anchors = {id_.lower() for id_ in HEADINGS}
    anchors |= {each.lower().replace("'", "").replace(" ", "-") for each in sections}
    assert [] == [id_ for id_ in entries() if page_link(id_) != f"docs/findings.md#{id_.lower()}"]
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    texts = [page().replace("](#", "](findings.md#"), *(each.read_text("utf-8") for each in pages)]
    links = [link for text in texts for link in re.findall(r"findings\.md#([^)\s`]+)", text)]
    assert len(links) > 200
    assert set(links) - anchors == set()


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

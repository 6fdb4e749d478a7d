"""Links between the pages of the documentation lead somewhere."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    {
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("events/**/*.md"),
        *ROOT.glob("bench/*.md"),
    }
)
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
INDEX = ROOT / "docs/README.md"


def _prose(page: Path) -> str:
    """The page without its code, in which brackets are no links."""
    blocks = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", blocks)


@cache
def _anchors(page: Path) -> set[str]:
    """The anchors of a page: its headings as GitHub names them, and those set in HTML."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    anchors = set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    seen: dict[str, int] = {}
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w -]", "", shown.strip().lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        anchors.add(f"{slug}-{count}" if count else slug)
    return anchors


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    """Every relative link names a file of the repository, and its anchor a heading of that file."""
    broken = []
    for name, anchor in LINK.findall(_prose(page)):
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            broken.append(name)
        elif anchor and (target.suffix != ".md" or anchor not in _anchors(target)):
            broken.append(f"{name}#{anchor}")
    assert [] == broken


MENTION = re.compile(r"\b(docs/[\w/-]+\.md)(?:#([\w-]+))?")
SOURCES = sorted(
    {
        ROOT / "template.yaml",
        *(ROOT / "src").glob("**/Makefile"),
        *(ROOT / "src").glob("**/*.py"),
        *(ROOT / "src").glob("**/*.toml"),
    }
)


def test_every_page_that_a_message_names_exists() -> None:
    """Messages, descriptions and comments name pages and headings that exist."""
    mentions = {
        (name, anchor)
        for source in SOURCES
        for name, anchor in MENTION.findall(source.read_text("utf-8"))
    }
    assert ("docs/deploy.md", "byte-code") in mentions
    for name, anchor in mentions:
        assert (ROOT / name).is_file(), name
        assert not anchor or anchor in _anchors(ROOT / name), f"{name}#{anchor}"


def test_the_index_lists_every_page() -> None:
    """docs/README.md links to each page of the documentation exactly once."""
    linked = [(INDEX.parent / name).resolve() for name, _ in LINK.findall(_prose(INDEX))]
    pages = [page for page in PAGES if page.parent == ROOT / "docs" and page != INDEX]
    assert [] == [page.name for page in pages if linked.count(page) != 1]


@pytest.mark.parametrize(
    ("text", "anchors"),
    [
        ("# 1. What you need\n", {"1-what-you-need"}),
        ("## Twice\n## Twice\n", {"twice", "twice-1"}),
        ('<a id="RSP001"></a>\n', {"RSP001"}),
        ("## `--host` [and](x.md) more\n", {"--host-and-more"}),
        ("```sh\n# a comment\n```\n", set()),
    ],
)
def test_an_anchor_is_made_as_github_makes_it(text: str, anchors: set[str], tmp_path: Path) -> None:
    """Punctuation goes, blanks become hyphens, a second heading gets a number; code has none."""
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    assert anchors == _anchors(page)

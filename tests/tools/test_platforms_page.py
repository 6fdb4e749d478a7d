"""``python -m tools.platforms_page``: docs/platforms.md has the table that the judge uses."""

from pathlib import Path

from claimsctl.judge.platforms import platforms

from tools.platforms_page import page

ROOT = Path(__file__).parents[2]


def test_the_page_is_fresh() -> None:
    """It is written anew when the table changes, and has every entry."""
    assert page() == (ROOT / "docs/platforms.md").read_text("utf-8")
    for each in platforms():
        assert each.do in page()

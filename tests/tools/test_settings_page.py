"""``python -m tools.settings_page``: docs/settings.md has the template's parameters."""

from pathlib import Path

import pytest

from tools.settings_page import TEMPLATE, main, page, table

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/settings.md"


def test_the_page_is_fresh() -> None:
    """A changed parameter or description is written into the page."""
    assert 0 == main(["--check", str(PAGE)])


def test_a_stale_page_is_found_and_written(tmp_path: Path) -> None:
    """`--check` changes nothing and ends with 1; without it the page is made fresh."""
    path = tmp_path / "settings.md"
    stale = "a\n<!-- parameters: made by make events -->\n<!-- end of parameters -->\nb\n"
    path.write_text(stale, "utf-8")
    assert 1 == main(["--check", str(path)])
    assert stale == path.read_text("utf-8")
    assert (0, 0) == (main([str(path)]), main(["--check", str(path)]))
    assert path.read_text("utf-8").startswith("a\n<!--")
    assert path.read_text("utf-8").endswith("-->\nb\n")


def test_a_page_without_a_place_for_the_table_is_an_error() -> None:
    """The markers are named, and there is exactly one pair of them."""
    with pytest.raises(ValueError, match="expected one part"):
        page("", TEMPLATE.read_text("utf-8"))


@pytest.mark.parametrize(
    ("declared", "row"),
    [
        ("Description: A.", "| `P` | required | A. |"),
        ("{Description: A., Default: b, AllowedValues: [a, b]}", "| `P` | a, **b** | A. |"),
        (
            "{Description: A., Default: 2, MinValue: 1, MaxValue: 9}",
            "| `P` | 1\N{EN DASH}9, **2** | A. |",
        ),
        ("{Description: A., Default: 0, MinValue: 0}", "| `P` | **0** | A. |"),
        ('{Description: A., Default: ""}', "| `P` |  | A. |"),
        ("Description: See docs/cost.md.", "| `P` | required | See [cost](cost.md). |"),
    ],
)
def test_a_row_has_the_values_and_the_default(declared: str, row: str) -> None:
    """The default is in bold, a parameter without one is required, a page's name is a link."""
    separator = " " if declared.startswith("{") else "\n    "
    (_, _, made) = table(f"Parameters:\n  P:{separator}{declared}\n")
    assert row == made


def test_a_variable_is_below_the_parameter_that_sets_it() -> None:
    """Every environment variable of the function is in the table."""
    text = TEMPLATE.read_text("utf-8")
    rows = [line.split(" | ")[0] for line in table(text)]
    assert "| `TenantId`<br>`TENANT_ID`" in rows
    assert "| `EchoClaims`<br>`ECHO_CLAIMS`" in rows
    assert 14 == sum("<br>" in row for row in rows)

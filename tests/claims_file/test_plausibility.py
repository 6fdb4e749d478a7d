"""Values that are hardly meant: counted by column, with the first lines."""

from pathlib import Path

import pytest
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.plausibility import suspicions
from claimsctl.claims_file.validation import check_file

from tests.claims_file.files import TENANT


def _warnings(path: Path, content: str, **options: object) -> tuple[str, ...]:
    path.write_text(content, encoding="utf-8")
    with check_file(path, ReadOptions(tenant=TENANT, **options)) as checked:  # type: ignore[arg-type]
        return checked.warnings


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("NULL", "a word for a missing value"),
        ("null", "a word for a missing value"),
        ("(NULL)", "a word for a missing value"),
        ("\\N", "a word for a missing value"),
        ("#N/A", "a word for a missing value"),
        ("None", "a word for a missing value"),
        ("undefined", "a word for a missing value"),
        ("System.String[]", "the name of a type instead of a value"),
        ("System.Collections.Generic.List`1[System.String]", "the name of a type instead of a "),
        ("Microsoft.Graph.PowerShell.Models.MicrosoftGraphUser", "the name of a type instead"),
        ("[object Object]", "the name of a type instead of a value"),
        ("@{Name=x; Id=y}", "the name of a type instead of a value"),
        (" gold", "leading or trailing blanks"),
        ("gold\u00a0", "leading or trailing blanks"),
        ("'0123", "a leading apostrophe"),
        ("#REF!", "a spreadsheet error"),
        ("M?ller", "characters damaged by a wrong encoding"),
        ("M\ufffdller", "characters damaged by a wrong encoding"),
        ("M\u00c3\u00bcller", "characters damaged by a wrong encoding"),
    ],
)
def test_a_value_that_is_hardly_meant(text: str, what: str) -> None:
    """Each kind is called by its name."""
    assert [what] == [found[: len(what)] for found, _ in suspicions(text)]


@pytest.mark.parametrize(
    "text",
    ["gold", "Nullable", "System administrator", "Why?", "'quoted'", "https://x/?a=b", "", "Müller",
     "Microsoft", "#1", "a b", "7"],
)  # fmt: skip
def test_a_value_that_is_well_meant(text: str) -> None:
    """Usual values cause no warning, since false warnings teach users to ignore the others."""
    assert [] == list(suspicions(text))


def test_values_are_counted_by_column(tmp_path: Path) -> None:
    """One line for a column and a kind, with the count and the first lines, and what helps."""
    rows = "".join(f"u{number}@x,NULL,a|NULL\n" for number in range(5))
    assert (
        (
            "tier: a word for a missing value in 5 values, such as 'NULL' (lines 2, 3, 4, …); "
            "to read it as empty, add --null 'NULL'"
        ),
        (
            "roles: a word for a missing value in 5 values, such as 'NULL' (lines 2, 3, 4, …); "
            "to read it as empty, add --null 'NULL'"
        ),
    ) == _warnings(tmp_path / "claims", f"user,tier,roles\n{rows}")


def test_what_an_option_cures_is_not_warned_of(tmp_path: Path) -> None:
    """The option that a warning names takes it away."""
    content = "user,tier,name\na@b,NULL, x\n"
    assert () == _warnings(tmp_path / "claims", content, nulls=("NULL",), trim=True)

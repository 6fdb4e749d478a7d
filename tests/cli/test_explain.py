"""`claimsctl explain`: what a code means, at the terminal."""

import json

import pytest

from tests.cli.command import Run
from tools.findings_page import page


def test_a_code_is_explained(run: Run) -> None:
    """Meaning, causes, how to check, how to fix, related codes, documentation and our page."""
    outcome = run("explain", "1003012")
    assert (0, "") == (outcome.exit_code, outcome.err)
    lines = outcome.out.splitlines()
    assert "1003012  CustomExtensionInvalidActionType" == lines[0]
    for line in ("Usual causes", "How to check", "How to fix", "See also: RSP007"):
        assert line in lines
    assert lines[-2].startswith("https://learn.microsoft.com/")
    assert "docs/findings.md#1003012" == lines[-1]


@pytest.mark.parametrize("code", ["1003005", "50146", "rsp010"])
def test_it_is_explained_to_machines(run: Run, code: str) -> None:
    """`--json`: the same, as an object."""
    outcome = run("explain", code, "--json")
    entry = json.loads(outcome.out)
    assert (0, True) == (outcome.exit_code, entry["id"].lower().endswith(code))
    assert {
        "id", "kind", "name", "meaning", "causes", "check", "cure", "see", "source", "doc",
    } == entry.keys()  # fmt: skip


@pytest.mark.parametrize(
    ("code", "note"),
    [
        ("RSP010", "The documentation does not say this; it is our reading."),
        ("AADSTS1100001", "The documentation does not say this; it is from users' reports."),
    ],
)
def test_what_is_not_documented_says_so(run: Run, code: str, note: str) -> None:
    """The command and the page of findings have the same note about the source."""
    assert note in run("explain", code).out.splitlines()
    assert note in page()


def test_an_unknown_code_is_2(run: Run) -> None:
    """What was asked, what is expected, and what is near."""
    outcome = run("explain", "RSP07")
    assert (2, "") == (outcome.exit_code, outcome.out)
    first, *near = outcome.err.splitlines()
    assert (
        "claimsctl: RSP07: unknown code; expected a code such as 1003005, AADSTS50146, IDX10205 or"
        " RSP001; similar codes:" == first
    )
    assert "  RSP007  The action's type is wrong" in near
    next_step = "; check the digits, or paste the whole message\n"
    assert run("explain", "999999").err.endswith(f" or RSP001{next_step}")


def test_a_pasted_line_is_explained(run: Run) -> None:
    """Words need no quotes; each code in them is explained, the cause first."""
    outcome = run("explain", "AADSTS1100001:", "non-retryable", "error,", "code", "1003021")
    assert 0 == outcome.exit_code
    heads = [line for line in outcome.out.splitlines() if line.startswith(("1003", "AADSTS"))]
    assert ["1003021", "AADSTS1100001"] == [head.split()[0] for head in heads]
    both = json.loads(run("explain", "1003021 AADSTS1100001", "--json").out)
    assert ["1003021", "AADSTS1100001"] == [entry["id"] for entry in both]

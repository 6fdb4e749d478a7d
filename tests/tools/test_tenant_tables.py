"""The tables of docs/tenant.md."""

from pathlib import Path

import pytest
from claimsctl.tenant.chain import LINKS
from claimsctl.tenant.checks import TENANT_CHECKS

from tests.cli.command import ROOT
from tools.tenant_tables import main, page

_EMPTY = "\n".join(
    f"<!-- {name}: made by make events -->\n<!-- end of {name} -->"
    for name in ("chain", "symptoms")
)


def test_every_link_and_finding_is_on_the_page() -> None:
    """The page names each link of the chain, and each finding by its symptom."""
    text = (ROOT / "docs/tenant.md").read_text("utf-8")
    for link in LINKS:
        assert f"| {link.title} |" in text
    for id_ in TENANT_CHECKS:
        assert f"[{id_}](findings.md#{id_.lower()})" in text


def test_a_link_without_errors_has_its_findings_among_the_silent_ones() -> None:
    """What a missing listener or policy causes is no error: its findings explain missing claims."""
    silent = page(_EMPTY).partition("- no error, but no claims:\n")[2]
    for link in LINKS:
        for id_ in link.findings if not link.errors else ():
            assert f"  - [{id_}]" in silent


def test_the_page_in_the_repository_is_fresh() -> None:
    """The tables match the chain and the findings."""
    assert 0 == main(["--check", str(ROOT / "docs/tenant.md")])


def test_a_stale_page_is_found_and_written(tmp_path: Path) -> None:
    """Comparing changes nothing; writing makes it fresh."""
    path = tmp_path / "tenant.md"
    path.write_text(_EMPTY, "utf-8")
    assert (1, 0, 0) == (
        main(["--check", str(path)]),
        main([str(path)]),
        main(["--check", str(path)]),
    )
    with pytest.raises(ValueError, match="expected one section"):
        page("")

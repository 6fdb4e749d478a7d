"""The commands and files that the documentation shows are accepted by `claimsctl`."""

import re
from functools import cache
from pathlib import Path

import pytest
from claimsctl.claims_file.schema import read_schema
from claimsctl.cli.main import LazyCommand, command_tree
from claimsctl.entra.token_claims import TENANT_ID
from claimsctl.tenant.config import read_config
from typer.core import TyperGroup

from tests.cli.command import MEMBER, ROOT, Run

PAGES = sorted({ROOT / "README.md", ROOT / "SECURITY.md", *ROOT.glob("docs/*.md")})
CODE = re.compile(r"^ *```(?:sh|console)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`(claimsctl [^`]+)`(?!`)")


def _shown(page: Path) -> list[str]:
    """Each command of the page, continued lines joined, without comment and redirection.

    Those with an ellipsis, which mean several, are left out.
    """
    text = page.read_text("utf-8")
    code = "".join(CODE.findall(text)).replace("\\\n", " ")
    lines = re.findall(r"^(?:\$ )?(claimsctl .+)$", code, re.MULTILINE)
    spans = [" ".join(span.split()) for span in SPAN.findall(text)]
    commands = [re.split(r" +[#>|] ?|\$\(", command)[0] for command in lines + spans]
    return [command for command in commands if "\N{HORIZONTAL ELLIPSIS}" not in command]


@cache
def _options(name: str, sub_name: str) -> frozenset[str] | None:
    """The options of a command, of none if there is no such command."""
    command = command_tree().commands.get(name)
    if isinstance(command, TyperGroup):
        command = command.commands.get(sub_name)
    if not isinstance(command, LazyCommand):
        return None
    names = {each for parameter in command.load().params for each in parameter.opts}
    return frozenset(names | {"--help"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_and_its_options_exist(page: Path) -> None:
    """No page shows a command or an option that `claimsctl` does not have."""
    wrong = []
    for command in _shown(page):
        _, name, *rest = command.split()
        sub_name = rest[0] if rest else ""
        is_group = isinstance(command_tree().commands.get(name), TyperGroup)
        options = _options(name, sub_name if is_group else "")
        asked = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", command))
        if options is None or asked - options:
            wrong.append(command)
    assert [] == [each for each in wrong if each not in GENERAL]


GENERAL = {"claimsctl --help", "claimsctl COMMAND --help", "claimsctl --version"}
"""Of the program itself, or of any command."""


def test_the_files_of_the_tutorial_are_valid(tmp_path: Path) -> None:
    """`entra.toml` and `claims.toml` of docs/tutorial.md are read, with ids in their places."""
    page = (ROOT / "docs/tutorial.md").read_text("utf-8")
    entra, claims = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for name, number in (("TENANT_ID", 1), ("TEST_APP_ID", 2)):
        assert name in entra
        entra = entra.replace(name, f"{number:08}-1111-4111-8111-111111111111")
    (tmp_path / "entra.toml").write_text(entra, "utf-8")
    (tmp_path / "claims.toml").write_text(claims, "utf-8")
    assert "entra-claims-provider" == read_config(tmp_path / "entra.toml").endpoint.stack
    assert ["tier"] == list(read_schema(tmp_path / "claims.toml").claims)


def test_the_file_of_claims_of_the_tutorial_is_loaded(run: Run, tmp_path: Path) -> None:
    """The file of step 5, for the samples' tenant, gives every user its claim."""
    page = (ROOT / "docs/tutorial.md").read_text("utf-8")
    (rows,) = re.findall(r"^```csv\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    file = tmp_path / "tier.csv"
    file.write_text(rows.replace("TENANT_ID", TENANT_ID), "utf-8")
    outcome = run("invoke", MEMBER, "--claims", file)
    assert (0, True) == (outcome.exit_code, '"tier": "gold"' in outcome.out), outcome

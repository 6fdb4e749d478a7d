"""Commands that need the extra `local`, where it is not installed."""

import pytest
from claimsctl.cli import local_options

from tests.cli.command import MEMBER, Run


@pytest.mark.parametrize(
    "arguments", [("demo",), ("invoke", MEMBER), ("serve",)], ids=["demo", "invoke", "serve"]
)
def test_a_missing_extra_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """One line names the extra, the packages and the command that installs them; exit code 2."""
    monkeypatch.setattr(local_options, "find_spec", lambda name: None if name == "moto" else name)
    outcome = run(*arguments)
    assert (2, "") == (outcome.exit_code, outcome.out)
    assert (
        "claimsctl: this command requires the extra local, which is not installed (missing"
        " packages: moto). To install it, run in the project's clone: pip install '.[local]'\n"
    ) == outcome.err

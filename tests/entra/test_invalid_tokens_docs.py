"""docs/local.md lists every invalid token with its current texts."""

import re
from pathlib import Path

from claimsctl.emulator.authorizer import Reason
from claimsctl.entra.invalid_tokens import INVALID_TOKENS

DOCUMENT = (Path(__file__).parents[2] / "docs/local.md").read_text("utf-8")


def test_the_page_lists_the_recipes() -> None:
    """Name, what is wrong, which component refuses it, the reason in the log: in order.

    `claimsctl token --help` says what each teaches.
    """
    row = re.compile(r"^\| `([\w-]+)` \| (.+) \| (gateway|function) \| `(.+)` \|$", re.MULTILINE)
    assert [
        (name.value, recipe.about, recipe.refused_by.value, recipe.reason)
        for name, recipe in INVALID_TOKENS.items()
    ] == row.findall(DOCUMENT)


def test_every_reason_is_told() -> None:
    """The page explains every reason in the local gateway's log."""
    assert [] == [reason.value for reason in Reason if f"`{reason.value}`" not in DOCUMENT]

"""docs/local.md lists every wrong token as it is."""

import re
from pathlib import Path

from claimsctl.emulator.authorizer import Reason
from claimsctl.entra.invalid_tokens import FORGERIES

DOCUMENT = (Path(__file__).parents[2] / "docs/local.md").read_text("utf-8")


def test_the_table_is_the_codes() -> None:
    """Name, what it is, who refuses it and the word in the log: row by row, in order."""
    row = re.compile(r"^\| `([\w-]+)` \| (.+) \| (gateway|function) \| `(.+)` \|$", re.MULTILINE)
    assert [
        (name.value, forgery.about, forgery.refused_by.value, forgery.reason)
        for name, forgery in FORGERIES.items()
    ] == row.findall(DOCUMENT)


def test_every_reason_is_told() -> None:
    """Whatever word the local gateway's log has can be looked up."""
    assert [] == [reason.value for reason in Reason if f"`{reason.value}`" not in DOCUMENT]

"""Texts that stand in many rows of a file, read once.

The fast checks of whole rows rest on this. They let pass what is plainly good, and leave the rest
to `row`, which alone decides what is wrong and says so.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claimsctl.claims_file import fields
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.row import Row
from claimsctl.claims_file.schema import ClaimRule

Check = Callable[[Any], Row | list[FieldProblem]]
"""A row as its file has it → what it says, or what is wrong with it."""

MEMBERS_MAX = 1000
"""More members than a list within 3 KB has reason to have; longer ones are looked at closely."""

_KNOWN_MAX = 4096
_LENGTH_MAX = 256

is_plain_guid = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
).fullmatch


class Known(dict[str, Any]):
    """What texts have been read as; forgotten when there are too many."""

    def __init__(self, read: Callable[[str], Any], always: Mapping[str, Any]) -> None:
        super().__init__(always)
        self._read = read
        self._always = always

    def __missing__(self, text: str) -> Any:
        value = self._read(text)
        if len(text) <= _LENGTH_MAX:
            if len(self) >= _KNOWN_MAX:
                self.clear()
                self.update(self._always)
            self[text] = value
        return value


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """How texts say whose claims a row holds, and until when."""

    tenants: Known
    apps: Known
    moments: Known

    @classmethod
    def of(cls, options: ReadOptions) -> "KnownKeys":
        """None known yet but what an empty text means."""
        default = {} if options.tenant is None else {"": options.tenant}
        return cls(
            Known(fields.tenant_id, default),
            Known(fields.app_id, {"": None}),
            Known(fields.expires_at, {"": options.expires_at}),
        )


def read_user(text: str) -> str | None:
    """The user that is no plain GUID. Raises `FieldProblem`."""
    return fields.user(text) if text else None


def rule_of(name: str, options: ReadOptions) -> ClaimRule | None:
    """The claim's rule, where there is a catalogue. Raises `FieldProblem`."""
    return None if options.catalogue is None else options.catalogue.rule(name)


def check_short(name: str, members: Sequence[str]) -> None:
    """Raise `FieldProblem` for a list so long that the item's size has to be looked at."""
    if len(members) > MEMBERS_MAX:
        raise FieldProblem(name, "to be looked at closely")

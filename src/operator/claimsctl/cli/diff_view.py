"""A plan as lines for people and fields for machines."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from claimsctl.claims_file.fields import EXPIRES_AT
from claimsctl.claims_table.diff import Attribute, Change, ChangeKind
from claimsctl.claims_table.items import moment, plain
from claimsctl.text import escaped

_MARKS = {
    ChangeKind.ADD: ("+", "green"),
    ChangeKind.CHANGE: ("~", "yellow"),
    ChangeKind.REMOVE: ("-", "red"),
    ChangeKind.SAME: ("=", "dim"),
    ChangeKind.KEEP: ("=", "dim"),
    ChangeKind.REJECT: ("!", "red"),
}
_WORDS = {
    ChangeKind.ADD: "to add",
    ChangeKind.CHANGE: "to change",
    ChangeKind.SAME: "the same",
    ChangeKind.REMOVE: "to remove",
    ChangeKind.KEEP: "to keep though they differ",
    ChangeKind.REJECT: "to reject",
}


def change_lines(change: Change) -> Iterator[Text]:
    """The item's key, then a line for each value: old → new."""
    mark, colour = _MARKS[change.kind]
    yield Text(f"{mark} {escaped(change.key.pk)} {escaped(change.key.sk)}", style=colour)
    for value in change.values():
        match change.kind:
            case ChangeKind.CHANGE | ChangeKind.KEEP:
                told = f"{_shown(value.name, value.old)} → {_shown(value.name, value.new)}"
            case ChangeKind.REMOVE:
                told = _shown(value.name, value.old)
            case _:
                told = _shown(value.name, value.new)
        yield Text(f"    {escaped(value.name)}  {escaped(told)}")


def change_fields(change: Change) -> dict[str, Any]:
    """The same for machines: values are as DynamoDB's API has them, null where there is none."""
    return {
        "change": change.kind.value,
        "pk": change.key.pk,
        "sk": change.key.sk,
        "values": {value.name: {"old": value.old, "new": value.new} for value in change.values()},
    }


def summary(counts: Mapping[ChangeKind, int], *, prune: bool) -> str:
    """What a plan comes to, in one line."""
    always = {ChangeKind.ADD, ChangeKind.CHANGE, ChangeKind.SAME}
    if prune:
        always.add(ChangeKind.REMOVE)
    kinds = [kind for kind in ChangeKind if kind in always or counts.get(kind)]
    return ", ".join(f"{counts.get(kind, 0)} {_WORDS[kind]}" for kind in kinds)


def _shown(name: str, attribute: Attribute | None) -> str:
    if attribute is None:
        return "nothing"
    return moment(attribute) if name == EXPIRES_AT else plain(attribute)

"""An item of the table as lines of text."""

from collections.abc import Iterable, Iterator
from typing import Any

from claims_provider.claims.item import CLAIMS, EXPIRES_AT, HIDDEN_CLAIMS, Item, read_item
from claims_provider.claims.key import EVERY_APP, LayerKey
from claims_provider.errors import StoreFailure
from rich.text import Text

from claimsctl.claims_file.dynamodb_json import plain
from claimsctl.claims_table.effective_claims import ClaimEffect, SignIn
from claimsctl.claims_table.items import key_of, moment
from claimsctl.text import escaped


def item_lines(item: Item, now: float) -> Iterator[Text]:
    """Yield the item's key, whether it applies at `now`, and its attributes."""
    yield _heading(item, now)
    match item.get(CLAIMS, {"M": {}}):
        case {"M": dict(claims)}:
            yield from _claim_lines((name, value, "") for name, value in sorted(claims.items()))
    yield from _hidden_lines(item)


def layer_lines(sign_in: SignIn, place: int, now: float) -> Iterator[Text]:
    """Yield the same for an item that a sign-in reads, with the effect of each claim."""
    found = sign_in.found[place]
    if found.layer is None:
        yield from item_lines(found.item, now)
        return
    yield _heading(found.item, now)
    yield from _claim_lines(
        (name, value, _effect_text(effect, by))
        for name, value, effect, by in sign_in.effects(place)
    )
    yield from _hidden_lines(found.item)


def key_text(key: LayerKey) -> str:
    """Return `key` as text: whose item it is, and for which app."""
    return escaped(f"{key.pk} {key.sk}")


def _heading(item: Item, now: float) -> Text:
    key = key_of(item)
    heading = Text(key_text(key), style="bold")
    heading.append(f"  {_title(key)}", style="not bold dim")
    state, is_fine = _state(item, now)
    return heading.append(f"  {state}" if state else "", style="not bold" if is_fine else "red")


def _title(key: LayerKey) -> str:
    whose = "the tenant's default" if key.pk.startswith("TENANT#") else "the user"
    return f"{whose}, {'every app' if key.sk == EVERY_APP else 'one app'}"


def _state(item: Item, now: float) -> tuple[str, bool]:
    try:
        layer = read_item(item, now)
    except StoreFailure as failure:
        attribute = str(failure.evidence.get("attribute", CLAIMS))
        stored = plain(item[attribute])
        reason = f"invalid: {attribute} is {stored}; the function reports a store failure"
        return escaped(reason), False
    if EXPIRES_AT not in item:
        return "", True
    until = escaped(moment(item[EXPIRES_AT]))
    return (f"expires {until}", True) if layer is not None else (f"expired {until}", False)


def _claim_lines(claims: Iterable[tuple[str, Any, str]]) -> Iterator[Text]:
    lines = [(escaped(name), escaped(plain(value)), effect) for name, value, effect in claims]
    width = max((len(name) for name, _, _ in lines), default=0)
    for name, value, effect in lines:
        line = Text(f"  {name:{width}}  ", style="cyan")
        line.append(value, style="default")
        yield line.append(f"  {effect}" if effect else "", style="dim")


def _hidden_lines(item: Item) -> Iterator[Text]:
    if HIDDEN_CLAIMS in item:
        yield Text(escaped(f"  hides {plain(item[HIDDEN_CLAIMS])}"))


def _effect_text(effect: ClaimEffect, by: LayerKey | None) -> str:
    return effect.value if by is None else f"{effect.value} {_title(by)}"

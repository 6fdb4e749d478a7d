"""A code as somebody types it → its entry, or the nearest ones."""

import difflib
import re

from claimsctl.catalogue.entry import Entry, entries

_NEAREST = 3


def look_up(asked: str) -> Entry | None:
    """The entry with that id or name, in any case; an AADSTS number may come without AADSTS."""
    known = entries()
    wanted = _plain(asked)
    for id_, entry in known.items():
        if wanted in (_plain(id_), _plain(entry.name)):
            return entry
    return known.get(f"AADSTS{wanted}")


def nearest(asked: str) -> list[Entry]:
    """The entries whose ids or names look most like it, best first."""
    known = {
        spelling: entry
        for entry in entries().values()
        for spelling in (_plain(entry.id), _plain(entry.name))
    }
    wanted = _plain(asked)
    close = [
        match
        for prefix in ("", "aadsts" if wanted.isdecimal() else "")
        for match in difflib.get_close_matches(prefix + wanted, known, _NEAREST)
    ]
    found = {known[match].id: known[match] for match in close}
    return list(found.values())[:_NEAREST]


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text).lower()

"""Read the rows of an answer of the Log Analytics query API one by one.

Source: Azure Monitor's "API response format": ``tables``, each with ``name``, ``columns`` and
``rows``. A ``dynamic`` value of a table is JSON text in a row.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from claimsctl.signin.json_values import TextSource, Unreadable, Window
from claimsctl.signin.records import columns_that_count

_TABLES: Final = re.compile(r'\s*+\{\s*+"tables"\s*+:\s*+\[')
_NAME: Final = re.compile(r'[\s,{}\[\]]*+"(\w++)"\s*+:\s*+(?=\S)')
_ROWS: Final = re.compile(r"\[\s*+")
_AFTER_ROW: Final = re.compile(r"\s*+(?:,\s*+(?=\[)|(?=\]))")
_NEXT_ROW: Final = re.compile(r"\]\s*+,\s*+(?=\[)")


def is_query_answer(head: str) -> bool:
    """Return whether the text that begins with `head` is an answer of the query API."""
    return _TABLES.match(head) is not None


def rows_of_tables(head: str, source: TextSource) -> Iterator[Any]:
    """Yield each row as an object; `Unreadable` for an invalid row."""
    window = Window(head, source)
    columns: list[str] = []
    while name := _matched(window, _NAME):
        if name[1] == "rows" and _matched(window, _ROWS):
            yield from _rows(window, columns)
        elif name[1] != "tables":
            value = window.value()
            if isinstance(value, Unreadable):
                yield value
                return
            if name[1] == "columns" and isinstance(value, list):
                columns = [str(column.get("name")) for column in value if isinstance(column, dict)]


def _rows(window: Window, columns: list[str]) -> Iterator[Any]:
    counted = columns_that_count(columns)
    while window.at < len(window.text) and window.text[window.at] == "[":
        row = window.value()
        if isinstance(row, list) and len(row) == len(columns):
            yield {name: row[place] for name, place in counted.items()}
        elif isinstance(row, list):
            yield Unreadable.COLUMNS
        else:
            yield row
        if not _matched(window, _AFTER_ROW):
            _next_row(window)


def _next_row(window: Window) -> None:
    """Go to the possible start of the next row, or to the end."""
    while not (found := _NEXT_ROW.search(window.text, window.at)):
        window.at = len(window.text)
        if not window.fill():
            return
    window.at = found.end()


def _matched(window: Window, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """Go past the match of `pattern`, if any."""
    found = pattern.match(window.text, window.at)
    if found is None and window.fill():
        found = pattern.match(window.text, window.at)
    if found is not None:
        window.at = found.end()
    return found

"""The part of the Kusto Query Language that docs/queries uses, on Python rows."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

Row = dict[str, Any]

PRELUDE: Final = re.compile(
    r"// [^\n]+\n// Every token issuance callout of the time.*?\n(let Callouts = .*?;)\n", re.DOTALL
)
_AGGREGATES: Final[dict[str, Callable[[list[Row], str], Any]]] = {
    "count": lambda rows, _: len(rows),
    "countif": lambda rows, test: sum(bool(value_of(test, row)) for row in rows),
    "min": lambda rows, name: min(row[name] for row in rows),
    "max": lambda rows, name: max(row[name] for row in rows),
}


def callouts(records: Iterable[Row]) -> list[Row]:
    """Return the rows of the queries' `let Callouts` for the two tables."""
    found = []
    for record in records:
        listeners = record["AppliedEventListeners"]
        for listener in json.loads(listeners) if isinstance(listeners, str) else listeners:
            if listener["eventType"].lower() != "tokenissuancestart":
                continue
            result = listener["handlerResult"]
            found.append(
                {name: record[name] for name in ("TimeGenerated", "CorrelationId", "AppId")}
                | {
                    "Attempts": result["numberOfAttempts"],
                    "Status": result["httpStatus"],
                    "Code": result["errorCode"] or 0,
                    "Extension": result["customExtensionId"],
                }
            )
    return found


def run(query: str, rows: list[Row]) -> list[Row]:
    """Return the rows after the operators that follow `Callouts`."""
    head, *operators = PRELUDE.sub("", query).strip().split("\n| ")
    assert "Callouts" == head
    for operator in operators:
        verb, _, rest = operator.partition(" ")
        rows = _OPERATORS[verb](rows, rest)
    return rows


def value_of(expression: str, row: Row) -> Any:
    """Evaluate an expression, whose operators Python has too."""
    assert re.fullmatch(r"[\w\s.,()<>=!*/]+", expression), expression
    return eval(expression, {"round": round, "__builtins__": {}}, row)


def _summarize(rows: list[Row], rest: str) -> list[Row]:
    aggregates, _, by = rest.partition(" by ")
    keys = by.split(", ")
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [
        dict(zip(keys, values, strict=True))
        | {
            name: _AGGREGATES[function](group, argument)
            for name, function, argument in re.findall(r"(\w+) = (\w+)\(([^)]*)\)", aggregates)
        }
        for values, group in groups.items()
    ]


def _order(rows: list[Row], rest: str) -> list[Row]:
    name, direction = rest.removeprefix("by ").split()
    return sorted(rows, key=lambda row: row[name], reverse=direction == "desc")


def _extend(rows: list[Row], rest: str) -> list[Row]:
    name, _, expression = rest.partition(" = ")
    return [{**row, name: value_of(expression, row)} for row in rows]


_OPERATORS: Final[dict[str, Callable[[list[Row], str], list[Row]]]] = {
    "where": lambda rows, rest: [row for row in rows if value_of(rest, row)],
    "summarize": _summarize,
    "extend": _extend,
    "order": _order,
}

"""Which callout is made: a scenario or a file, with single fields set otherwise."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from claimsctl.entra.samples.callouts import body_of
from claimsctl.entra.scenarios import SCENARIOS
from claimsctl.errors import OperatorError

_LITERALS = ("null", "true", "false")
_CONTEXT = ("data", "authenticationContext")


def scenario_named(name: str) -> str:
    """The scenario that `name` is, or is the beginning of.

    Raises `OperatorError` when that is none, or more than one.
    """
    found = [scenario for scenario in SCENARIOS if scenario.startswith(name)]
    if name in SCENARIOS:
        return name
    if len(found) == 1:
        return found[0]
    message = f"no scenario {name!r}; there are {', '.join(SCENARIOS)}"
    raise OperatorError(message)


def scenario_callout(name: str, tenant_id: str | None) -> dict[str, Any]:
    """A scenario's body with a correlation id of its own, of `tenant_id` if given."""
    body = body_of(scenario_named(name))
    body["data"]["authenticationContext"]["correlationId"] = str(uuid.uuid4())
    if tenant_id is not None:
        placeholder = body["data"]["tenantId"]
        body["data"]["tenantId"] = tenant_id
        if "source" in body:
            body["source"] = body["source"].replace(placeholder, tenant_id)
    return body


def set_fields(body: dict[str, Any], changes: Sequence[str]) -> None:
    """Apply changes such as ``user.id=…`` to `body`.

    A path begins at the body, at its ``data`` or at the authentication context, wherever its first
    name is. A value is text; ``null``, ``true``, ``false``, and what begins with ``{``, ``[`` or
    ``"`` are JSON. Raises `OperatorError`.
    """
    for change in changes:
        path, equals, text = change.partition("=")
        names = path.split(".")
        if not equals or not all(names):
            message = f"--set {change}: expected a path and a value such as user.id=…"
            raise OperatorError(message)
        place = _beginning(body, names[0])
        for name in names[:-1]:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                message = f"--set {change}: {name} is no object"
                raise OperatorError(message)
        place[names[-1]] = _value(change, text)


def _beginning(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Where a path that begins with `name` begins; what is nowhere is new in the context."""
    place = body
    for step in _CONTEXT:
        inner = place.get(step)
        if name in place or not isinstance(inner, dict):
            break
        place = inner
    return place


def _value(change: str, text: str) -> Any:
    if text not in _LITERALS and not text.startswith(("{", "[", '"')):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        message = f"--set {change}: begins like JSON and is none; text in quotes is text"
        raise OperatorError(message) from None

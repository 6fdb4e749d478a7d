"""A claims mapping policy: which answered claims get into a token, under which names.

Source: Microsoft's reference of claims customization using a policy. Its ``definition`` is an array
that holds one string of JSON; people keep it in each of the forms that `read_policy` takes.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from claimsctl.errors import OperatorError

SOURCE: Final = "CustomClaimsProvider"
_EXPECTED = (
    "a claims mapping policy: the Graph object with its definition, or the inner "
    '{"ClaimsMappingPolicy": {"ClaimsSchema": […]}}'
)


@dataclass(frozen=True, slots=True)
class MappedClaim:
    """One entry: the claim as the endpoint answers it, and its names in tokens."""

    id: str
    jwt_name: str | None
    saml_name: str | None = None


def read_policy(raw: bytes, name: str) -> tuple[MappedClaim, ...]:
    """The entries of the policy in the file `name` that take a claim of the endpoint.

    Raises `OperatorError` for what is no claims mapping policy.
    """
    schema = _schema_in(_parse(raw, name), name)
    entries = []
    for number, entry in enumerate(schema, start=1):
        if not isinstance(entry, dict):
            message = f"{name}: entry {number} of ClaimsSchema is no object"
            raise OperatorError(message)
        fields = {key.lower(): value for key, value in entry.items()}
        if str(fields.get("source", "")).lower() != SOURCE.lower():
            continue
        id_, jwt_name, saml_name = (
            fields.get(field) for field in ("id", "jwtclaimtype", "samlclaimtype")
        )
        if not isinstance(id_, str) or not all(
            isinstance(given, str | None) for given in (jwt_name, saml_name)
        ):
            message = f"{name}: entry {number} of ClaimsSchema: expected ID and a claim type, text"
            raise OperatorError(message)
        entries.append(MappedClaim(id_, jwt_name, saml_name))
    return tuple(entries)


def _parse(raw: bytes, name: str) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        message = f"{name}: not JSON ({error}); expected {_EXPECTED}"
        raise OperatorError(message) from None


def _schema_in(document: Any, name: str) -> list[Any]:
    match document:
        case {"definition": [str(inner)]} | [str(inner)]:
            return _schema_in(_parse(inner.encode(), name), name)
        case {"value": [only]}:  # an answer of Graph that lists one
            return _schema_in(only, name)
        case {"ClaimsMappingPolicy": {"ClaimsSchema": list(schema)}}:
            return schema
        case {"ClaimsSchema": list(schema)}:
            return schema
        case _:
            message = f"{name}: expected {_EXPECTED}"
            raise OperatorError(message)

"""Read and write the stringified definitions of claims mapping policies."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from claimsctl.entra.token_mapping import SOURCE, MappedClaim, read_policy


def policy_definition(claims: Iterable[MappedClaim], *, saml: bool) -> str:
    """Return the definition that maps `claims` into an application's tokens, as text."""
    return _text({"Version": 1, "IncludeBasicClaimSet": "true"}, [_entry(c, saml) for c in claims])


def merged_definition(held: Sequence[str], claims: Sequence[MappedClaim], *, saml: bool) -> str:
    """Return the definition `held` with `claims` added, which replace those of the same name."""
    found = _parts(held)
    if found is None:
        return policy_definition(claims, saml=saml)
    head, schema = found
    added = [_entry(claim, saml) for claim in claims]
    kind = "SamlClaimType" if saml else "JwtClaimType"
    names = {entry[kind] for entry in added}
    return _text(head, [*(one for one in schema if _member(one, kind) not in names), *added])


def own_definition(held: Sequence[str], claims: Sequence[MappedClaim], *, saml: bool) -> str:
    """Return the definition `held` with `claims` as the provider's only claims.

    Other entries are kept. The text is the same if nothing differs.
    """
    found = _parts(held)
    if found is None:
        return policy_definition(claims, saml=saml)
    head, schema = found
    others = [one for one in schema if str(_member(one, "Source")).lower() != SOURCE.lower()]
    wanted = [*others, *(_entry(claim, saml) for claim in claims)]
    return held[0] if wanted == schema else _text(head, wanted)


def _parts(held: Sequence[str]) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """Return a definition's members without the schema, and the schema; ``None`` if invalid."""
    try:
        policy = dict(_member(json.loads(held[0]), "ClaimsMappingPolicy"))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    schema = _member(policy, "ClaimsSchema")
    head = {name: value for name, value in policy.items() if name.lower() != "claimsschema"}
    entries = schema if isinstance(schema, list) else []
    return head, [entry for entry in entries if isinstance(entry, dict)]


def _member(value: dict[str, Any], name: str) -> Any:
    """Return a member by its name, ignoring case as `read_policy` does."""
    return next((held for key, held in value.items() if key.lower() == name.lower()), None)


def mapped_in(definition: Sequence[str], name: str) -> tuple[MappedClaim, ...]:
    """Return the provider's claims in a policy's definition. Raises `OperatorError` with `name`."""
    return read_policy(json.dumps({"definition": list(definition)}).encode(), name)


def _entry(claim: MappedClaim, saml: bool) -> dict[str, str]:  # noqa: FBT001
    kind = "SamlClaimType" if saml else "JwtClaimType"
    name = (claim.saml_name if saml else claim.jwt_name) or claim.jwt_name or claim.id
    return {"Source": SOURCE, "ID": claim.id, kind: name}


def _text(head: dict[str, Any], schema: list[Any]) -> str:
    policy = {"ClaimsMappingPolicy": {**head, "ClaimsSchema": schema}}
    return json.dumps(policy, separators=(",", ":"), ensure_ascii=False)

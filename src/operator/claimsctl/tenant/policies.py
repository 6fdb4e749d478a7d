"""Claims mapping policies: what their stringified definition says, and how to write one."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from claimsctl.entra.token_mapping import SOURCE, MappedClaim, read_policy


def policy_definition(claims: Iterable[MappedClaim], *, saml: bool) -> str:
    """The definition that takes `claims` into an application's tokens, as Graph wants it: text."""
    return _text({"Version": 1, "IncludeBasicClaimSet": "true"}, [_entry(c, saml) for c in claims])


def merged_definition(held: Sequence[str], claims: Sequence[MappedClaim], *, saml: bool) -> str:
    """The definition `held` with `claims` added, those of the same token name replaced."""
    policy: dict[str, Any] = {}
    try:
        policy = dict(json.loads(held[0])["ClaimsMappingPolicy"])
        schema = [entry for entry in policy.pop("ClaimsSchema", []) if isinstance(entry, dict)]
    except (ValueError, LookupError, TypeError):
        return policy_definition(claims, saml=saml)
    added = [_entry(claim, saml) for claim in claims]
    kind = "SamlClaimType" if saml else "JwtClaimType"
    names = {entry[kind] for entry in added}
    return _text(policy, [*(one for one in schema if one.get(kind) not in names), *added])


def mapped_in(definition: Sequence[str], name: str) -> tuple[MappedClaim, ...]:
    """The claims of the provider in a policy's definition. Raises `OperatorError`, with `name`."""
    return read_policy(json.dumps({"definition": list(definition)}).encode(), name)


def _entry(claim: MappedClaim, saml: bool) -> dict[str, str]:  # noqa: FBT001
    kind = "SamlClaimType" if saml else "JwtClaimType"
    name = (claim.saml_name if saml else claim.jwt_name) or claim.jwt_name or claim.id
    return {"Source": SOURCE, "ID": claim.id, kind: name}


def _text(head: dict[str, Any], schema: list[Any]) -> str:
    policy = {"ClaimsMappingPolicy": {**head, "ClaimsSchema": schema}}
    return json.dumps(policy, separators=(",", ":"), ensure_ascii=False)

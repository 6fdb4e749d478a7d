"""Valid and invalid callout bodies as sample files."""

import json
from dataclasses import dataclass
from typing import Any

from claims_provider.contract.limits import BODY_BYTES_MAX, BODY_DEPTH_MAX
from claimsctl.entra.callout import body_of


@dataclass(frozen=True, slots=True)
class EventFile:
    """A sample file, and the function's answer to it."""

    name: str
    content: bytes
    status: int
    code: str | None
    """The ``code`` of the problem+json answer, or ``None`` for claims."""
    about: str
    status_open: int | None = None
    """The status under ``CALLER_VERIFICATION=none``, if different."""


def pretty(document: Any) -> bytes:
    """Return `document` as indented JSON."""
    return json.dumps(document, indent=2).encode() + b"\n"


def callout_files() -> list[EventFile]:
    """Return ``callout/``: what Entra sends, and unusual callouts that must also work."""
    about = {
        "member": "a member of the tenant, with every field present",
        "local-account": "an external tenant's local account: no mail, no given name, IPv6",
        "social-account": "a social account: no user principal name",
        "guest": "a B2B guest: `#EXT#` in the user principal name",
        "saml": "a synchronised user signing in to a SAML app",
        "minimal": "only the fields that are always present, for a user without claims",
    }
    files = [_good(name, body_of(name), text) for name, text in about.items()]
    nulls = body_of("member")
    context = nulls["data"]["authenticationContext"]
    for name in ("correlationId", "client", "clientServicePrincipal", "resourceServicePrincipal"):
        context[name] = None
    context["user"] = dict.fromkeys(context["user"]) | {"id": context["user"]["id"]}
    unknown = body_of("member")
    for level in (unknown, unknown["data"], unknown["data"]["authenticationContext"]):
        level["notYetDocumented"] = {"nested": [1, True, None]}
    unknown["data"]["authenticationContext"]["user"]["notYetDocumented"] = 1
    odd_case = body_of("member")
    odd_case["type"] = odd_case["type"].upper()
    return [
        *files,
        _good("nulls", nulls, "null for every optional object and field"),
        _good("unknown-fields", unknown, "unknown fields at every level"),
        _good(
            "type-in-another-case",
            odd_case,
            "`type` in upper case, which is compared case-insensitively",
        ),
    ]


def bad_body_files() -> list[EventFile]:
    """Return ``bad/``: bodies that get no claims, each with its code."""
    user = "data__authenticationContext__user"
    member = json.dumps(body_of("member"))
    deep = "[" * (BODY_DEPTH_MAX + 1) + "]" * (BODY_DEPTH_MAX + 1)
    odata = body_of("member")
    odata["data"]["@odata.type"] = "microsoft.graph.onTokenIssuanceStartcalloutdata"
    return [
        _bad("not-json", b'{"type": ', "body-not-json", "truncated JSON"),
        _bad("empty", b"", "body-empty", "no body at all"),
        _bad("not-an-object", b'["callout"]\n', "body-not-object", "JSON, but a list"),
        _bad("not-utf8", member.encode("utf-16"), "body-not-utf8", "UTF-16"),
        _bad("nan", b'{"type": NaN}\n', "body-not-json", "NaN, which is not JSON"),
        _bad(
            "duplicate-key",
            member.replace('"type":', '"type": "first", "type":', 1).encode(),
            "body-duplicate-key",
            "a key appears twice in one object",
        ),
        _bad("too-deep", f'{{"a": {deep}}}\n'.encode(), "body-too-deep", "nested over 32 levels"),
        _bad(
            "too-large",
            pretty(_changed(source="x" * BODY_BYTES_MAX)),
            "body-too-large",
            "larger than 64 KiB",
            413,
        ),
        _bad(
            "another-event",
            pretty(_changed(type="microsoft.graph.authenticationEvent.attributeCollectionStart")),
            "event-type-unsupported",
            "another event with the same structure",
        ),
        _bad(
            "odata-type", pretty(odata), "data-type-unsupported", "`@odata.type` in different case"
        ),
        _bad(
            "no-tenant",
            pretty(_changed(data__tenantId=None)),
            "field-missing",
            "no `data.tenantId`",
        ),
        _bad(
            "tenant-no-guid",
            pretty(_changed(data__tenantId="contoso.onmicrosoft.com")),
            "field-malformed",
            "`data.tenantId` is a name",
        ),
        _bad("no-user", pretty(_changed(**{user: None})), "field-missing", "no user"),
        _bad(
            "no-user-id",
            pretty(_changed(**{f"{user}__id": None})),
            "field-missing",
            "no `user.id`",
        ),
        _bad(
            "user-id-no-guid",
            pretty(_changed(**{f"{user}__id": "casey"})),
            "field-malformed",
            "`user.id` is a name",
        ),
        _bad(
            "user-id-number",
            pretty(_changed(**{f"{user}__id": 7})),
            "field-malformed",
            "`user.id` is a number",
        ),
    ]


def _good(name: str, body: dict[str, Any], about: str) -> EventFile:
    return EventFile(f"callout/{name}.json", pretty(body), 200, None, about)


def _bad(name: str, body: bytes, code: str, about: str, status: int = 400) -> EventFile:
    return EventFile(f"bad/{name}.json", body, status, code, about)


def _changed(**changes: Any) -> dict[str, Any]:
    document = body_of("member")
    for path, value in changes.items():
        *parents, last = path.split("__")
        parent: Any = document
        for name in parents:
            parent = parent[name]
        if value is None:
            del parent[last]
        else:
            parent[last] = value
    return document

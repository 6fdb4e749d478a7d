"""Good callout bodies."""

from typing import Any

from claimsctl.entra.callout import body_of

from tools.sample_events.event_file import EventFile, pretty


def callout_files() -> list[EventFile]:
    """``callout/``: every variant that Entra sends, and oddities that must not cost a sign-in."""
    about = {
        "member": "a member of the tenant, every field present",
        "local-account": "an external tenant's local account: no mail, no given name, IPv6",
        "social-account": "a social account: no user principal name",
        "guest": "a B2B guest: `#EXT#` in the user principal name",
        "saml": "a synchronised user signing in to a SAML app",
        "minimal": "only what can be relied on, of a user nobody loaded claims for",
    }
    files = [_good(name, body_of(name), text) for name, text in about.items()]
    nulls = body_of("member")
    context = nulls["data"]["authenticationContext"]
    for name in ("correlationId", "client", "clientServicePrincipal", "resourceServicePrincipal"):
        context[name] = None
    context["user"] = dict.fromkeys(context["user"]) | {"id": context["user"]["id"]}
    unknown = body_of("member")
    for place in (unknown, unknown["data"], unknown["data"]["authenticationContext"]):
        place["notYetDocumented"] = {"nested": [1, True, None]}
    unknown["data"]["authenticationContext"]["user"]["notYetDocumented"] = 1
    odd_case = body_of("member")
    odd_case["type"] = odd_case["type"].upper()
    return [
        *files,
        _good("nulls", nulls, "null for every optional object and field"),
        _good("unknown-fields", unknown, "unknown fields at every level"),
        _good(
            "type-in-another-case", odd_case, "`type` in capitals: compared without regard to case"
        ),
    ]


def _good(name: str, body: dict[str, Any], about: str) -> EventFile:
    return EventFile(f"callout/{name}.json", pretty(body), 200, None, about)

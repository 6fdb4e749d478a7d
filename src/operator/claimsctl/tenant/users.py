"""Find the object ids of users by their addresses: callouts for local accounts contain no mail.

An address may be the sign-in name of a local account (``identities``), ``mail`` or
``userPrincipalName``. Graph accepts a filter on ``identities`` only with the issuer, and without
other conditions, so each address needs three requests.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from claimsctl.errors import ExitCode, OperatorError
from claimsctl.tenant.chain import Request
from claimsctl.tenant.graph import ATTEMPTS_MAX, Graph

USER_PERMISSIONS: Final = ("User.Read.All", "Organization.Read.All")
BATCH_MAX: Final = 20
"""The maximum number of requests in one batch, from Graph's reference of JSON batching."""
_OK: Final = 200
_AGAIN: Final = {429, 500, 502, 503, 504}
_WAIT_SECONDS: Final = 5.0


@dataclass(slots=True)
class Resolved:
    """The users of the addresses."""

    ids: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Addresses of several users, and their object ids."""


def resolve_addresses(
    graph: Graph, addresses: Iterable[str], progress: Callable[[int], None] = lambda _: None
) -> Resolved:
    """Find the object id of each address, in batches. Raises `OperatorError`.

    Throttled requests of a batch are repeated after the time that Graph returns.
    """
    issuer = _initial_domain(graph)
    resolved = Resolved()
    wanted = list(dict.fromkeys(addresses))
    per_batch = BATCH_MAX // len(_filters("", ""))
    for begin in range(0, len(wanted), per_batch):
        part = wanted[begin : begin + per_batch]
        found = _ask(graph, [(one, text) for one in part for text in _filters(one, issuer)])
        for address in part:
            match sorted(found[address]):
                case []:
                    resolved.unknown.append(address)
                case [id_]:
                    resolved.ids[address] = id_
                case several:
                    resolved.ambiguous[address] = tuple(several)
        progress(begin + len(part))
    return resolved


def _filters(address: str, issuer: str) -> tuple[str, ...]:
    value = address.replace("'", "''")
    identity = f"i/issuerAssignedId eq '{value}' and i/issuer eq '{issuer}'"
    return (
        f"identities/any(i:{identity})",
        f"mail eq '{value}'",
        f"userPrincipalName eq '{value}'",
    )


def _initial_domain(graph: Graph) -> str:
    for held in graph.list("/organization?$select=verifiedDomains"):
        for domain in held.get("verifiedDomains") or []:
            if domain.get("isInitial"):
                return str(domain.get("name"))
    message = "the tenant's initial domain, issuer of its local accounts, could not be read"
    raise OperatorError(message, exit_code=ExitCode.NOT_FINE)


def _ask(graph: Graph, questions: Sequence[tuple[str, str]]) -> dict[str, set[str]]:
    """Return the ids by address. Each of `questions` is an address and a filter."""
    found: dict[str, set[str]] = {address: set() for address, _ in questions}
    left = dict(enumerate(questions))
    for _ in range(ATTEMPTS_MAX):
        requests = [
            {
                "id": str(number),
                "method": "GET",
                "url": f"/users?$select=id&$filter={quote(text)}",
            }
            for number, (_, text) in left.items()
        ]
        answer = graph.send(Request("POST", "/$batch", {"requests": requests}))
        wait = 0.0
        for one in answer.get("responses") or []:
            number, status = int(one["id"]), one["status"]
            if status in _AGAIN:
                wait = max(wait, _retry_after(one))
                continue
            address, _text = left.pop(number)
            if status != _OK:
                reason = (one.get("body") or {}).get("error") or {}
                message = f"users by {address}: Graph answered {status} {reason.get('code', '')}"
                raise OperatorError(message, exit_code=ExitCode.NOT_FINE)
            found[address] |= {str(user["id"]) for user in one["body"].get("value", ())}
        if not left:
            return found
        graph.sleep(wait or _WAIT_SECONDS)
    message = f"Graph did not answer {len(left)} requests for users after {ATTEMPTS_MAX} attempts"
    raise OperatorError(message, exit_code=ExitCode.NOT_FINE)


def _retry_after(response: dict[str, Any]) -> float:
    headers = {name.lower(): value for name, value in (response.get("headers") or {}).items()}
    given = str(headers.get("retry-after", ""))
    return float(given) if given.isdecimal() else _WAIT_SECONDS

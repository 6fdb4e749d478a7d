"""Resolve addresses to object ids."""

import json
from typing import Any

import httpx2
import pytest
from claimsctl.errors import OperatorError
from claimsctl.tenant.graph import Graph
from claimsctl.tenant.users import BATCH_MAX, resolve_addresses

DOMAIN = "contoso.onmicrosoft.com"


class Directory:
    """Graph's users in batch answers; `throttled` answers of the first batch are 429."""

    def __init__(self, throttled: int = 0) -> None:
        self.throttled = throttled
        self.batches: list[int] = []
        self.waited: list[float] = []
        self.users: dict[str, list[str]] = {}
        """The ids by the filter that matches them."""
        self.status = 200

    def add(self, id_: str, text: str) -> None:
        """Add a user that the filter matches."""
        self.users.setdefault(text, []).append(id_)

    def graph(self) -> Graph:
        """Return a client."""
        transport = httpx2.MockTransport(self._answer)
        return Graph("token", sleep=self.waited.append, transport=transport)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            domains = [{"name": "x.example"}, {"name": DOMAIN, "isInitial": True}]
            return httpx2.Response(200, json={"value": [{"verifiedDomains": domains}]})
        asked = json.loads(request.content)["requests"]
        self.batches.append(len(asked))
        return httpx2.Response(200, json={"responses": [self._one(one) for one in asked]})

    def _one(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.throttled:
            self.throttled -= 1
            return {"id": asked["id"], "status": 429, "headers": {"Retry-After": "9"}}
        text = httpx2.URL(f"https://g{asked['url']}").params["$filter"]
        value = [{"id": id_} for id_ in self.users.get(text, ())]
        body = {"value": value} if self.status == 200 else {"error": {"code": "Denied"}}
        return {"id": asked["id"], "status": self.status, "body": body}


def _identity(address: str) -> str:
    return f"identities/any(i:i/issuerAssignedId eq '{address}' and i/issuer eq '{DOMAIN}')"


def test_each_kind_of_address_is_found() -> None:
    """Sign-in name of a local account, mail and user principal name; a quote cannot break out."""
    directory = Directory()
    directory.add("id-1", _identity("local@x.example"))
    directory.add("id-2", "mail eq 'mail@x.example'")
    directory.add("id-3", "userPrincipalName eq 'o''neil@x.example'")
    addresses = ["local@x.example", "mail@x.example", "o'neil@x.example"]
    found = resolve_addresses(directory.graph(), addresses)
    assert dict(zip(addresses, ("id-1", "id-2", "id-3"), strict=True)) == found.ids


def test_unknown_and_ambiguous_addresses_are_reported() -> None:
    """An address of no user or two users has no id; two matches of one user are one."""
    directory = Directory()
    directory.add("id-1", _identity("two@x.example"))
    directory.add("id-2", "mail eq 'two@x.example'")
    directory.add("id-3", "mail eq 'same@x.example'")
    directory.add("id-3", "userPrincipalName eq 'same@x.example'")
    found = resolve_addresses(
        directory.graph(), ["two@x.example", "same@x.example", "none@x.example"]
    )
    assert {"same@x.example": "id-3"} == found.ids
    assert {"two@x.example": ("id-1", "id-2")} == found.ambiguous
    assert ["none@x.example"] == found.unknown


def test_batches_are_as_large_as_graph_takes_them() -> None:
    """Many addresses need few requests, without duplicates."""
    directory = Directory()
    addresses = [f"u{number % 30}@x.example" for number in range(60)]
    assert 30 == len(resolve_addresses(directory.graph(), addresses).unknown)
    assert 90 == sum(directory.batches)
    assert BATCH_MAX >= max(directory.batches)


def test_throttled_questions_are_asked_again() -> None:
    """Only throttled requests are repeated, after the time in Retry-After."""
    directory = Directory(throttled=2)
    directory.add("id-1", "mail eq 'a@x.example'")
    found = resolve_addresses(directory.graph(), ["a@x.example"])
    assert {"a@x.example": "id-1"} == found.ids
    assert ([3, 2], [9.0]) == (directory.batches, directory.waited)


def test_what_graph_refuses_is_told() -> None:
    """A refused request is an error, not an unknown user."""
    directory = Directory()
    directory.status = 403
    with pytest.raises(OperatorError, match="403 Denied"):
        resolve_addresses(directory.graph(), ["a@x.example"])

"""How the page compares a callout's token: with the callout, at the callout's time."""

import json
from typing import Any

import pytest
from claimsctl.entra.token_claims import TENANT_ID, TenantKind, TokenProfile
from claimsctl.entra.tokens import SigningKey, mint
from claimsctl.tap.page.view import decoded_token
from claimsctl.tap.recording import Message, RecordedExchange

KEY = SigningKey.generate()
THEN = 1_700_000_000
OTHER = "bbbbcccc-1111-dddd-2222-eeee3333ffff"


def _differences(kind: TenantKind, tenant_id: str = TENANT_ID, **changed: Any) -> list[str]:
    token = mint({**TokenProfile(TENANT_ID, kind).claims(THEN), **changed}, KEY)
    exchange = RecordedExchange(1, began_at=THEN)
    exchange.request = Message((("authorization", f"Bearer {token}"),))
    exchange.request.add(json.dumps({"data": {"tenantId": tenant_id.upper()}}).encode())
    decoded = decoded_token(exchange)
    assert decoded is not None
    return [each["part"] for each in decoded["differences"]]


@pytest.mark.parametrize("kind", TenantKind)
def test_an_old_callout_of_either_kind_is_right(kind: TenantKind) -> None:
    """A recorded token is checked at the time of its callout, for either kind of tenant."""
    assert [] == _differences(kind)


def test_the_callouts_tenant_counts() -> None:
    """A token of another tenant than the body's differs by issuer and tenant."""
    assert ["iss", "tid"] == _differences(TenantKind.EXTERNAL, OTHER)


def test_a_time_beyond_every_calendar() -> None:
    """A caller's token cannot break the page."""
    assert ["exp"] == _differences(TenantKind.EXTERNAL, exp=10**400)

"""The callout that is played: by name, with fields set otherwise."""

from typing import Any

import pytest
from claimsctl.entra.callout import scenario_callout, scenario_named, set_fields
from claimsctl.errors import OperatorError

TENANT = "bbbbcccc-1111-dddd-2222-eeee3333ffff"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("member", "member"), ("local", "local-account"), ("social", "social-account")],
)
def test_a_scenario_goes_by_its_beginning(name: str, expected: str) -> None:
    """An unambiguous prefix of a name is enough."""
    assert expected == scenario_named(name)


@pytest.mark.parametrize("name", ["m", "x", ""])
def test_a_name_that_is_none_or_two_is_refused(name: str) -> None:
    """The message lists the valid names."""
    with pytest.raises(OperatorError, match="expected one of member, local-account"):
        scenario_named(name)


def test_each_callout_can_be_found_in_a_log() -> None:
    """No two callouts have one correlation id."""
    first, second = (scenario_callout("member", None) for _ in range(2))
    assert _context(first)["correlationId"] != _context(second)["correlationId"]


def test_a_tenant_of_ones_own_is_everywhere() -> None:
    """The callout is of that tenant, its source included."""
    body = scenario_callout("member", TENANT)
    assert TENANT == body["data"]["tenantId"]
    assert f"/tenants/{TENANT}/" in body["source"]


def _context(body: dict[str, Any]) -> Any:
    return body["data"]["authenticationContext"]


@pytest.mark.parametrize(
    ("change", "path", "value"),
    [
        ("user.id=x", ("user", "id"), "x"),
        ("user.mail=", ("user", "mail"), ""),
        ("user.mail=null", ("user", "mail"), None),
        ('user.mail="null"', ("user", "mail"), "null"),
        ("user.mail=a=b", ("user", "mail"), "a=b"),
        ("user.age=12", ("user", "age"), "12"),
        ('client={"ip": "::1"}', ("client",), {"ip": "::1"}),
        ("notYet.known=x", ("notYet", "known"), "x"),
        ("data.authenticationContext.protocol=SAML", ("protocol",), "SAML"),
    ],
)
def test_a_field_is_set(change: str, path: tuple[str, ...], value: Any) -> None:
    """Paths begin in the context, or at the top when they are written out."""
    body = scenario_callout("member", None)
    set_fields(body, [change])
    place = _context(body)
    for name in path:
        place = place[name]
    assert value == place


def test_fields_of_the_body_and_its_data_are_found() -> None:
    """`type` is the body's own, `tenantId` its data's."""
    body = scenario_callout("member", None)
    set_fields(body, ["type=x", "tenantId=y"])
    assert ("x", "y") == (body["type"], body["data"]["tenantId"])


@pytest.mark.parametrize("change", ["user.id", "=x", "user..id=x", "user.id.x=1", "user={", ""])
def test_a_change_that_makes_no_sense_is_refused(change: str) -> None:
    """The message repeats it."""
    with pytest.raises(OperatorError, match=r"^--set "):
        set_fields(scenario_callout("member", None), [change])


def test_any_body_can_be_changed() -> None:
    """A file's body need not have data or context."""
    body: dict[str, Any] = {"data": 1}
    set_fields(body, ["user.id=x"])
    assert {"data": 1, "user": {"id": "x"}} == body

"""An event is checked before it is sent; each fault has its position and the expectation."""

import copy
from typing import Any

import pytest
from claimsctl.entra.callout import SCENARIOS, body_of, set_fields
from claimsctl.entra.callout_check import callout_problems, has_comments

USER_ID = "/data/authenticationContext/user/id"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_callout_has_no_problem(scenario: str) -> None:
    """All scenarios, and unknown fields, are accepted."""
    body = body_of(scenario)
    set_fields(body, ["user.nickname=The [one] and only", "data.new=<b>bold</b> text"])
    assert [] == callout_problems(body)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("type=microsoft.graph.authenticationEvent.attributeCollectionStart", "/type: "),
        ("type=null", "/type: missing"),
        ("data.@odata=1", "/data/@odata.type: "),
        ("data.tenantId=<your tenant id>", '/data/tenantId: "<your tenant id>" is a placeholder'),
        ('data.tenantId="{tenantId}"', '/data/tenantId: "{tenantId}" is a placeholder'),
        ("data.tenantId=contoso.onmicrosoft.com", '/data/tenantId: "contoso.onmicrosoft.com"; exp'),
        ("user.id=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", f"{USER_ID}: "),
        ("user.id=null", f"{USER_ID}: missing; expected a GUID"),
        ("user=null", f"{USER_ID}: missing; expected a GUID (no user: is this a callout for"),
        ("user.id=[1]", f"{USER_ID}: a list; expected a GUID"),
        ("source=/tenants/{tenant}/applications/x", "/source: "),
        ("correlationId=abc", '/data/authenticationContext/correlationId: "abc"; expected a GUID'),
        ("user.displayName=TODO", '/data/authenticationContext/user/displayName: "TODO" is a pl'),
    ],
)  # fmt: skip
def test_each_fault_is_named(change: str, problem: str) -> None:
    """One change, one problem, at its place."""
    body = body_of("member")
    if change.startswith("data.@odata"):
        del body["data"]["@odata.type"]
    else:
        set_fields(body, [change])
    (found,) = callout_problems(body)
    assert found.startswith(problem)


@pytest.mark.parametrize("body", [None, [], "x", 7])
def test_what_is_no_object_is_no_callout(body: Any) -> None:
    """It is one problem, not an error."""
    (found,) = callout_problems(copy.deepcopy(body))
    assert "expected a callout" in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{\n  // the tenant\n  "a": 1}', True), ('{ /* x */\n/* y */ "a": 1}', True),
        ('{"a": 1, // b\n"c": 2}', True), ('{"url": "https://x"}', False), ('{"a": 1,}', False),
    ],
)  # fmt: skip
def test_comments_are_recognised(text: str, *, expected: bool) -> None:
    """A URL in a string is not a comment."""
    assert expected is has_comments(text)

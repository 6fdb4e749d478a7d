"""Remove the chain."""

from pathlib import Path
from typing import Any

import pytest
from claimsctl.tenant.apply import apply_steps, undo_steps
from claimsctl.tenant.chain import CALLER_APP_ID
from claimsctl.tenant.steps import chain_steps

from tests.tenant.chains import (
    CONFIG,
    HOST,
    OTHER_APP,
    TEST_APP,
    chain_in,
    driver,
    tenant_with_apps,
)
from tests.tenant.fake_graph import FakeGraph, Killed


def test_teardown_is_the_reverse(tmp_path: Path) -> None:
    """Teardown removes the chain's objects, and no sign-in fails meanwhile."""
    fake, chain = tenant_with_apps(delay=5), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    first = len(fake.requests)
    undo_steps(chain_steps(chain), driver(fake, chain))
    changes = [(method, path) for method, path in fake.requests[first:] if method != "GET"]
    assert "authenticationEventListeners" in changes[0][1]
    assert ["plain", "plain"] == [fake.sign_in(app, HOST) for app in (TEST_APP, OTHER_APP)]
    assert [] == fake.broken
    gone = ("authenticationEventListeners", "customAuthenticationExtensions")
    assert [[], [], []] == [fake.objects[name] for name in (*gone, "claimsMappingPolicies")]


FLOW = CONFIG.replace("[[app", 'user_flow = "flow"\n\n[[app')


def _user_flow(fake: FakeGraph) -> None:
    conditions: dict[str, Any] = {"applications": {"includeApplications": []}}
    fake.add("authenticationEventsFlows", displayName="flow", conditions=conditions)


def test_a_teardown_that_is_killed_goes_on(tmp_path: Path) -> None:
    """After an interruption at any change, a second teardown has the result of a single one."""
    chain = chain_in(tmp_path, FLOW)

    def applied() -> FakeGraph:
        fake = tenant_with_apps()
        _user_flow(fake)
        apply_steps(chain_steps(chain), driver(fake, chain))
        return fake

    whole = applied()
    before = whole.changes
    undo_steps(chain_steps(chain), driver(whole, chain))
    for count in range(1, whole.changes - before):
        fake = applied()
        fake.killed_after = fake.changes + count
        with pytest.raises(Killed):
            undo_steps(chain_steps(chain), driver(fake, chain))
        undo_steps(chain_steps(chain), driver(fake, chain))
        assert whole.state() == fake.state()
        assert [] == fake.broken


def test_teardown_says_what_it_leaves(tmp_path: Path) -> None:
    """Possibly older objects are kept, with their impact and how to remove them."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path, FLOW)
    _user_flow(fake)
    apply_steps(chain_steps(chain), driver(fake, chain))
    kept = "\n".join(undo_steps(chain_steps(chain), driver(fake, chain)).kept)
    assert f"Application {TEST_APP} accepts mapped claims: " in kept
    assert "set api.acceptMappedClaims to false" in kept
    assert f"Application {TEST_APP} in user flow flow: " in kept
    assert f"({CALLER_APP_ID}): it belongs to Microsoft" in kept
    principals = [one["appId"] for one in fake.objects["servicePrincipals"]]
    assert CALLER_APP_ID in principals

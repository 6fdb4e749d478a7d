"""Move the endpoint to another URL."""

from pathlib import Path

import pytest
from claimsctl.errors import OperatorError
from claimsctl.tenant.apply import apply_steps
from claimsctl.tenant.move import Move
from claimsctl.tenant.steps import chain_steps

from tests.tenant.chains import (
    CONFIG,
    HOST,
    TEST_APP,
    chain_in,
    driver,
    read,
    tenant_with_apps,
)
from tests.tenant.fake_graph import Killed

NEW_HOST = "claims.contoso.example"


NEW_URL = f"https://{NEW_HOST}/callout"


def test_an_endpoint_that_moved_is_not_patched_behind_its_identifier_uri(tmp_path: Path) -> None:
    """A new host in entra.toml changes nothing until the application has its identifier URI."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    moved = chain_in(tmp_path, CONFIG.replace(HOST, NEW_HOST))
    before = fake.changes
    with pytest.raises(OperatorError, match="entra apply --move"):
        apply_steps(chain_steps(moved), driver(fake, moved))
    assert before == fake.changes
    apply_steps(Move(chain, NEW_URL).steps(), driver(fake, chain))
    assert [] == apply_steps(chain_steps(moved), driver(fake, moved)).changed
    assert [] == fake.broken


def test_a_move_never_lets_the_hosts_differ(tmp_path: Path) -> None:
    """Sign-ins work before, between and after the steps of a move."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    apply_steps(Move(chain, NEW_URL, read(fake, chain)).steps(), driver(fake, chain))
    assert "enriched" == fake.sign_in(TEST_APP, NEW_HOST)
    assert [] == fake.broken
    (uri,) = fake.objects["applications"][-1]["identifierUris"]
    assert uri.startswith(f"api://{NEW_HOST}/")


@pytest.mark.parametrize("edited", [False, True])
def test_a_second_move_changes_nothing(tmp_path: Path, edited: bool) -> None:  # noqa: FBT001
    """After a move, nothing is left to do with either URL in entra.toml."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    if edited:
        chain = chain_in(tmp_path, CONFIG.replace(HOST, NEW_HOST))
    for expected in (["move-add", "move-switch", "move-remove"], []):
        moving = Move(chain, NEW_URL, read(fake, chain))
        assert expected == apply_steps(moving.steps(), driver(fake, chain)).changed
    (uri,) = fake.objects["applications"][-1]["identifierUris"]
    assert uri.startswith(f"api://{NEW_HOST}/")
    assert [] == fake.broken


def test_a_move_that_is_killed_goes_on(tmp_path: Path) -> None:
    """After an interruption at any change, a second run has the result of a single run."""
    for count in (1, 2, 3):
        fake, chain = tenant_with_apps(), chain_in(tmp_path)
        apply_steps(chain_steps(chain), driver(fake, chain))
        fake.killed_after = fake.changes + count
        with pytest.raises(Killed):
            apply_steps(Move(chain, NEW_URL, read(fake, chain)).steps(), driver(fake, chain))
        apply_steps(Move(chain, NEW_URL, read(fake, chain)).steps(), driver(fake, chain))
        assert "enriched" == fake.sign_in(TEST_APP, NEW_HOST)
        (uri,) = fake.objects["applications"][-1]["identifierUris"]
        assert uri.startswith(f"api://{NEW_HOST}/")
        assert [] == fake.broken


def test_an_old_uri_that_nothing_names_is_left_to_the_operator(tmp_path: Path) -> None:
    """A URI of another, unknown host is reported."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    app = fake.objects["applications"][-1]
    older = f"api://older.example/{app['appId']}"
    app["identifierUris"].append(older)
    outcome = apply_steps(Move(chain, NEW_URL, read(fake, chain)).steps(), driver(fake, chain))
    assert older in app["identifierUris"]
    assert older in "".join(outcome.by_hand)


def test_the_uri_of_another_extension_stays(tmp_path: Path) -> None:
    """The old URI is kept while another extension uses it."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    (held,) = fake.objects["customAuthenticationExtensions"]
    fake.add("customAuthenticationExtensions", **{**held, "id": "other", "displayName": "other"})
    outcome = apply_steps(Move(chain, NEW_URL, read(fake, chain)).steps(), driver(fake, chain))
    assert ["move-add", "move-switch"] == outcome.changed
    assert 2 == len(fake.objects["applications"][-1]["identifierUris"])
    assert HOST in "".join(outcome.by_hand)


def test_a_move_to_another_path_leaves_the_identifier_uri(tmp_path: Path) -> None:
    """On the same host, only target URL and resourceId are changed."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    moving = Move(chain, f"https://{HOST}/v2", read(fake, chain))
    assert ["move-switch"] == apply_steps(moving.steps(), driver(fake, chain)).changed
    assert [] == fake.broken


def test_nothing_to_move(tmp_path: Path) -> None:
    """Without an extension, the move is refused, and nothing is changed."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    for steps, expected in ((0, "no app registration"), (5, "no extension")):
        apply_steps(chain_steps(chain)[:steps], driver(fake, chain))
        before = fake.changes
        with pytest.raises(OperatorError, match=expected):
            apply_steps(Move(chain, NEW_URL, read(fake, chain)).steps(), driver(fake, chain))
        assert before == fake.changes

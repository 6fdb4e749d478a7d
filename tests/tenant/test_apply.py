"""Apply the chain to a tenant."""

import json
from pathlib import Path

import pytest
from claimsctl.errors import OperatorError
from claimsctl.tenant.apply import Driver, apply_steps, undo_steps
from claimsctl.tenant.chain import Request
from claimsctl.tenant.graph import GraphError
from claimsctl.tenant.listener_steps import without
from claimsctl.tenant.steps import chain_steps

from tests.tenant.chains import (
    CONFIG,
    HOST,
    OTHER_APP,
    TEST_APP,
    chain_in,
    driver,
    read,
    tenant_with_apps,
)
from tests.tenant.fake_graph import FakeGraph, Killed

NEW_HOST = "claims.contoso.example"


def test_nothing_becomes_an_enriched_sign_in(tmp_path: Path) -> None:
    """With the whole chain, sign-ins to both applications call the endpoint; no step breaks one."""
    fake, chain = tenant_with_apps(delay=5), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    assert ["enriched", "enriched"] == [fake.sign_in(app, HOST) for app in (TEST_APP, OTHER_APP)]
    assert [] == fake.broken


def test_a_second_apply_changes_nothing(tmp_path: Path) -> None:
    """Existing objects are read and not changed."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    before = len(fake.requests)
    outcome = apply_steps(chain_steps(chain), driver(fake, chain))
    assert [] == outcome.changed
    assert {"GET"} == {method for method, _ in fake.requests[before:]}


def _changes(folder: Path) -> int:
    fake, chain = tenant_with_apps(), chain_in(folder)
    apply_steps(chain_steps(chain), driver(fake, chain))
    return fake.changes


@pytest.mark.parametrize("delay", [0, 15])
def test_killed_after_each_step_it_ends_in_the_same_tenant(tmp_path: Path, delay: float) -> None:
    """After an interruption at any change, a second run has the result of a single run."""
    chain = chain_in(tmp_path)
    whole = tenant_with_apps(delay)
    apply_steps(chain_steps(chain), driver(whole, chain))
    for count in range(1, _changes(tmp_path) + 1):
        fake = tenant_with_apps(delay)
        fake.killed_after = count
        with pytest.raises(Killed):
            apply_steps(chain_steps(chain), driver(fake, chain))
        apply_steps(chain_steps(chain), driver(fake, chain))
        assert whole.state() == fake.state()
        assert [] == fake.broken


def test_throttled_requests_are_repeated_after_the_time_that_graph_says(tmp_path: Path) -> None:
    """After 429, apply waits as Retry-After says; the result is the same."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    fake.throttled = set(range(1, 400, 3))
    apply_steps(chain_steps(chain), driver(fake, chain))
    assert "enriched" == fake.sign_in(TEST_APP, HOST)
    assert 7 * (len(fake.throttled & set(range(1, len(fake.requests) + 1)))) <= fake.clock


def test_a_missing_permission_names_who_can_grant_it(tmp_path: Path) -> None:
    """An error of Graph stops apply; the message names what is missing and what was done."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    fake.permissions.remove("AppRoleAssignment.ReadWrite.All")
    with pytest.raises(OperatorError, match="Privileged Role Administrator") as stopped:
        apply_steps(chain_steps(chain), driver(fake, chain))
    assert (
        "done so far: api, identifier-uri, api-principal, caller-principal" in stopped.value.lines
    )
    assert "stopped at consent" in str(stopped.value)


def _policy_of_others(fake: FakeGraph) -> None:
    definition = [
        '{"ClaimsMappingPolicy":{"Version":1,"ClaimsSchema":[{"Source":"user","ID":"mail","JwtClaimType":"m"}]}}'
    ]
    policy = fake.add("claimsMappingPolicies", displayName="theirs", definition=definition)
    principal = next(one for one in fake.objects["servicePrincipals"] if one["appId"] == OTHER_APP)
    principal["claimsMappingPolicies"].append(policy["id"])


def _portal_claims(fake: FakeGraph) -> None:
    principal = next(one for one in fake.objects["servicePrincipals"] if one["appId"] == OTHER_APP)
    principal["claimsPolicy"]["claims"].append({"configurations": []})


@pytest.mark.parametrize(
    ("prepare", "message"),
    [(_policy_of_others, "has claims mapping policy"), (_portal_claims, "Attributes & Claims")],
)
def test_claims_from_elsewhere_are_never_erased(
    tmp_path: Path, prepare: object, message: str
) -> None:
    """An app with another policy or with portal claims is refused before any change."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    assert callable(prepare)
    prepare(fake)
    with pytest.raises(OperatorError, match=message) as refused:
        apply_steps(chain_steps(chain), driver(fake, chain))
    assert 0 == fake.changes
    (merged,) = refused.value.lines
    assert '"ID":"customRoles"' in merged
    assert ('"ID":"mail"' in merged) is (prepare is _policy_of_others)


def test_a_multi_tenant_application_is_refused(tmp_path: Path) -> None:
    """A multitenant application must not accept mapped claims."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    fake.objects["applications"][1]["signInAudience"] = "AzureADMultipleOrgs"
    with pytest.raises(OperatorError, match="users of other tenants"):
        apply_steps(chain_steps(chain), driver(fake, chain))
    assert 0 == fake.changes


def test_an_application_in_use_is_left_to_the_operator(tmp_path: Path) -> None:
    """Token version and identifier URIs in use are reported with their impact, never changed."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    uris = ["api://old.example/x"]
    fake.add("applications", uniqueName="claims-provider", displayName="c", identifierUris=uris)
    outcome = apply_steps(chain_steps(chain)[:5], driver(fake, chain))
    assert uris == fake.objects["applications"][-1]["identifierUris"]
    text = "\n".join(outcome.by_hand)
    assert "requestedAccessTokenVersion" in text
    assert "--move" in text


def test_nobody_agrees(tmp_path: Path) -> None:
    """Without confirmation, nothing is changed."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    refusing = Driver(fake.graph(), lambda: read(fake, chain), lambda _s, _r: False, print)
    with pytest.raises(OperatorError, match="not confirmed"):
        apply_steps(chain_steps(chain), refusing)
    assert 0 == fake.changes


def test_one_application_is_taken_back(tmp_path: Path) -> None:
    """The named application is removed from the listener, and the others are kept."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    for request in without(chain, read(fake, chain), OTHER_APP):
        fake.graph().send(request)
    assert ["enriched", "plain"] == [fake.sign_in(app, HOST) for app in (TEST_APP, OTHER_APP)]


def test_the_listener_is_not_made_before_the_endpoint_answers(tmp_path: Path) -> None:
    """After a refusal of the gate, Entra calls no endpoint."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)

    def closed(_step: object, _tenant: object) -> None:
        message = "no accepted, authenticated answer"
        raise OperatorError(message)

    gated = Driver(fake.graph(), lambda: read(fake, chain), lambda _s, _r: True, print, closed)
    with pytest.raises(OperatorError, match="no accepted"):
        apply_steps(chain_steps(chain), gated)
    assert [] == fake.objects["authenticationEventListeners"]


def test_graph_names_what_it_refuses() -> None:
    """An identifier URI of an unverified domain is explained."""
    fake = FakeGraph()
    app = fake.add("applications", displayName="a")
    graph = fake.graph()
    with pytest.raises(GraphError, match="verified domain; a tenant policy may forbid the URI"):
        graph.send(
            Request("PATCH", f"/applications/{app['id']}", {"identifierUris": ["api://x.y/z"]})
        )


def test_the_extension_of_another_endpoint_is_never_changed(tmp_path: Path) -> None:
    """An extension with the same name for another application is refused, with what to set."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    own = "66666666-6666-4666-8666-666666666666"
    fake.add_app(own)
    text = CONFIG.replace(HOST, NEW_HOST).replace("[endpoint]", f'[endpoint]\napp_id = "{own}"')
    other = chain_in(tmp_path, text)
    before = fake.changes
    with pytest.raises(OperatorError, match="for another application"):
        apply_steps(chain_steps(other), driver(fake, other))
    undo_steps(chain_steps(other)[5:6] + chain_steps(other)[-2:], driver(fake, other))
    assert before == fake.changes


def test_the_extensions_list_follows_the_schema(tmp_path: Path) -> None:
    """A new claim of claims.toml is added, another spelling replaced, and the rest kept."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    (extension,) = fake.objects["customAuthenticationExtensions"]
    listed = [{"claimIdInApiResponse": name} for name in ("more", "CustomRoles")]
    extension["claimsForTokenConfiguration"] = listed
    assert ["extension"] == apply_steps(chain_steps(chain), driver(fake, chain)).changed
    names = [one["claimIdInApiResponse"] for one in extension["claimsForTokenConfiguration"]]
    assert ["more", "customRoles", "dateOfBirth"] == names
    assert [] == apply_steps(chain_steps(chain), driver(fake, chain)).changed


def _listener(fake: FakeGraph, app_id: str, **applications: bool) -> None:
    extension = fake.add(
        "customAuthenticationExtensions",
        displayName="other",
        authenticationConfiguration={"resourceId": "api://other.example/other"},
        endpointConfiguration={"targetUrl": "https://other.example/"},
    )
    included = [{"appId": app_id}] if app_id else []
    fake.add(
        "authenticationEventListeners",
        displayName="other",
        conditions={"applications": {"includeApplications": included, **applications}},
        handler={"customExtension": {"id": extension["id"]}},
    )


@pytest.mark.parametrize(
    ("app_id", "applications"), [(TEST_APP, {}), ("", {"includeAllApplications": True})]
)
def test_an_application_of_another_listener_is_refused(
    tmp_path: Path, app_id: str, applications: dict[str, bool]
) -> None:
    """Nothing is changed for an application that another listener names."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    _listener(fake, app_id, **applications)
    with pytest.raises(OperatorError, match=f"already names application {TEST_APP}"):
        apply_steps(chain_steps(chain), driver(fake, chain))
    assert 0 == fake.changes


def test_a_listener_for_all_applications_is_no_canary(tmp_path: Path) -> None:
    """The chain's listener is refused if it was set to all applications by hand."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    (held,) = fake.objects["authenticationEventListeners"]
    held["conditions"] = {"applications": {"includeAllApplications": True}}
    before = fake.changes
    with pytest.raises(OperatorError, match="includeAllApplications"):
        apply_steps(chain_steps(chain), driver(fake, chain))
    assert before == fake.changes


def test_what_others_put_into_the_policy_stays(tmp_path: Path) -> None:
    """Claims of the provider follow claims.toml; an entry from another source is kept."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    policy = fake.objects["claimsMappingPolicies"][0]
    definition = json.loads(policy["definition"][0])
    mail = {"Source": "user", "ID": "mail", "JwtClaimType": "m"}
    definition["ClaimsMappingPolicy"]["ClaimsSchema"].insert(0, mail)
    policy["definition"] = [json.dumps(definition)]
    assert [] == apply_steps(chain_steps(chain), driver(fake, chain)).changed
    renamed = chain_in(tmp_path, schema='[claims.level]\ntype = "string"\n')
    apply_steps(chain_steps(renamed), driver(fake, renamed))
    schema = json.loads(policy["definition"][0])["ClaimsMappingPolicy"]["ClaimsSchema"]
    assert ["mail", "level"] == [entry["ID"] for entry in schema]


def test_an_application_that_the_configuration_lacks_is_reported(tmp_path: Path) -> None:
    """Further applications of the listener are kept; the report has the command to remove them."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    apply_steps(chain_steps(chain), driver(fake, chain))
    fewer = chain_in(tmp_path, CONFIG.partition("[[applications]]")[0])
    outcome = apply_steps(chain_steps(fewer), driver(fake, fewer))
    assert [] == outcome.changed
    assert f"also names {OTHER_APP}" in "".join(outcome.by_hand)


def test_a_port_is_no_part_of_the_identifier_uri(tmp_path: Path) -> None:
    """The URI contains the host without a port: Entra is documented to compare host names."""
    assert HOST == chain_in(tmp_path, CONFIG.replace(HOST, f"{HOST.upper()}:8443")).config.host

"""Plans: every step with its request, in order, in each format."""

import json
import re
from pathlib import Path

import pytest
from claimsctl.errors import OperatorError
from claimsctl.tenant.chain import LINKS, LISTENER
from claimsctl.tenant.config import read_config
from claimsctl.tenant.move import Move
from claimsctl.tenant.plan import http_file, planned, planned_teardown
from claimsctl.tenant.policies import mapped_in
from claimsctl.tenant.steps import chain_steps

from tests.tenant.chains import CONFIG, HOST, OTHER_APP, TARGET, TEST_APP, chain_in, write
from tests.tenant.graph_types import problem_of

FLOW = CONFIG.replace(f'app_id = "{TEST_APP}"', f'app_id = "{TEST_APP}"\nuser_flow = "sign in"')


def test_every_link_has_a_step_in_the_chains_order(tmp_path: Path) -> None:
    """Every link has a step, policies follow mapped claims, and the listener is last."""
    steps = planned(chain_steps(chain_in(tmp_path, FLOW)), None)
    order = list(dict.fromkeys(one.step.link.id for one in steps))
    assert {link.id for link in LINKS} == set(order)
    assert "listener" == order[-1]
    for app in {one.step.key.partition(":")[2] for one in steps if ":" in one.step.key}:
        keys = [one.step.key for one in steps]
        if f"policy:{app}" in keys:
            assert keys.index(f"mapped-claims:{app}") < keys.index(f"policy:{app}")


def test_requests_are_filled_in(tmp_path: Path) -> None:
    """Host, wait, retries and the policy's stringified definition are from the files."""
    at = chain_in(tmp_path)
    bodies = {one.step.key: one.requests[0].body or {} for one in planned(chain_steps(at), None)}
    extension = bodies["extension"]
    wait = {"timeoutInMilliseconds": 2000, "maximumRetries": 1}
    assert wait == extension["clientConfiguration"]
    assert TARGET == extension["endpointConfiguration"]["targetUrl"]
    assert [f"api://{HOST}/{{api.appId}}"] == bodies["identifier-uri"]["identifierUris"]
    (definition,) = bodies[f"policy:{TEST_APP}"]["definition"]
    names = {one.id: one.jwt_name for one in mapped_in([definition], "policy")}
    assert {"customRoles": "customRoles", "dateOfBirth": "date_of_birth"} == names
    included = bodies["listener"]["conditions"]["applications"]["includeApplications"]
    assert [{"appId": TEST_APP}] == included


def test_bodies_have_graphs_properties_and_types(tmp_path: Path) -> None:
    """Each planned body matches its type in the public metadata."""
    types = {
        "api": "application",
        "identifier-uri": "application",
        "consent": "appRoleAssignment",
        "extension": "onTokenIssuanceStartCustomExtension",
        "policy": "claimsMappingPolicy",
        "assignment": "$ref",
        "listener": "onTokenIssuanceStartListener",
        "mapped-claims": "application",
        "api-principal": "servicePrincipal",
        "caller-principal": "servicePrincipal",
        "app-principal": "servicePrincipal",
        "user-flow": "authenticationConditionApplication",
    }
    for one in planned(chain_steps(chain_in(tmp_path, FLOW)), None):
        for request in one.requests:
            type_ = types[one.step.key.partition(":")[0]]
            assert "" == problem_of(type_, request.body, whole=request.method == "POST")


def test_the_documents_go_through_json(tmp_path: Path) -> None:
    """The JSON plan has the requests, permissions, reason and the errors of each step."""
    for one in planned(chain_steps(chain_in(tmp_path)), None):
        document = json.loads(json.dumps(one.document()))
        assert document["permissions"]
        assert document["why"]
        assert document["requests"][0]["version"] == "v1.0"


def test_a_missing_listener_causes_no_error() -> None:
    """Without a listener, Entra makes no callout, so no record and no user shows an error."""
    assert () == LISTENER.errors


def test_teardown_is_the_plan_backwards(tmp_path: Path) -> None:
    """The listener is removed first, and kept objects have a reason."""
    steps = chain_steps(chain_in(tmp_path))
    undone = planned_teardown(steps, None)
    assert [one.key for one in reversed(steps)] == [one.step.key for one in undone]
    removed = [one.step.link.id for one in undone if one.requests]
    assert "listener" == removed[0]
    assert "api" == removed[-1]
    for one in undone:
        if not one.requests and one.step.key not in {
            "identifier-uri",
            f"listener:{one.step.key[9:]}",
        }:
            assert one.kept


def test_an_http_file_refers_only_to_what_comes_before(tmp_path: Path) -> None:
    """Every variable of a request is the name of an earlier one, and no token is in the file."""
    at = chain_in(tmp_path, FLOW)
    for steps in (
        planned(chain_steps(at), None),
        planned_teardown(chain_steps(at), None),
        planned(Move(at, "https://new.example/callout").steps(), None),
    ):
        text = http_file(steps, at)
        assert "Bearer {{$aadToken}}" in text
        named: set[str] = set()
        for line in text.splitlines():
            used = re.findall(r"\{\{(\w+)\.response", line)
            assert set(used) <= named
            if match := re.match(r"# @name (\w+)", line):
                named.add(match[1])
        sent = [line for line in text.splitlines() if not line.startswith("#")]
        assert not re.search(r"\{[a-z-]+\.(id|appId)\}", "\n".join(sent))


def test_a_move_adds_before_it_removes(tmp_path: Path) -> None:
    """The new URI is added, target URL and resourceId are changed, the old URI is removed."""
    move = Move(chain_in(tmp_path), "https://new.example/callout")
    add, switch, remove = planned(move.steps(), None)
    assert 2 == len((add.requests[0].body or {})["identifierUris"])
    assert {"endpointConfiguration", "authenticationConfiguration"} < set(
        switch.requests[0].body or {}
    )
    assert ["api://new.example/{api.appId}"] == (remove.requests[0].body or {})["identifierUris"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("kind = ", "knd = "), "entra.toml:3: tenant.knd: unknown key"),
        (('"external"', '"other"'), "entra.toml:3: tenant.kind: expected 'external' or"),
        (("https://", "http://"), "entra.toml:6: endpoint.target_url: expected https"),
        ((f"https://{HOST}", f"https://me@{HOST}"), "entra.toml:6: endpoint.target_url: expected"),
        ((f"https://{HOST}/", "https://[::1/"), "entra.toml:6: endpoint.target_url: expected"),
        (
            (f'target_url = "{TARGET}"', ""),
            "entra.toml:5: endpoint: expected one of target_url and stack",
        ),
        (("[endpoint]", "[endpoint]\nstack = ''"), "entra.toml:6: endpoint.stack: empty"),
        (('token = "access"', 'token = "refresh"'), "entra.toml:13: applications[1].token: "),
        (("33333333-3333", "3333"), "entra.toml:12: applications[1].app_id: expected a GUID"),
        ((OTHER_APP, TEST_APP), "entra.toml:13: applications[1].token: [test] has another token"),
        ((f'app_id = "{OTHER_APP}"\n', ""), "entra.toml:11: applications[1].app_id: missing"),
        (("[[applications]]", "[applications]"), "entra.toml:11: applications: expected a list"),
        (("[tenant]", "[[tenant]]"), "entra.toml:1: tenant: expected a table"),
        (("[tenant]\n", ""), "entra.toml:1: tenant: missing"),
        (('"external"', "5"), "entra.toml:3: tenant.kind: expected 'external'"),
        (("[test]", '[callout]\nwait_ms = "2000"\n[test]'), "entra.toml:9: callout.wait_ms: "),
        (("[test]", "[[test"), "not valid TOML"),
    ],
)
def test_a_malformed_file_names_line_and_key(
    tmp_path: Path, change: tuple[str, str], expected: str
) -> None:
    """Problems of entra.toml have file, line and key; a missing key has its table's line."""
    path, _ = write(tmp_path, CONFIG.replace(*change))
    with pytest.raises(OperatorError) as refused:
        read_config(path)
    assert expected in "\n".join([str(refused.value), *refused.value.lines])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[tenant]\n"id" = "1"\n', "entra.toml:2: tenant.id: "),
        ('tenant.kind = "external"\ntenant.id = "1"\n', "entra.toml:2: tenant.id: "),
        ('# first\ntenant = { id = "1" }\n', "entra.toml:2: tenant.id: "),
        ('[tenant] # here\nkind = """\n[tenant]\nid = 2"""\nid = "1"', "entra.toml:5: tenant.id: "),
        (
            '[[applications]] # a\napp_id = "1"\n[[applications]]\ntoken = "id"\n',
            "entra.toml:3: applications[2].app_id: missing",
        ),
    ],
)
def test_the_line_is_found_in_every_spelling_of_toml(
    tmp_path: Path, text: str, expected: str
) -> None:
    """Quoted and dotted keys, inline tables, strings over several lines, comments."""
    path, _ = write(tmp_path, text)
    with pytest.raises(OperatorError) as refused:
        read_config(path)
    assert expected in "\n".join(refused.value.lines)


def test_a_stack_takes_the_place_of_the_target_url(tmp_path: Path) -> None:
    """A stack given as an option needs no [endpoint], and overrides one."""
    path, _ = write(tmp_path, CONFIG.replace(f'[endpoint]\ntarget_url = "{TARGET}"\n', ""))
    assert "claims" == read_config(path, "claims").endpoint.stack
    path, _ = write(tmp_path)
    endpoint = read_config(path, "claims").endpoint
    assert (None, "claims") == (endpoint.target_url, endpoint.stack)

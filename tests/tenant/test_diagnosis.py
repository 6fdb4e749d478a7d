"""Snapshots of a correct tenant and of broken ones, each with the findings that must appear."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import Finding, Level
from claimsctl.judge.judge import judge
from claimsctl.tenant.chain import CALLER_APP_ID, GRAPH_APP_ID, LINKS
from claimsctl.tenant.checks import TENANT_CHECKS
from claimsctl.tenant.claims_checks import claim_paths
from claimsctl.tenant.diagnosis import Case, case_of, diagnose, headline
from claimsctl.tenant.snapshot import Snapshot, read_snapshot

from tests.tenant.chains import OTHER_APP, TEST_APP, applied, chain_in, tenant_with_apps

Document = dict[str, Any]
BODY = {
    "data": {
        "@odata.type": "microsoft.graph.onTokenIssuanceStartResponseData",
        "actions": [
            {
                "@odata.type": "microsoft.graph.tokenIssuanceStart.provideClaimsForToken",
                "claims": {"customRoles": ["Writer"], "dateOfBirth": "2000-01-01"},
            }
        ],
    }
}
ANSWER = judge(Answer(200, (("content-type", "application/json"),), json.dumps(BODY).encode()))


def _good(folder: Path) -> Document:
    """The snapshot of a tenant in which the whole chain holds."""
    fake, chain = tenant_with_apps(), chain_in(folder)
    included = [{"appId": TEST_APP}, {"appId": OTHER_APP}]
    conditions = {"applications": {"includeApplications": included}}
    fake.add("authenticationEventsFlows", displayName="flow", conditions=conditions)
    document: Document = json.loads(applied(fake, chain).text())
    return document


def _diagnosed(folder: Path, document: Document, **known: Any) -> dict[str, Finding]:
    tenant = read_snapshot(Path("snapshot.json"), json.dumps(document).encode())
    case = case_of(tenant, chain_in(folder).config, **{"answer": ANSWER, **known})
    return {one.id: one for one in diagnose(case, TENANT_CHECKS)}


def _wrong(found: dict[str, Finding]) -> set[str]:
    return {id_ for id_, one in found.items() if one.level in {Level.FAIL, Level.WARN}}


def test_a_correct_tenant_has_no_problem(tmp_path: Path) -> None:
    """Every link is fine, and both claims reach both applications."""
    found = _diagnosed(tmp_path, _good(tmp_path))
    assert {Level.OK} == {one.level for one in found.values()}
    assert headline(tuple(found.values())).startswith("The chain holds")


def test_every_link_has_its_findings() -> None:
    """No link of the chain goes without a check, and no check without a link but the two of all."""
    covered = {id_ for link in LINKS for id_ in link.findings}
    assert {"TEN023", "TEN025"} == set(TENANT_CHECKS) - covered
    assert covered <= set(TENANT_CHECKS)


def _app(document: Document, app_id: str) -> Document:
    found: Document = next(one for one in document["applications"] if one["appId"] == app_id)
    return found


def _principal(document: Document, app_id: str) -> Document:
    held = document["servicePrincipals"]
    found: Document = next(one for one in held if one["appId"] == app_id)
    return found


def _without(document: Document, app_id: str) -> None:
    document["servicePrincipals"] = [
        one for one in document["servicePrincipals"] if one["appId"] != app_id
    ]


def _api(document: Document) -> Document:
    return next(one for one in document["applications"] if one["uniqueName"])


def _extension(document: Document) -> Document:
    found: Document = document["extensions"][0]
    return found


def _set_uri(document: Document, uri: str) -> None:
    _api(document)["identifierUris"] = [uri]
    _extension(document)["authenticationConfiguration"]["resourceId"] = uri


def _definition(document: Document, change: Callable[[Document], None]) -> None:
    policy = document["policies"][0]
    inner = json.loads(policy["definition"][0])
    for entry in inner["ClaimsMappingPolicy"]["ClaimsSchema"]:
        change(entry)
    policy["definition"] = [json.dumps(inner)]


def _lower_id(entry: Document) -> None:
    entry["ID"] = entry["ID"].lower()


def _consent_elsewhere(document: Document) -> None:
    api = _principal(document, _api(document)["appId"])
    given = api["appRoleAssignments"]
    api["appRoleAssignments"] = []
    _principal(document, TEST_APP)["appRoleAssignments"] = given


def _override(document: Document) -> None:
    configuration = {"clientConfiguration": {"timeoutInMilliseconds": 200}}
    document["listeners"][0]["handler"]["configuration"] = configuration


def _v1_audience(document: Document) -> None:
    app = _app(document, OTHER_APP)
    app["identifierUris"] = ["api://elsewhere.example"]


def _unassigned(document: Document) -> None:
    _principal(document, OTHER_APP)["claimsMappingPolicies"] = []


def _multi_tenant(document: Document) -> None:
    _app(document, TEST_APP)["signInAudience"] = "AzureADMultipleOrgs"


def _set(
    where: Callable[[Document], Document], name: str, value: object
) -> Callable[[Document], None]:
    return lambda document: where(document).__setitem__(name, value)


def _target(document: Document) -> Document:
    found: Document = _extension(document)["endpointConfiguration"]
    return found


BROKEN: dict[str, tuple[Callable[[Document], None], set[str], int | None]] = {
    "no registration": (
        lambda d: d.__setitem__("applications", [_app(d, TEST_APP), _app(d, OTHER_APP)]),
        {"TEN001"},
        1003016,
    ),
    "v1 tokens": (
        lambda d: _api(d)["api"].__setitem__("requestedAccessTokenVersion", None),
        {"TEN001"},
        None,
    ),
    "another URI form": (
        lambda d: _set_uri(d, "api://claims"),
        {"TEN002", "TEN003", "TEN023"},
        1003014,
    ),
    "hosts differ": (
        _set(_target, "targetUrl", "https://new.example/callout"),
        {"TEN003", "TEN009"},
        1003015,
    ),
    "http": (
        _set(_target, "targetUrl", "http://abc.execute-api.eu-central-1.amazonaws.com/callout"),
        {"TEN009"},
        1003020,
    ),
    "no API principal": (lambda d: _without(d, _api(d)["appId"]), {"TEN004"}, 1003016),
    "API disabled": (
        lambda d: _principal(d, _api(d)["appId"]).update(accountEnabled=False),
        {"TEN005"},
        1003019,
    ),
    "assignment required": (
        lambda d: _principal(d, _api(d)["appId"]).update(appRoleAssignmentRequired=True),
        {"TEN005"},
        None,
    ),
    "no caller": (lambda d: _without(d, CALLER_APP_ID), {"TEN006"}, None),
    "no Graph": (lambda d: _without(d, GRAPH_APP_ID), {"TEN007"}, 1003022),
    "consent on the wrong app": (_consent_elsewhere, {"TEN008"}, 1003021),
    "no extension": (
        lambda d: d.__setitem__("extensions", []),
        {"TEN009", "TEN011", "TEN012", "TEN024"},
        1003011,
    ),
    "wait not set": (_set(_extension, "clientConfiguration", None), {"TEN010"}, None),
    "listener overrides": (_override, {"TEN010"}, None),
    "stale extension id": (
        lambda d: d["listeners"][0]["handler"]["customExtension"].__setitem__("id", "gone"),
        {"TEN011", "TEN012", "TEN024"},
        1003011,
    ),
    "no listener": (lambda d: d.__setitem__("listeners", []), {"TEN011", "TEN012", "TEN024"}, None),
    "listener for all": (
        lambda d: d["listeners"][0].__setitem__(
            "conditions", {"applications": {"includeAllApplications": True}}
        ),
        {"TEN012"},
        None,
    ),
    "two listeners for an application": (
        lambda d: d["listeners"].append({**d["listeners"][0], "id": "second"}),
        {"TEN012"},
        None,
    ),
    "app without principal": (
        lambda d: _without(d, OTHER_APP),
        {"TEN013", "TEN012", "TEN024"},
        1003017,
    ),
    "app disabled": (
        lambda d: _principal(d, TEST_APP).update(accountEnabled=False),
        {"TEN014"},
        1003018,
    ),
    "claims not accepted": (_set(lambda d: _app(d, TEST_APP), "api", None), {"TEN015"}, None),
    "multi-tenant": (_multi_tenant, {"TEN016"}, None),
    "v1 audience elsewhere": (_v1_audience, {"TEN017"}, None),
    "policy not assigned": (_unassigned, {"TEN018", "TEN012", "TEN024"}, None),
    "policy and portal": (
        lambda d: _principal(d, TEST_APP).update(hasPortalClaims=True),
        {"TEN018"},
        None,
    ),
    "definition is no JSON": (
        lambda d: d["policies"][0].__setitem__("definition", ["{ClaimsMappingPolicy}"]),
        {"TEN019", "TEN024"},
        None,
    ),
    "case differs": (lambda d: _definition(d, _lower_id), {"TEN020", "TEN024"}, None),
    "listed in another case": (
        _set(_extension, "claimsForTokenConfiguration", [{"claimIdInApiResponse": "CUSTOMROLES"}]),
        {"TEN026"},
        None,
    ),
    "listed and not answered": (
        _set(_extension, "claimsForTokenConfiguration", [{"claimIdInApiResponse": "other"}]),
        {"TEN026"},
        None,
    ),
    "restricted name": (
        lambda d: _definition(d, lambda entry: entry.__setitem__("JwtClaimType", "roles")),
        {"TEN021", "TEN024"},
        None,
    ),
    "no user flow": (lambda d: d.__setitem__("userFlows", []), {"TEN022"}, None),
    "URI of an unverified host": (
        lambda d: _set_uri(d, "api://abc.execute-api.eu-central-1.amazonaws.com"),
        {"TEN002", "TEN023"},
        1003014,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_link_is_diagnosed(tmp_path: Path, name: str) -> None:
    """Each broken snapshot has the findings that it must have, and no other problem."""
    change, expected, code = BROKEN[name]
    document = _good(tmp_path)
    change(document)
    found = _diagnosed(tmp_path, document)
    assert expected == _wrong(found)
    if code is not None:
        assert code in {one.entra_code for one in found.values()}
    for id_ in expected:
        assert found[id_].hint


def test_an_answer_of_another_type_is_named(tmp_path: Path) -> None:
    """An answer that Entra refuses is a finding with the judge's own code."""
    text = json.dumps(BODY).replace("tokenIssuanceStart.provideClaimsForToken", "other")
    answer = judge(Answer(200, (("content-type", "application/json"),), text.encode()))
    found = _diagnosed(tmp_path, _good(tmp_path), answer=answer)
    assert 1003012 == found["TEN025"].entra_code


def test_the_wait_is_compared_with_the_endpoint(tmp_path: Path) -> None:
    """An endpoint slower than the wait fails with the code of a time-out."""
    found = _diagnosed(tmp_path, _good(tmp_path), latency_ms=2400.0, function_wait_ms=2000)
    assert (Level.FAIL, 1003005) == (found["TEN010"].level, found["TEN010"].entra_code)


def test_an_unverified_uri_without_the_id_is_named(tmp_path: Path) -> None:
    """A URI that Graph would no longer accept is a warning."""
    document = _good(tmp_path)
    _api(document)["identifierUris"].append("api://elsewhere.example/claims")
    assert {"TEN023"} == _wrong(_diagnosed(tmp_path, document))


def test_a_dropped_claim_is_one_sentence(tmp_path: Path) -> None:
    """Which claim is dropped, for which token of which application, and why."""
    document = _good(tmp_path)
    _unassigned(document)
    tenant = Snapshot.model_validate(document)
    case = case_of(tenant, chain_in(tmp_path).config, answer=ANSWER)
    sentences = [one.sentence() for one in claim_paths(case)]
    assert (
        f"claim customRoles is dropped for the access token of application {OTHER_APP}, because no"
        " policy is assigned to this application"
    ) in sentences
    assert (
        f"claim dateOfBirth arrives as date_of_birth in the id token of application {TEST_APP}"
        in (sentences)
    )


def test_the_portals_claims_satisfy_the_chain(tmp_path: Path) -> None:
    """Without a mapping policy, claims that the portal takes from the provider are as good."""
    document = _good(tmp_path)
    for app_id in (TEST_APP, OTHER_APP):
        claims = ["customRoles", "dateOfBirth"]
        _principal(document, app_id).update(
            claimsMappingPolicies=[], hasPortalClaims=True, portalClaims=claims
        )
    assert set() == _wrong(_diagnosed(tmp_path, document))


def test_what_was_not_read_is_skipped_with_its_reason(tmp_path: Path) -> None:
    """Parts that a token could not read are no problem of the tenant, and not called fine."""
    document = _good(tmp_path)
    document |= {"verifiedDomains": None, "notRead": {"verified_domains": "403 forbidden"}}
    found = _diagnosed(tmp_path, document)
    assert "403 forbidden" == found["TEN023"].evidence
    assert "not checked: TEN023, TEN017" in headline(tuple(found.values()))


def test_a_snapshot_has_no_secret_and_reads_back_the_same(tmp_path: Path) -> None:
    """Only named properties are kept: what else Graph answers is not in the file."""
    fake, chain = tenant_with_apps(), chain_in(tmp_path)
    fake.objects["applications"][0] |= {"passwordCredentials": [{"secretText": "s3cret"}]}
    tenant = applied(fake, chain)
    assert "s3cret" not in tenant.text()
    assert tenant == read_snapshot(Path("s"), tenant.text().encode())


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"{\n  oops", "s.json:2: not JSON"),
        (b"\xff", "s.json: not JSON"),
        (b'{\n"tenantId": 5}', "s.json:2: tenantId: Input should be a valid string"),
        (
            b'{"tenantId": "t",\n"applications": [\n{"id": "a"}]}',
            "s.json:3: applications.0.appId: Field required",
        ),
        (b'{"tenantId": NaN}', "s.json: not JSON: found NaN"),
        (b"[]", "s.json:1: the document: Input should be a valid dictionary"),
    ],
)
def test_a_malformed_snapshot_names_file_line_and_key(raw: bytes, expected: str) -> None:
    """Whoever edits a snapshot is told where it is wrong."""
    with pytest.raises(OperatorError) as refused:
        read_snapshot(Path("s.json"), raw)
    assert expected in "\n".join([str(refused.value), *refused.value.lines])


def test_two_extensions_of_one_url(tmp_path: Path) -> None:
    """The one that a listener names is meant; where both are in use, an id says which."""
    document = _good(tmp_path)
    own = _extension(document)["id"]
    document["extensions"].insert(0, {**_extension(document), "id": "unused"})
    config = chain_in(tmp_path).config

    def case(extension_id: str | None = None) -> Case:
        return case_of(Snapshot.model_validate(document), config, None, extension_id)

    assert own == getattr(case().extension, "id", "")
    second = json.loads(json.dumps(document["listeners"][0]).replace(own, "unused"))
    document["listeners"].append(second)
    with pytest.raises(OperatorError, match="--extension ID") as refused:
        case()
    assert own in "".join(refused.value.lines)
    assert "unused" == getattr(case("UNUSED").extension, "id", "")
    with pytest.raises(OperatorError, match="has this id"):
        case("gone")


def _places(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if where:
        yield where
    if isinstance(value, list):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _places(member, (*where, key))


@pytest.mark.parametrize("wrong", ["gone", None, 5, "x", [], {}, [None], {"a": 1}])
def test_a_snapshot_with_anything_wrong_is_read_or_refused(tmp_path: Path, wrong: object) -> None:
    """Each member missing or of another kind: findings, or a message with a line; never a crash."""
    good, config = _good(tmp_path), chain_in(tmp_path).config
    for *outer, last in _places(good):
        document = json.loads(json.dumps(good))
        held = document
        for key in outer:
            held = held[key]
        if wrong == "gone":
            del held[last]
        else:
            held[last] = wrong
        try:
            tenant = read_snapshot(Path("s.json"), json.dumps(document, indent=1).encode())
        except OperatorError as refused:
            assert refused.lines[0].startswith("s.json:")  # noqa: PT017  # and where not, read on
            continue
        case = case_of(tenant, config, answer=ANSWER)
        assert headline(diagnose(case, TENANT_CHECKS))
        assert all(one.sentence() for one in claim_paths(case))

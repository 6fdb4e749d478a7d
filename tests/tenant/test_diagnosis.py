"""Snapshots of a correct tenant and of broken ones, each with the findings that must appear."""

import json
from pathlib import Path
from typing import Any

import pytest
from claimsctl.errors import OperatorError
from claimsctl.judge.attempt import Answer
from claimsctl.judge.finding import Finding, Level
from claimsctl.judge.judge import judge
from claimsctl.tenant.chain import LINKS
from claimsctl.tenant.checks import TENANT_CHECKS
from claimsctl.tenant.claims_checks import claim_paths
from claimsctl.tenant.diagnosis import Case, case_of, diagnose, headline
from claimsctl.tenant.snapshot import Snapshot, read_snapshot

from tests.tenant.broken_tenants import (
    ANSWER,
    BODY,
    BROKEN,
    Document,
    api_of,
    extension_of,
    good_document,
    principal_of,
    unassigned,
)
from tests.tenant.chains import OTHER_APP, TEST_APP, chain_in


def _diagnosed(folder: Path, document: Document, **known: Any) -> dict[str, Finding]:
    tenant = read_snapshot(Path("snapshot.json"), json.dumps(document).encode())
    case = case_of(tenant, chain_in(folder).config, **{"answer": ANSWER, **known})
    return {one.id: one for one in diagnose(case, TENANT_CHECKS)}


def _wrong(found: dict[str, Finding]) -> set[str]:
    return {id_ for id_, one in found.items() if one.level in {Level.FAIL, Level.WARN}}


def test_a_correct_tenant_has_no_problem(tmp_path: Path) -> None:
    """Every link is correct, and both claims reach both applications."""
    found = _diagnosed(tmp_path, good_document(tmp_path))
    assert {Level.OK} == {one.level for one in found.values()}
    assert headline(tuple(found.values())).startswith("No problems found: ")


def test_every_link_has_its_findings() -> None:
    """Every link has a check, and every check belongs to a link, except two general checks."""
    covered = {id_ for link in LINKS for id_ in link.findings}
    assert {"TEN023", "TEN025"} == set(TENANT_CHECKS) - covered
    assert covered <= set(TENANT_CHECKS)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_link_is_diagnosed(tmp_path: Path, name: str) -> None:
    """Each broken snapshot has the expected findings, and no other problem."""
    change, expected, code = BROKEN[name]
    document = good_document(tmp_path)
    change(document)
    found = _diagnosed(tmp_path, document)
    assert expected == _wrong(found)
    if code is not None:
        assert code in {one.entra_code for one in found.values()}
    for id_ in expected:
        assert found[id_].hint


def test_an_answer_of_another_type_is_named(tmp_path: Path) -> None:
    """An answer that Entra refuses is a finding with the judge's code."""
    text = json.dumps(BODY).replace("tokenIssuanceStart.provideClaimsForToken", "other")
    answer = judge(Answer(200, (("content-type", "application/json"),), text.encode()))
    found = _diagnosed(tmp_path, good_document(tmp_path), answer=answer)
    assert 1003012 == found["TEN025"].entra_code


def test_the_wait_is_compared_with_the_endpoint(tmp_path: Path) -> None:
    """An endpoint slower than the wait fails with the code of a time-out."""
    found = _diagnosed(tmp_path, good_document(tmp_path), latency_ms=2400.0, function_wait_ms=2000)
    assert (Level.FAIL, 1003005) == (found["TEN010"].level, found["TEN010"].entra_code)


def test_an_unverified_uri_without_the_id_is_named(tmp_path: Path) -> None:
    """A URI that Graph would no longer accept is a warning."""
    document = good_document(tmp_path)
    api_of(document)["identifierUris"].append("api://elsewhere.example/claims")
    assert {"TEN023"} == _wrong(_diagnosed(tmp_path, document))


def test_a_dropped_claim_is_one_sentence(tmp_path: Path) -> None:
    """The sentence names the claim, the token, the application and the reason."""
    document = good_document(tmp_path)
    unassigned(document)
    tenant = Snapshot.model_validate(document)
    case = case_of(tenant, chain_in(tmp_path).config, answer=ANSWER)
    sentences = [one.sentence() for one in claim_paths(case)]
    assert (
        f"claim customRoles does not appear in the access token of application {OTHER_APP}: no"
        " policy is assigned to this application"
    ) in sentences
    assert (
        f"claim dateOfBirth appears as date_of_birth in the id token of application {TEST_APP}"
        in (sentences)
    )


def test_the_portals_claims_satisfy_the_chain(tmp_path: Path) -> None:
    """Without a mapping policy, the portal's claims from the provider are accepted."""
    document = good_document(tmp_path)
    for app_id in (TEST_APP, OTHER_APP):
        claims = ["customRoles", "dateOfBirth"]
        principal_of(document, app_id).update(
            claimsMappingPolicies=[], hasPortalClaims=True, portalClaims=claims
        )
    assert set() == _wrong(_diagnosed(tmp_path, document))


def test_what_was_not_read_is_skipped_with_its_reason(tmp_path: Path) -> None:
    """Unreadable parts are neither a problem of the tenant nor reported as correct."""
    document = good_document(tmp_path)
    document |= {"verifiedDomains": None, "notRead": {"verified_domains": "403 forbidden"}}
    found = _diagnosed(tmp_path, document)
    assert "403 forbidden" == found["TEN023"].evidence
    assert "skipped: TEN023, TEN017" in headline(tuple(found.values()))


def test_two_extensions_of_one_url(tmp_path: Path) -> None:
    """The extension that a listener names is used; if both are in use, an id is required."""
    document = good_document(tmp_path)
    own = extension_of(document)["id"]
    document["extensions"].insert(0, {**extension_of(document), "id": "unused"})
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
    with pytest.raises(OperatorError, match="has no extension with this id"):
        case("gone")

"""Snapshot files: their content, and messages about invalid files."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from claimsctl.errors import OperatorError
from claimsctl.tenant.checks import TENANT_CHECKS
from claimsctl.tenant.claims_checks import claim_paths
from claimsctl.tenant.diagnosis import case_of, diagnose, headline
from claimsctl.tenant.snapshot import read_snapshot

from tests.tenant.broken_tenants import (
    ANSWER,
    good_document,
)
from tests.tenant.chains import applied, chain_in, tenant_with_apps


def test_a_snapshot_has_no_secret_and_reads_back_the_same(tmp_path: Path) -> None:
    """Only named properties are kept; the file has nothing else of Graph's answers."""
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
        (b'{\n"tenantId": 5}', "s.json:2: tenantId: expected a string"),
        (
            b'{"tenantId": "t",\n"applications": [\n{"id": "a"}]}',
            "s.json:3: applications.0.appId: missing",
        ),
        (b'{"tenantId": NaN}', "s.json: not JSON: found NaN"),
        (b"[]", "s.json:1: the document: expected an object"),
    ],
)
def test_a_malformed_snapshot_names_file_line_and_key(raw: bytes, expected: str) -> None:
    """An invalid snapshot is refused with the location of each problem."""
    with pytest.raises(OperatorError) as refused:
        read_snapshot(Path("s.json"), raw)
    assert expected in "\n".join([str(refused.value), *refused.value.lines])


def _places(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if where:
        yield where
    if isinstance(value, list):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _places(member, (*where, key))


@pytest.mark.parametrize("wrong", ["gone", None, 5, "x", "https://[x/", [], {}, [None], {"a": 1}])
def test_a_snapshot_with_anything_wrong_is_read_or_refused(tmp_path: Path, wrong: object) -> None:
    """A missing member or another type causes findings or a message with a line, never a crash."""
    good, config = good_document(tmp_path), chain_in(tmp_path).config
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

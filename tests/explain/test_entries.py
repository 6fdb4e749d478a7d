"""Every code and finding is explained once, and can be found by id or name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from claims_provider.errors import ErrorCode
from claimsctl.explain.entries import (
    Entry,
    EntryKind,
    entries,
    find_entries,
    find_entry,
    nearest,
    token_error_in,
)

ROOT = Path(__file__).parents[2]
FINDING_ID = re.compile(r"[A-Z]{3,4}\d{3}")
ENTRA_CODES = {str(code) for code in range(1003000, 1003028)} - {"1003013"}
ENTRIES = list(entries().values())


def _ids_in_the_source() -> Iterator[str]:
    for path in (ROOT / "src/operator/claimsctl").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and FINDING_ID.fullmatch(value) and value != "SHA256":
                yield value


def test_every_finding_is_explained() -> None:
    """Every finding id in the source has an entry, and every entry's id is in the source."""
    explained = {entry.id for entry in ENTRIES if entry.kind is EntryKind.FINDING}
    assert explained == set(_ids_in_the_source())


def test_every_code_of_entras_is_explained() -> None:
    """Microsoft's whole list is explained: 1003000 to 1003027 without 1003013."""
    assert ENTRA_CODES == {entry.id for entry in ENTRIES if entry.kind is EntryKind.ENTRA_CODE}


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_every_entry_is_whole(entry: Entry) -> None:
    """It has a meaning, causes, checks and fixes, in sentences."""
    for texts in (entry.causes, entry.check, entry.cure):
        assert texts
        for text in (entry.meaning, *texts):
            assert text == text.strip()
            assert text.endswith((".", "]."))
    assert entry.name
    assert entry.doc.startswith("https://")
    assert [] == [id_ for id_ in entry.see if id_ not in entries()]


def test_codes_and_findings_point_at_each_other() -> None:
    """A code links to the findings that lead to it, and they link back."""
    for entry in ENTRIES:
        for id_ in entry.see:
            other = entries()[id_]
            if {entry.kind, other.kind} == {EntryKind.FINDING, EntryKind.ENTRA_CODE}:
                assert entry.id in other.see


@pytest.mark.parametrize(
    ("asked", "id_"),
    [
        ("1003005", "1003005"), (" 1003005 ", "1003005"), ("rsp001", "RSP001"),
        ("AADSTS50146", "AADSTS50146"), ("50146", "AADSTS50146"), ("aadsts501461", "AADSTS501461"),
        ("aadb2c90063", "AADB2C90063"), ("CustomExtensionTimedOut", "1003005"),
        ("customextension-timed-out", "1003005"),
    ],
)  # fmt: skip
def test_a_code_is_found_as_people_type_it(asked: str, id_: str) -> None:
    """Entries are found in any case, by name, and by an AADSTS number without its letters."""
    entry = find_entry(asked)
    assert entry is not None
    assert id_ == entry.id


@pytest.mark.parametrize(
    ("asked", "first"),
    [("100305", "1003005"), ("RSP07", "RSP007"), ("AADSTS5146", "AADSTS50146"),
     ("5046", "AADSTS50146"), ("CustomExtensionTimeOut", "1003005")],
)  # fmt: skip
def test_the_nearest_are_offered(asked: str, first: str) -> None:
    """For an unknown code, similar codes are suggested."""
    assert find_entry(asked) is None
    assert first in [entry.id for entry in nearest(asked)]
    assert len(nearest(asked)) <= 3


@pytest.mark.parametrize("asked", ["", "-", "xyzzy", "日本"])
def test_what_is_like_nothing(asked: str) -> None:
    """There may be no suggestion."""
    assert (None, []) == (find_entry(asked), nearest(asked))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("AADSTS1003021", ["1003021"]),
        ("AADSTS1003021: Permission not granted. Trace ID: 0a1b2c3d", ["1003021"]),
        ('{"outcome": "caller-refused", "cause": {"reason": "issuer"}}', ["caller-refused"]),
        ("error AADSTS1100001 (see code 1003002)", ["1003002", "AADSTS1100001"]),
        ("IDX10214: Audience validation failed. Audiences: 'api://x'", ["IDX10214"]),
        ("Bearer error=\"invalid_token\", error_description=\"The issuer 'https://x' is invalid\"",
         ["IDX10205", "invalid_token"]),
        ("The audience 'api://x' is invalid", ["IDX10214"]),
        ("Values of identifierUris property must use a verified domain of the organization",
         ["HostNameNotOnVerifiedDomain"]),
        ("CustomExtensionTimedOut", ["1003005"]),
        ("how can I block a sign-in with a message of mine", ["deny-message"]),
        ("2026-01-01 12345678 status 404", []),
    ],
)  # fmt: skip
def test_a_pasted_text_is_understood(text: str, ids: list[str]) -> None:
    """A log line or error message leads to the codes in it, or to entries with its wording."""
    assert ids == [entry.id for entry in find_entries(text)]


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("IDX10205: Issuer validation failed. Issuer: 'https://a'. Did not match …", "IDX10205"),
        ("IDX10501: Signature validation failed. Unable to match key", "IDX10501"),
        ("The token expired at '01/01/2026 00:00:00'", "IDX10223"),
        ("The signature is invalid", "IDX10501"),
        ("Jwt is expired", "IDX10223"),
        ('error="invalid_token"', "invalid_token"),
        ("Forbidden", None),
    ],
)
def test_a_refused_token_has_its_reason(text: str, id_: str | None) -> None:
    """A wrong issuer is recognised in the messages of all libraries and gateways."""
    found = token_error_in(text)
    assert id_ == (found and found.id)


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ("1003099", {EntryKind.ENTRA_CODE}), ("AADSTS50147", {EntryKind.SIGN_IN_ERROR}),
        ("RSP099", {EntryKind.FINDING}), ("IDX10215", {EntryKind.TOKEN_ERROR}),
    ],
)  # fmt: skip
def test_suggestions_are_of_the_same_family(asked: str, kinds: set[EntryKind]) -> None:
    """A number of one list never suggests a number of another list."""
    assert kinds == {entry.kind for entry in nearest(asked)}


def test_every_code_of_the_functions_is_explained() -> None:
    """Every `code` of the function's answers has an entry."""
    codes = {entry.id for entry in ENTRIES if entry.kind is EntryKind.PRODUCT_CODE}
    assert set(map(str, ErrorCode)) == codes

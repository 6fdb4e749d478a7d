"""One canonical spelling for all that becomes part of a key."""

import pytest
from claims_provider.contract.identifiers import canonical_address, canonical_guid

GUID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"


def test_a_guid_is_known_in_any_case() -> None:
    """A GUID gives the same key in any case."""
    assert canonical_guid(GUID.upper()) == GUID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "contoso",
        GUID[:-1],
        GUID + "0",
        f"{{{GUID}}}",
        f" {GUID}",
        f"{GUID}\n",
        GUID.replace("a", "g"),
        GUID.replace("0", "\u0660"),
    ],
)
def test_what_is_no_guid_is_refused(text: str) -> None:
    """Nothing but 8-4-4-4-12 hexadecimal digits is a GUID: no braces, no spaces."""
    with pytest.raises(ValueError, match="expected a GUID"):
        canonical_guid(text)


def test_an_address_is_known_in_any_ascii_case() -> None:
    """An address gives the same key for any case of its ASCII letters."""
    assert canonical_address("Casey@Contoso.COM") == "casey@contoso.com"


@pytest.mark.parametrize("lookalike", ["\u212a", "\u017f", "\u0130", "\uff2b"])
def test_no_other_letter_folds_into_an_ascii_one(lookalike: str) -> None:
    """An address with a look-alike letter stays another key, with claims of its own."""
    assert canonical_address(f"{lookalike}@contoso.com") == f"{lookalike}@contoso.com"


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "a@", "@b", "casey", GUID, "a@b@c", "a b@c", "a@b\n", "a@\tb", "a@b\u200b",
        "a@b\x00", "a\u00a0@b", "x" * 319 + "@b", "é" * 160 + "@b", "\ud800@b",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    """An address needs one @ between two parts, no spaces or controls, and at most 320 bytes."""
    with pytest.raises(ValueError, match=r"expected an address|surrogates"):
        canonical_address(text)


def test_an_object_id_is_never_an_address() -> None:
    """An address that looks like another user's object id does not give that user's key."""
    with pytest.raises(ValueError, match="exactly one @"):
        canonical_address(GUID)

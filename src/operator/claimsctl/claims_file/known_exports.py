"""Exports of other products: recognised by their columns, with the command that loads them."""

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claimsctl.claims_file.fields import TENANT_ID, USER, meant_by
from claimsctl.claims_file.formats import ReadOptions


@dataclass(frozen=True, slots=True)
class KnownExport:
    """A kind of file that other products write."""

    name: str
    marks: frozenset[str]
    """Columns that it has, and no other kind has together."""
    users: tuple[str, ...]
    """Columns that can say which user a row is of, best first."""
    note: str = ""


_ADDRESS_NOTE = (
    "its own user ids are not Entra's, so that an address is the key: it counts only where "
    "USER_KEYS lists mail or userPrincipalName"
)
_ENTRA_USERS = ("id", "objectId", "Object Id", "Id", "userPrincipalName", "User principal name")

# The bulk templates and the download: learn.microsoft.com/entra/identity/users/users-bulk-*; the
# others: the products' own references of their export formats.
_EXPORTS = (
    KnownExport(
        "a bulk template of the Entra admin center",
        frozenset({"userPrincipalName", "passwordProfile"}),
        ("userPrincipalName",),
        "its passwords belong in no claim",
    ),
    KnownExport(
        "a bulk invitation template of the Entra admin center",
        frozenset({"inviteeEmail"}),
        ("inviteeEmail",),
    ),
    KnownExport(
        "a bulk template of the Entra admin center for a group's members",
        frozenset({"memberObjectIdOrUpn"}),
        ("memberObjectIdOrUpn",),
    ),
    KnownExport(
        "the Entra admin center's download of users",
        frozenset({"userPrincipalName", "userType"}),
        _ENTRA_USERS,
    ),
    KnownExport(
        "the Microsoft 365 admin center's export of users",
        frozenset({"User principal name", "Display name"}),
        _ENTRA_USERS,
    ),
    KnownExport(
        "an export of Active Directory",
        frozenset({"SamAccountName", "DistinguishedName"}),
        ("UserPrincipalName", "userPrincipalName", "mail", "EmailAddress"),
        "its ObjectGUID is not the object id that Entra gives the user",
    ),
    KnownExport(
        "users as Microsoft Graph PowerShell exports them",
        frozenset({"Id", "DisplayName", "UserPrincipalName"}),
        _ENTRA_USERS,
    ),
    KnownExport(
        "users as Amazon Cognito lists them (list-users)",
        frozenset({"Username", "UserStatus"}),
        ("email", "Username"),
        _ADDRESS_NOTE,
    ),
    KnownExport(
        "a CSV of Amazon Cognito users",
        frozenset({"cognito:username"}),
        ("email", "cognito:username"),
        _ADDRESS_NOTE,
    ),
    KnownExport(
        "an Auth0 export of users",
        frozenset({"Id", "Nickname"}),
        ("Email",),
        _ADDRESS_NOTE,
    ),
    KnownExport(
        "an Auth0 export of users",
        frozenset({"user_id", "email"}),
        ("email",),
        _ADDRESS_NOTE,
    ),
    KnownExport(
        "an Okta export of users",
        frozenset({"login", "firstName"}),
        ("login", "email"),
        _ADDRESS_NOTE,
    ),
    KnownExport(
        "a Firebase export of users",
        frozenset({"localId"}),
        ("email",),
        _ADDRESS_NOTE,
    ),
    KnownExport(
        "users as Microsoft Graph lists them",
        frozenset({"id", "displayName"}),
        _ENTRA_USERS,
    ),
    KnownExport(
        "users as Microsoft Graph lists them",
        frozenset({"id", "userPrincipalName"}),
        _ENTRA_USERS,
    ),
)

_USER_NAMES = (
    "objectid", "entraobjectid", "azureadobjectid", "entraid", "oid", "id", "userprincipalname",
    "upn", "mail", "email", "emailaddress", "login", "username",
)  # fmt: skip
"""How columns that say whose row it is are called: without case, blanks and separators."""

_CLAIM_NAMES = (
    "department", "jobtitle", "title", "companyname", "organization", "division", "costcenter",
    "roles", "role", "groups", "tier", "country", "city", "locale", "givenname", "familyname",
    "firstname", "lastname", "displayname", "name",
)  # fmt: skip
"""Columns that tokens are given most, in that order."""

_CLAIMS_SUGGESTED = 2
_SEPARATORS = re.compile(r"[\W_]+")


def recognise(names: Collection[str]) -> KnownExport | None:
    """The kind of file that has columns of these `names`."""
    found = set(names)
    return next((known for known in _EXPORTS if known.marks <= found), None)


def advice(path: Path, names: Sequence[str], options: ReadOptions) -> str | None:
    """What a file without the column `user` is, and the command that loads it.

    ``None`` when none of `names` can say whose row it is.
    """
    known = recognise(names)
    user = _user_column(names, known)
    if user is None:
        return None
    command = ["claimsctl", "claims", "load", str(path), "--column", f"{USER}={user}"]
    for field, heading in options.columns.items():
        command += ["--column", f"{field}={heading}"]
    if options.tenant is None and TENANT_ID not in names and TENANT_ID not in options.columns:
        command += ["--tenant", "TENANT_ID"]
    if claims := _likely_claims(names, user):
        command += ["--only", ",".join(claims)]
    sentence = "" if known is None else f"recognised: {known.name}; "
    note = f"; {known.note}" if known is not None and known.note else ""
    return f"{sentence}load it with: {shlex.join(command)}{note}"


def _user_column(names: Sequence[str], known: KnownExport | None) -> str | None:
    if known is not None:
        return next((name for name in known.users if name in names), None)
    bare = {_SEPARATORS.sub("", name.casefold()): name for name in names}
    candidates = [bare[name] for name in _USER_NAMES if name in bare]
    candidates += [name for name in names if meant_by(name) == USER]
    return candidates[0] if candidates else None


def _likely_claims(names: Sequence[str], user: str) -> list[str]:
    bare = {_SEPARATORS.sub("", name.casefold()): name for name in names if name != user}
    return [bare[name] for name in _CLAIM_NAMES if name in bare][:_CLAIMS_SUGGESTED]


def flattened(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """`row` with the fields of its user's profile beside the others, as Cognito and Okta nest it.

    Cognito's ``Attributes`` are a list of names and values, Okta's ``profile`` is an object beside
    the user's ``status``. Any other row stays what it is.
    """
    match row:
        case {"Username": str(), "Attributes": list(attributes)} if all(
            isinstance(each, dict) and set(each) == {"Name", "Value"} for each in attributes
        ):
            rest = {name: value for name, value in row.items() if name != "Attributes"}
            return {each["Name"]: each["Value"] for each in attributes} | rest
        case {"id": str(), "status": str(), "profile": dict(profile)}:
            rest = {name: value for name, value in row.items() if name != "profile"}
            return profile | rest
        case _:
            return row

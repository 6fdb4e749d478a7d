"""Exports of other products: recognized by their columns, with the command that loads them."""

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
    """A kind of file that another product exports."""

    name: str
    marks: frozenset[str]
    """Columns that only this kind of file has together."""
    users: tuple[str, ...]
    """Columns that can identify the user of a row, best first."""
    note: str = ""


_ADDRESS_NOTE = (
    "these ids are not Entra object ids, so rows are keyed by address. An address can be reassigned"
    " or unverified: load only rows whose address is verified. The function looks up addresses only"
    " if its setting USER_KEYS lists mail or userPrincipalName."
)
_ENTRA_USERS = ("id", "objectId", "Object Id", "Id", "userPrincipalName", "User principal name")

# Sources: learn.microsoft.com/entra/identity/users/users-bulk-* for the bulk templates and the
# download; the products' references of their export formats for the others.
_EXPORTS = (
    KnownExport(
        "a bulk template of the Entra admin center",
        frozenset({"userPrincipalName", "passwordProfile"}),
        ("userPrincipalName",),
        "do not load its passwords as claims",
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
"""Usual names of a column that identifies the user: in lower case, without separators."""

_CLAIM_NAMES = (
    "department", "jobtitle", "title", "companyname", "organization", "division", "costcenter",
    "roles", "role", "groups", "tier", "country", "city", "locale", "givenname", "familyname",
    "firstname", "lastname", "displayname", "name",
)  # fmt: skip
"""Usual names of columns that become claims, the most usual first."""

_CLAIMS_SUGGESTED = 2
_SEPARATORS = re.compile(r"[\W_]+")


def recognise(names: Collection[str]) -> KnownExport | None:
    """Return the kind of file that has columns with these `names`."""
    found = set(names)
    return next((known for known in _EXPORTS if known.marks <= found), None)


def advice(path: Path, names: Sequence[str], options: ReadOptions) -> list[str]:
    """Return lines with what a file without the column `user` is and the command that reads it.

    The command is the one that was typed, with the missing options; a load is first tried with
    ``--dry-run``. There are no lines if none of `names` can identify the user.
    """
    known = recognise(names)
    user = _user_column(names, known)
    if user is None:
        return []
    command = list(options.command) or ["claimsctl", "claims", "load", str(path)]
    command += ["--column", f"{USER}={user}"]
    if options.tenant is None and TENANT_ID not in names and TENANT_ID not in options.columns:
        command += ["--tenant", "TENANT_ID"]
    if not options.only and (claims := _likely_claims(names, user)):
        command += ["--only", ",".join(claims)]
    is_import = any(word.startswith("--via") for word in command)  # has no --dry-run
    if command[2] == "load" and not is_import and "--dry-run" not in command:
        command.append("--dry-run")
    sentence = "" if known is None else f"This looks like {known.name}. "
    purpose = "load it" if is_import else "see what loading it would change"
    note = [f"Note: {known.note}"] if known is not None and known.note else []
    return [f"{sentence}To {purpose}, run:", f"  {shlex.join(command)}", *note]


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
    """Return `row` with the nested profile fields of Cognito and Okta moved to the top level.

    Cognito's ``Attributes`` are a list of names and values; Okta's ``profile`` is an object next to
    the user's ``status``. Any other row is returned unchanged.
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

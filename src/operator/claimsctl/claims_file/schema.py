"""The claims schema, ``claims.toml``: the names of all claims and their allowed values."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from claims_provider.contract.answer import ClaimValue
from claims_provider.contract.identifiers import canonical_guid

from claimsctl.claims_file.fields import HIDDEN_CLAIMS, NO_CLAIMS, check_claim_name
from claimsctl.claims_file.problem import FieldProblem, shown
from claimsctl.entra.token_mapping import MappedClaim, is_restricted_jwt_name
from claimsctl.errors import OperatorError
from claimsctl.text import in_quotes

_NAMES_SHOWN = 10


class ClaimType(StrEnum):
    """The type of a claim's value."""

    STRING = "string"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """One claim of the schema."""

    name: str
    """The name in rows and in the provider's answer; Entra's ``ID``."""
    type: ClaimType
    apps: frozenset[str] = frozenset()
    """The canonical ids of the apps that it is for; empty for every app."""
    values: tuple[str, ...] = ()
    """The allowed values of a string, or of each item of a list; empty for any."""
    token_name: str = ""
    """The name in the token (``JwtClaimType``)."""

    def check_value(self, value: ClaimValue) -> ClaimValue:
        """Return `value` if this claim allows it. Raises `FieldProblem`."""
        if isinstance(value, list) != (self.type is ClaimType.LIST):
            kind = "a list" if self.type is ClaimType.LIST else "a string"
            message = f"the schema requires {kind}; found {shown(value)}"
            raise FieldProblem(self.name, message)
        for part in value if isinstance(value, list) else (value,):
            if self.values and part not in self.values:
                expected = _listed(self.values)
                message = f"the schema allows {expected}; found {shown(part)}"
                raise FieldProblem(self.name, message)
        return value

    def check_app(self, app_id: str | None) -> None:
        """Raise `FieldProblem` when this claim is not for `app_id`.

        A row for every app may set it, since the other apps' policies do not map it.
        """
        if self.apps and app_id is not None and app_id not in self.apps:
            expected = _listed(tuple(sorted(self.apps)))
            message = (
                f"the schema allows this claim only for {expected}; the row is for app {app_id}"
            )
            raise FieldProblem(self.name, message)


@dataclass(frozen=True, slots=True)
class ClaimSchema:
    """All claims, by name."""

    claims: Mapping[str, ClaimRule]

    def rule(self, name: str) -> ClaimRule:
        """Return the rule of the claim `name`. Raises `FieldProblem` if there is none."""
        if (rule := self.claims.get(name)) is None:
            message = f"not in the schema, which has {_listed(tuple(self.claims))}"
            raise FieldProblem(name, message)
        return rule

    def app_problems(self, names: Iterable[str], app_id: str | None) -> list[FieldProblem]:
        """Return the problems of a row for `app_id` that sets the claims `names`."""
        problems = []
        for name in names:
            try:
                self.rule(name).check_app(app_id)
            except FieldProblem as problem:
                problems.append(problem)
        return problems

    def check_hidden(self, names: tuple[str, ...]) -> None:
        """Raise `FieldProblem` for a name that is not a claim and would hide nothing."""
        for name in names:
            if name not in self.claims:
                message = (
                    f"{shown(name)} is not in the schema, which has {_listed(tuple(self.claims))}"
                )
                raise FieldProblem(HIDDEN_CLAIMS, message)


def mapped_by(schema: ClaimSchema, app_id: str | None) -> tuple[MappedClaim, ...]:
    """Return the claims that a policy made from `schema` maps into tokens for `app_id`."""
    return tuple(
        MappedClaim(rule.name, rule.token_name)
        for rule in schema.claims.values()
        if not rule.apps or app_id in rule.apps
    )


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


_CLAIMS = "claims"
_TYPE, _APPS, _VALUES, _TOKEN_NAME = _KEYS = ("type", "apps", "values", "token_name")


def read_schema(path: Path) -> ClaimSchema:
    """Read the schema at `path`. Raises `OperatorError` with all problems, by line and claim."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        document = tomllib.loads(text)
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise OperatorError(message) from None
    except UnicodeDecodeError as error:
        message = f"{path}: not valid UTF-8: byte 0x{error.object[error.start]:02x}"
        raise OperatorError(message) from None
    except tomllib.TOMLDecodeError as error:
        message = f"{path}: not valid TOML: {error}"
        raise OperatorError(message) from None
    except (ValueError, RecursionError):
        message = f"{path}: not valid TOML: nested too deeply, or with a number that is too long"
        raise OperatorError(message) from None
    reading = _Reading(path, text)
    rules = reading.rules(document)
    if reading.problems:
        count = len(reading.problems)
        message = f"{path}: {'1 problem' if count == 1 else f'{count} problems'} in the schema"
        raise OperatorError(message, lines=reading.problems)
    return ClaimSchema({rule.name: rule for rule in rules})


class _Reading:
    """The reading of a document, which collects its problems."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self.problems: list[str] = []

    def rules(self, document: Mapping[str, Any]) -> list[ClaimRule]:
        for key in document:
            if key != _CLAIMS:
                expected = "expected a table [claims.NAME] for each claim"
                self._problem((key,), f"unknown key; {expected}")
        claims = document.get(_CLAIMS)
        if not isinstance(claims, dict) or not claims:
            self._problem((_CLAIMS,), "expected a table [claims.NAME] for each claim; found none")
            return []
        rules = [self._rule(name, table) for name, table in claims.items()]
        for rule, other in _clashes(rules):
            message = (
                f"has the same name in the token, {in_quotes(rule.token_name)}, as {other.name},"
                " for the same app; set another token_name"
            )
            self._problem((_CLAIMS, rule.name), message)
        return rules

    def _rule(self, name: str, table: object) -> ClaimRule:
        where = (_CLAIMS, name)
        is_named = self._check_name(name)
        if not isinstance(table, dict):
            self._problem(where, f"expected a table with {', '.join(_KEYS)}; found {shown(table)}")
            table = {_TYPE: ClaimType.STRING}
        for key in table:
            if key not in _KEYS:
                self._problem((*where, key), f"unknown key; expected {', '.join(_KEYS)}")
        type_ = table.get(_TYPE)
        if type_ not in tuple(ClaimType):
            found = "none" if type_ is None else shown(type_)
            self._problem((*where, _TYPE), f'expected "string" or "list"; found {found}')
            type_ = ClaimType.STRING
        token_name = table.get(_TOKEN_NAME, name)
        if not isinstance(token_name, str) or not token_name.strip():
            self._problem((*where, _TOKEN_NAME), f"expected a name; found {shown(token_name)}")
            token_name = name
        if is_named and is_restricted_jwt_name(token_name):
            message = (
                f"a claims mapping policy cannot emit a claim named {shown(token_name)}; set"
                " another name"
            )
            self._problem((*where, _TOKEN_NAME), message)
        apps = [self._app((*where, _APPS), app) for app in self._texts(table, where, _APPS)]
        values = self._texts(table, where, _VALUES)
        return ClaimRule(name, ClaimType(type_), frozenset(apps), tuple(values), token_name)

    def _check_name(self, name: str) -> bool:
        """Return whether a claim can have this name, and report the problem if not."""
        problem = "a reserved column cannot be a claim" if name in NO_CLAIMS else ""
        try:
            check_claim_name(name)
        except FieldProblem as found:
            problem = problem or str(found)
        if problem:
            self._problem((_CLAIMS, name), problem)
        return not problem

    def _texts(self, table: Mapping[str, Any], where: tuple[str, ...], key: str) -> list[str]:
        texts = table.get(key)
        if texts is None:
            return []
        if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
            message = f"expected a list of one or more strings; found {shown(texts)}"
            self._problem((*where, key), message)
            return []
        return texts

    def _app(self, where: tuple[str, ...], app: str) -> str:
        try:
            return canonical_guid(app)
        except ValueError as error:
            self._problem(where, f"{error}; found {shown(app)}")
            return app

    def _problem(self, where: tuple[str, ...], message: str) -> None:
        line = _line_of(self._text, where)
        place = f"{self._path}:{line}" if line else f"{self._path}"
        self.problems.append(f"{place}: {'.'.join(where)}: {message}")


def _clashes(rules: list[ClaimRule]) -> Iterator[tuple[ClaimRule, ClaimRule]]:
    by_token_name: dict[str, list[ClaimRule]] = {}
    for rule in rules:
        for other in by_token_name.setdefault(rule.token_name, []):
            if not rule.apps or not other.apps or rule.apps & other.apps:
                yield rule, other
                break
        by_token_name[rule.token_name].append(rule)


def _line_of(text: str, where: tuple[str, ...]) -> int | None:
    """Return the line of the key `where`, otherwise that of its table, if it can be found."""
    table: tuple[str, ...] = ()
    best = None
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            path = _path_of(tomllib.loads(line))
        except (ValueError, RecursionError):  # a part of a value on several lines
            path = _path_of(_opened(line))
        if line.lstrip().startswith("["):
            table = path
        full = path if path == table else table + path
        if full[: len(where)] == where:
            return number
        if path and full == where[: len(full)]:
            best = number
    return best


def _opened(line: str) -> Mapping[str, Any]:
    """Return the key that a line sets whose value continues on the next lines."""
    key, equals, _ = line.partition("=")
    try:
        return tomllib.loads(f"{key}= 0") if equals else {}
    except (ValueError, RecursionError):
        return {}


def _path_of(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the path of the key that one line sets."""
    keys: list[str] = []
    value: object = document
    while isinstance(value, dict) and len(value) == 1 and len(keys) < 3:  # noqa: PLR2004  # claims.NAME.key
        ((key, value),) = value.items()
        keys.append(key)
    return tuple(keys)

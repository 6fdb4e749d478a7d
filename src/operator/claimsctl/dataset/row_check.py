"""The same checks as in `row`, compiled for one file: good rows cost a few look-ups.

Whatever is not plainly good goes to `row`, which alone decides what is wrong and says so.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from claims_provider.contract.answer import Claims, ClaimValue, claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX

from claimsctl.dataset import fields
from claimsctl.dataset.catalogue import ClaimRule, ClaimType
from claimsctl.dataset.columns import (
    APP_ID,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    IGNORED,
    RESERVED,
    TENANT_ID,
    USER,
    check_claim_name,
)
from claimsctl.dataset.json_rows import Repeated
from claimsctl.dataset.problem import FieldProblem
from claimsctl.dataset.read_options import ReadOptions
from claimsctl.dataset.row import Row, check_cells, check_fields, hidden_names, read_cell

Check = Callable[[Any], Row | list[FieldProblem]]

_KNOWN_MAX = 4096
_MEMBERS_MAX = 1000
"""More members than a list within 3 KB has reason to have."""
_KEY_FIELDS = (TENANT_ID, USER, APP_ID, EXPIRES_AT)
_NO_CLAIMS = frozenset(RESERVED) | IGNORED

_plain_guid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


class _Known(dict[str, Any]):
    """What texts have been read as; forgotten when there are too many."""

    def __init__(self, read: Callable[[str], Any], always: Mapping[str, Any]) -> None:
        super().__init__(always)
        self._read = read
        self._always = always

    def __missing__(self, text: str) -> Any:
        value = self._read(text)
        if len(self) >= _KNOWN_MAX:
            self.clear()
            self.update(self._always)
        self[text] = value
        return value


def cells_check(names: Sequence[str], delimiter: str, options: ReadOptions) -> Check:
    """A check of rows of cells under the columns `names`."""
    width = len(names)
    place = {name: index for index, name in enumerate(names) if name}
    absent = width  # an empty cell that every row is given
    tenant_at, user_at, app_at, moment_at, hidden_at = (place.get(n, absent) for n in RESERVED)
    unnamed = [index for index, name in enumerate(names) if not name]
    tenants, users, apps, moments = _known_keys(options)
    hidden_lists = _Known(lambda text: _hidden(text, options), {"": ()})
    separator = options.list_separator
    claims_at = [
        (index, name, len(name.encode()), *_reading(name, options))
        for name, index in place.items()
        if name not in _NO_CLAIMS
    ]

    def check(cells: list[str]) -> Row | list[FieldProblem]:
        if len(cells) != width or (unnamed and any(cells[index] for index in unnamed)):
            return check_cells(names, cells, delimiter, options)
        row = [*cells, ""]
        try:
            tenant = tenants[row[tenant_at]]
            text = row[user_at]
            user = text if _plain_guid(text) else users(text)
            app = apps[row[app_at]]
            moment = moments[row[moment_at]]
            hidden = hidden_lists[row[hidden_at]]
            claims: Claims = {}
            size = 0
            for index, name, name_bytes, is_text, known, rule in claims_at:
                if text := row[index]:
                    if rule is not None:
                        rule.check_app(app)
                    if is_text or (is_text is None and separator not in text and text[0] != "["):
                        claims[name] = text
                        size += name_bytes + (len(text) if text.isascii() else len(text.encode()))
                    else:
                        claims[name], value_bytes = known[text]
                        size += name_bytes + value_bytes
        except FieldProblem:
            return check_cells(names, cells, delimiter, options)
        if size > CLAIMS_BYTES_MAX:
            return check_cells(names, cells, delimiter, options)
        return tenant, user, app, moment, claims, hidden, size

    return check


def fields_check(options: ReadOptions) -> Check:
    """A check of JSON values."""
    meant = {heading: field for field, heading in options.columns.items()}
    claim_names = _Known(lambda name: _claim_name(name, options), {})
    tenants, users, apps, moments = _known_keys(options)

    def check(value: Any) -> Row | list[FieldProblem]:
        match value:
            case FieldProblem():
                return [value]
            case Repeated():
                return [FieldProblem(value.name, "stands twice in the row")]
            case dict():
                pass
            case _:
                return [FieldProblem("", "expected a JSON object")]
        if meant:
            for heading, field in meant.items():
                if field in value:
                    message = f"stands in the row, and --column takes {heading!r} for it"
                    return [FieldProblem(field, message)]
            value = {meant.get(name, name): content for name, content in value.items()}
        if USER not in value:
            message = (
                f'no field {options.columns.get(USER, USER)!r}; give "" for the tenant\'s default'
            )
            return [FieldProblem("", message)]
        try:
            row = plain(value)
        except (FieldProblem, TypeError, AttributeError, UnicodeEncodeError):
            row = None
        return check_fields(value, options) if row is None else row

    def plain(value: dict[str, Any]) -> Row | None:
        if value.get(HIDDEN_CLAIMS) is not None:
            return None
        tenant, text, app, moment = (
            "" if (content := value.get(name)) is None else content for name in _KEY_FIELDS
        )
        tenant = tenants[tenant]
        user = text if _plain_guid(text) else users(text)
        app = apps[app]
        moment = moments[moment] if isinstance(moment, str) else fields.expires_at(moment)
        claims: Claims = {}
        size = 0
        for name, content in value.items():
            if content is None or content == "" or name in _NO_CLAIMS:
                continue
            name_bytes, rule = claim_names[name]
            if isinstance(content, str):
                size += len(content) if content.isascii() else len(content.encode())
            elif isinstance(content, list) and len(content) <= _MEMBERS_MAX:
                size += sum(len(part) if part.isascii() else len(part.encode()) for part in content)
            else:
                return None
            if rule is not None:
                rule.check_value(content)
                rule.check_app(app)
            claims[name] = content
            size += name_bytes
        if size > CLAIMS_BYTES_MAX:
            return None
        return tenant, user, app, moment, claims, (), size

    return check


def _known_keys(
    options: ReadOptions,
) -> tuple[_Known, Callable[[str], str | None], _Known, _Known]:
    default = {} if options.tenant is None else {"": options.tenant}
    return (
        _Known(fields.tenant_id, default),
        lambda text: fields.user(text) if text else None,
        _Known(fields.app_id, {"": None}),
        _Known(fields.expires_at, {"": options.expires_at}),
    )


def _reading(name: str, options: ReadOptions) -> tuple[bool | None, _Known, ClaimRule | None]:
    """Whether cells are text (``None``: to be told by each), else how, and whose app to check."""
    rule = _rule(name, options)
    known = _Known(lambda text: _cell(name, text, options), {})
    if rule is None:
        return None, known, None
    is_text = rule.type is ClaimType.STRING and not rule.values
    return is_text, known, rule if rule.apps else None


def _cell(name: str, text: str, options: ReadOptions) -> tuple[ClaimValue, int]:
    value = fields.claim_value(name, read_cell(name, text, options))
    if (rule := _rule(name, options)) is not None:
        rule.check_value(value)
    if isinstance(value, list):
        _check_short(name, value)
    return value, claims_bytes({"": value})


def _hidden(text: str, options: ReadOptions) -> tuple[str, ...]:
    names = hidden_names(read_cell(HIDDEN_CLAIMS, text, options), options)
    _check_short(HIDDEN_CLAIMS, names)
    return names


def _check_short(name: str, members: Sequence[str]) -> None:
    if len(members) > _MEMBERS_MAX:
        raise FieldProblem(name, "to be looked at as a whole")


def _rule(name: str, options: ReadOptions) -> ClaimRule | None:
    return None if options.catalogue is None else options.catalogue.rule(name)


def _claim_name(name: str, options: ReadOptions) -> tuple[int, ClaimRule | None]:
    return len(fields.check_text(name, check_claim_name(name)).encode()), _rule(name, options)

"""Rows of cells under a heading, checked at the cost of a few look-ups a row."""

from collections.abc import Sequence

from claims_provider.contract.answer import Claims, ClaimValue, claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX

from claimsctl.claims_file import fields
from claimsctl.claims_file.fields import HIDDEN_CLAIMS, NO_CLAIMS, RESERVED
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.known import (
    Check,
    Known,
    KnownKeys,
    check_short,
    is_plain_guid,
    read_user,
    rule_of,
)
from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.row import Row, check_cells, hidden_names, read_cell
from claimsctl.claims_file.schema import ClaimRule, ClaimType


def cells_check(names: Sequence[str], delimiter: str, options: ReadOptions) -> Check:
    """A check of rows of cells under the columns `names`."""
    width = len(names)
    place = {name: index for index, name in enumerate(names) if name}
    absent = width  # an empty cell that every row is given
    tenant_at, user_at, app_at, moment_at, hidden_at = (place.get(n, absent) for n in RESERVED)
    unnamed = [index for index, name in enumerate(names) if not name]
    keys = KnownKeys.of(options)
    tenants, apps, moments = keys.tenants, keys.apps, keys.moments
    hidden_lists = Known(lambda text: _hidden(text, options), {"": ()})
    separator = options.list_separator
    claims_at = [
        (index, name, len(name.encode()), *_reading(name, options))
        for name, index in place.items()
        if name not in NO_CLAIMS
    ]

    def check(cells: list[str]) -> Row | list[FieldProblem]:
        if len(cells) != width or (unnamed and any(cells[index] for index in unnamed)):
            return check_cells(names, cells, delimiter, options)
        row = [*cells, ""]
        try:
            tenant = tenants[row[tenant_at]]
            text = row[user_at]
            user = text if is_plain_guid(text) else read_user(text)
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


def _reading(name: str, options: ReadOptions) -> tuple[bool | None, Known, ClaimRule | None]:
    """Whether cells are text (``None``: to be told by each), else how, and whose app to check."""
    rule = rule_of(name, options)
    known = Known(lambda text: _cell(name, text, options), {})
    if rule is None:
        return None, known, None
    is_text = rule.type is ClaimType.STRING and not rule.values
    return is_text, known, rule if rule.apps else None


def _cell(name: str, text: str, options: ReadOptions) -> tuple[ClaimValue, int]:
    value = fields.claim_value(name, read_cell(name, text, options))
    if (rule := rule_of(name, options)) is not None:
        rule.check_value(value)
    if isinstance(value, list):
        check_short(name, value)
    return value, claims_bytes({"": value})


def _hidden(text: str, options: ReadOptions) -> tuple[str, ...]:
    names = hidden_names(read_cell(HIDDEN_CLAIMS, text, options), options)
    check_short(HIDDEN_CLAIMS, names)
    return names

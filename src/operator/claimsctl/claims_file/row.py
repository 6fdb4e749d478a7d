"""One row → what it says, or every problem in it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from claims_provider.contract.answer import Claims, claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX

from claimsctl.claims_file import fields
from claimsctl.claims_file.fields import (
    APP_ID,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    IGNORED,
    NO_CLAIMS,
    TENANT_ID,
    USER,
    check_claim_name,
)
from claimsctl.claims_file.formats import LIST_SEPARATOR, ReadOptions
from claimsctl.claims_file.problem import FieldProblem, shown
from claimsctl.claims_file.schema import ClaimType

ITEM_BYTES_MAX = 400 * 1024
"""Of one item, names and values; DynamoDB's limit."""

_LIST_MEMBER_BYTES = 4
"""More than DynamoDB counts for a member of a list beside its text."""

Row = tuple[str, str | None, str | None, int | None, Claims, tuple[str, ...], int]
"""Tenant, user, app, expires_at, claims, hidden and bytes of the claims: a `Record`, cheaper."""


def check_cells(
    names: Sequence[str], cells: Sequence[str], delimiter: str, options: ReadOptions
) -> Row | list[FieldProblem]:
    """What the cells under the columns `names` say, or what is wrong with them."""
    if any(cells[len(names) :]):
        count = f"{len(cells)} cells, {len(names)} headings"
        return [FieldProblem("", f"{count}; quote cells that hold {delimiter!r}")]
    if any(cell and not name for name, cell in zip(names, cells, strict=False)):
        return [FieldProblem("", "a cell in a column without a heading")]
    problems = _Problems()
    values: dict[str, object] = {}
    for name, cell in zip(names, cells, strict=False):
        if cell and name not in IGNORED:
            value = problems.of(read_cell, name, cell, options)
            if value is not None:
                values[name] = value
    row = check_fields(values, options)
    if isinstance(row, list):
        return problems.found + row
    return problems.found or row


def read_cell(name: str, text: str, options: ReadOptions) -> object:
    """What a cell holds, by the catalogue where there is one. Raises `FieldProblem`."""
    if options.catalogue is None or name in NO_CLAIMS:
        return fields.cell_value(name, text, options.list_separator)
    if options.catalogue.rule(name).type is ClaimType.STRING:
        return text
    if text.startswith("["):
        return fields.cell_value(name, text, options.list_separator)
    return fields.cell_items(name, text, options.list_separator)


def check_fields(values: Mapping[str, object], options: ReadOptions) -> Row | list[FieldProblem]:
    """What the fields of a row say, strings and lists of strings taken as they are.

    An empty or null field counts as absent. Else a list of what is wrong with them.
    """
    problems = _Problems()
    filled = {name: value for name, value in values.items() if value is not None and value != ""}
    tenant: Any = filled.get(TENANT_ID, options.tenant)
    if tenant is None:
        message = "empty; expected the tenant's GUID, or give --tenant"
        problems.found.append(FieldProblem(TENANT_ID, message))
    else:
        tenant = problems.of(fields.tenant_id, tenant)
    user = problems.of(fields.user, filled[USER]) if USER in filled else None
    app = problems.of(fields.app_id, filled[APP_ID]) if APP_ID in filled else None
    expires_at = options.expires_at
    if EXPIRES_AT in filled:
        expires_at = problems.of(fields.expires_at, filled[EXPIRES_AT])
    claims: Claims = {}
    for name, value in filled.items():
        if name not in NO_CLAIMS:
            claims[name] = problems.of(_claim, name, value, app, options)
    hidden = (
        problems.of(hidden_names, filled[HIDDEN_CLAIMS], options) if HIDDEN_CLAIMS in filled else ()
    )
    if problems.found:
        return problems.found
    size = claims_bytes(claims)
    if too_large := _size_problem(claims, size, hidden):
        return [too_large]
    return tenant, user, app, expires_at, claims, hidden, size


def _claim(name: str, value: object, app: str | None, options: ReadOptions) -> Any:
    fields.check_text(name, check_claim_name(name))
    claim = fields.claim_value(name, value)
    if options.catalogue is not None:
        rule = options.catalogue.rule(name)
        rule.check_value(claim)
        rule.check_app(app)
    return claim


def hidden_names(value: object, options: ReadOptions) -> tuple[str, ...]:
    """The names of claims to hide. Raises `FieldProblem`."""
    if isinstance(value, str) and LIST_SEPARATOR in value:
        message = f"expected a list of claim names, found {shown(value)}"
        raise FieldProblem(HIDDEN_CLAIMS, message)
    names = fields.hidden_claims(value)
    if options.catalogue is not None:
        options.catalogue.check_hidden(names)
    return names


def _size_problem(claims: Claims, size: int, hidden: tuple[str, ...]) -> FieldProblem | None:
    if size > CLAIMS_BYTES_MAX:
        largest = max(claims, key=lambda name: claims_bytes({name: claims[name]}))
        message = (
            f"the row's claims have {size} bytes; Entra takes at most {CLAIMS_BYTES_MAX} in one "
            f"answer, and this one is the largest"
        )
        return FieldProblem(largest, message)
    members = sum(len(value) for value in claims.values() if isinstance(value, list)) + len(hidden)
    item = size + members * _LIST_MEMBER_BYTES + sum(len(name.encode()) for name in hidden)
    if item > ITEM_BYTES_MAX:
        message = f"the row's lists need {item} bytes; an item of DynamoDB has {ITEM_BYTES_MAX}"
        return FieldProblem("", message)
    return None


class _Problems:
    """What has been found wrong with a row."""

    def __init__(self) -> None:
        self.found: list[FieldProblem] = []

    def of(self, read: Callable[..., Any], *arguments: object) -> Any:
        """What `read` gives; ``None`` when that is a problem."""
        try:
            return read(*arguments)
        except FieldProblem as problem:
            self.found.append(problem)
            return None

"""JSON values, checked at the cost of a few look-ups a row."""

from collections.abc import Mapping
from typing import Any

from claims_provider.contract.answer import Claims
from claims_provider.contract.limits import CLAIMS_BYTES_MAX

from claimsctl.claims_file import fields
from claimsctl.claims_file.fields import (
    APP_ID,
    EXPIRES_AT,
    HIDDEN_CLAIMS,
    NO_CLAIMS,
    TENANT_ID,
    USER,
    check_claim_name,
)
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.json_rows import Repeated
from claimsctl.claims_file.known import (
    MEMBERS_MAX,
    Known,
    KnownKeys,
    is_plain_guid,
    read_user,
    rule_of,
)
from claimsctl.claims_file.problem import FieldProblem
from claimsctl.claims_file.row import Row, check_fields
from claimsctl.claims_file.schema import ClaimRule

_KEY_FIELDS = (TENANT_ID, USER, APP_ID, EXPIRES_AT)


class FieldsCheck:
    """A check of the values of one file."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._meant = {heading: field for field, heading in options.columns.items()}
        self._keys = KnownKeys.of(options)
        self._names = Known(lambda name: _claim_name(name, options), {})

    def __call__(self, value: Any) -> Row | list[FieldProblem]:
        """What `value` says, or what is wrong with it."""
        if not isinstance(value, dict) or isinstance(value, Repeated):
            return [_no_row(value)]
        if self._meant:
            for heading, field in self._meant.items():
                if field in value and field != heading:
                    message = f"stands in the row, and --column takes {heading!r} for it"
                    return [FieldProblem(field, message)]
            value = {self._meant.get(name, name): content for name, content in value.items()}
        if USER not in value:
            name = self._options.columns.get(USER, USER)
            return [FieldProblem("", f'no field {name!r}; give "" for the tenant\'s default')]
        try:
            row = self._plain(value)
        except (FieldProblem, TypeError, AttributeError, UnicodeEncodeError):
            row = None
        return check_fields(value, self._options) if row is None else row

    def _plain(self, value: Mapping[str, Any]) -> Row | None:
        """The row, if it is plainly good; anything may be raised if it is not."""
        if value.get(HIDDEN_CLAIMS) is not None:
            return None
        tenant, text, app, moment = (
            "" if (content := value.get(name)) is None else content for name in _KEY_FIELDS
        )
        keys = self._keys
        tenant = keys.tenants[tenant]
        user = text if is_plain_guid(text) else read_user(text)
        app = keys.apps[app]
        moment = keys.moments[moment] if isinstance(moment, str) else fields.expires_at(moment)
        claims: Claims = {}
        size = 0
        for name, content in value.items():
            if content is None or content == "" or name in NO_CLAIMS:
                continue
            name_bytes, rule = self._names[name]
            if rule is not None:
                rule.check_value(content)
                rule.check_app(app)
            claims[name] = content
            size += name_bytes + _size(content)
        if size > CLAIMS_BYTES_MAX:
            return None
        return tenant, user, app, moment, claims, (), size


def _no_row(value: object) -> FieldProblem:
    match value:
        case FieldProblem():
            return value
        case Repeated():
            return FieldProblem(value.name, "stands twice in the row")
        case _:
            return FieldProblem("", "expected a JSON object")


def _size(content: Any) -> int:
    """Bytes of a claim's value. Raises ``TypeError`` and the like for what may be none."""
    if isinstance(content, str):
        return len(content) if content.isascii() else len(content.encode())
    if not isinstance(content, list) or len(content) > MEMBERS_MAX:
        raise TypeError
    return sum(len(part) if part.isascii() else len(part.encode()) for part in content)


def _claim_name(name: str, options: ReadOptions) -> tuple[int, ClaimRule | None]:
    return len(fields.check_text(name, check_claim_name(name)).encode()), rule_of(name, options)

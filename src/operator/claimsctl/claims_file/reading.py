"""One pass over a file's rows, and a second look at those that only others make bad."""

import time
from collections.abc import Callable, Mapping, Sequence

from claims_provider.claims.item import Layer, read_item
from claims_provider.claims.key import tenant_key, user_key
from claims_provider.contract.answer import claims_bytes

from claimsctl.claims_file.composition import Composer
from claimsctl.claims_file.problem import FieldProblem, Problem, Unreadable
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.rejects import Raw
from claimsctl.claims_file.row import Row
from claimsctl.claims_file.rows import Rows
from claimsctl.claims_file.set_aside import SetAside
from claimsctl.claims_file.suspects import find_suspects, look_at, packed, slot_bounds
from claimsctl.claims_file.tenants import TenantLayer, table_layer

TenantLayers = Callable[[str], Mapping[str | None, Layer]]
"""A tenant's own layers in the table, by app (``None``: every app)."""

_KEYS_KNOWN_MAX = 4096


class FirstProblems:
    """How many problems there are, and the first ones by row."""

    def __init__(self, shown: int) -> None:
        self._shown = shown
        self._first: list[Problem] = []
        self.count = 0

    def add(self, problem: Problem) -> None:
        """Count `problem`."""
        self.count += 1
        self._first.append(problem)
        if len(self._first) > 2 * self._shown + 100:
            self._first = self.first()

    def first(self) -> list[Problem]:
        """The first ones."""
        return sorted(self._first, key=lambda problem: problem.row)[: self._shown]


class Reading:
    """What is known of a file while it is read."""

    def __init__(self, aside: SetAside, problems_shown: int) -> None:
        self._aside = aside
        self._now = time.time()
        self.problems = FirstProblems(problems_shown)
        self.rows = 0
        self.rejected = 0
        self.by_address = 0
        self.complete = True
        self._prefixes: dict[str, str] = {}
        self._sort_keys: dict[str | None, str] = {}

    def read(self, rows: Rows) -> None:
        """Look at each row by itself and set it aside."""
        check = rows.check
        try:
            for line, value, raw in rows.each:
                self.rows += 1
                found = check(value)
                if isinstance(found, tuple):
                    self._keep(line, found)
                else:
                    self._reject(line, raw, found)
        except Unreadable as problem:
            self.complete = False
            self.problems.add(Problem(self.rows + 1, problem.line, "", str(problem)))
        self._aside.flush()

    def _keep(self, line: int, found: Row) -> None:
        aside = self._aside
        tenant, user, app, expires_at, _, hidden, size = found
        aside.good.add((self.rows, line, *found[:6]), size + sum(map(len, hidden)))
        aside.tenants.name(tenant, app, of_user=user is not None)
        expired = expires_at is not None and expires_at <= self._now
        if user is None:
            key = tenant_key(tenant, app)
            pk, sk = key.pk, key.sk
            if not expired:
                self._add_tenant_layer(line, found)
        else:
            pk = self._prefix(tenant) + user
            sk = self._sort_key(app)
            self.by_address += "@" in user
        weight = 0 if expired or user is None else size
        aside.partitions.add((hash(pk), hash((pk, sk)), self.rows, packed(weight, tenant)))

    def _add_tenant_layer(self, line: int, found: Row) -> None:
        tenant, _, app, _, claims, hidden, _ = found
        item = Record(tenant, None, app, None, claims, hidden).to_item()
        if (layer := read_item(item, self._now)) is not None:
            size = claims_bytes(dict(layer.claims))
            self._aside.tenants.add_layer(tenant, app, TenantLayer(layer, size, self.rows, line))

    def _prefix(self, tenant: str) -> str:
        prefix = self._prefixes.get(tenant)
        if prefix is None:
            if len(self._prefixes) >= _KEYS_KNOWN_MAX:
                self._prefixes.clear()
            prefix = self._prefixes[tenant] = user_key(tenant, "", None).pk
        return prefix

    def _sort_key(self, app: str | None) -> str:
        sort_key = self._sort_keys.get(app)
        if sort_key is None:
            if len(self._sort_keys) >= _KEYS_KNOWN_MAX:
                self._sort_keys.clear()
            sort_key = self._sort_keys[app] = tenant_key("", app).sk
        return sort_key

    def _reject(self, line: int, raw: Raw, found: Sequence[FieldProblem]) -> None:
        self.rejected += 1
        told = [
            f"{problem.field}: {problem}" if problem.field else str(problem) for problem in found
        ]
        self._aside.rejected.add_read(self.rows, line, raw, "; ".join(told))
        for problem in found:
            self.problems.add(Problem(self.rows, line, problem.field, str(problem)))

    def compare(self, tenant_layers: TenantLayers | None) -> None:
        """Look at rows beside one another, over the layers that tenants have in the table."""
        aside = self._aside
        if tenant_layers is not None:
            for tenant in aside.tenants.names():
                for app, layer in tenant_layers(tenant).items():
                    aside.tenants.add_layer(tenant, app, table_layer(layer))
        composer = Composer(aside.tenants)
        suspects = find_suspects(aside.partitions, slot_bounds(aside.tenants.bounds()))
        if suspects.count:
            for problem, told in look_at(suspects, aside.good, composer, self._now):
                self._reject_later(problem, told=told)
        for problem in composer.tenants_too_large():
            self._reject_later(problem, told=True)

    def _reject_later(self, problem: Problem, *, told: bool) -> None:
        before = self._aside.later.count
        self._aside.later.add(problem.row)
        self.rejected += self._aside.later.count - before
        reason = f"{problem.field}: {problem.message}" if problem.field else problem.message
        self._aside.rejected.add_later(problem.row, reason)
        if told:
            self.problems.add(problem)

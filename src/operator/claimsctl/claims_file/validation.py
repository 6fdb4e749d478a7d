"""A file of claims, checked whole before its first row is written."""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from claims_provider.claims.item import Layer, read_item
from claims_provider.claims.key import LayerKey, tenant_key, user_key
from claims_provider.contract.answer import claims_bytes

from claimsctl.claims_file.composition import Composer
from claimsctl.claims_file.formats import Format, ReadOptions, open_source
from claimsctl.claims_file.partitions import KeyIndex
from claimsctl.claims_file.problem import FieldProblem, Problem, Unreadable
from claimsctl.claims_file.record import Record
from claimsctl.claims_file.rejects import Raw, RejectedRow, RejectsFormat
from claimsctl.claims_file.row import Row
from claimsctl.claims_file.rows import Rows, rows_of
from claimsctl.claims_file.set_aside import SetAside
from claimsctl.claims_file.suspects import find_suspects, look_at, packed, slot_bounds
from claimsctl.claims_file.tenants import TenantLayer, table_layer
from claimsctl.errors import OperatorError

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


@dataclass(slots=True)
class CheckedFile:
    """What one reading of the file gave. Closed, its temporary files are gone."""

    path: Path
    format: Format
    sha256: str
    """Of the file's bytes as they are, compressed or not."""
    bytes: int
    rows: int
    """Data rows read: `valid` + `rejected`."""
    rejected: int
    by_address: int
    """How many good rows are keyed by an address."""
    problem_count: int
    problems: list[Problem]
    """The first ones, by line."""
    complete: bool
    """Whether the file could be told into rows to its end."""
    rejects: RejectsFormat
    _aside: SetAside
    _index: KeyIndex | None = None

    @property
    def valid(self) -> int:
        """How many rows are good."""
        return self.rows - self.rejected

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the temporary files."""
        if self._index is not None:
            self._index.close()
            self._index = None
        self._aside.close()

    def records(self, after_row: int = 0) -> Iterator[Record]:
        """Good rows after row `after_row`, in the file's order: exactly what was checked."""
        later = self._aside.later
        for row, line, *fields in self._aside.good.items(after_row):
            if not later.count or row not in later:
                yield replace(Record(*fields), row=row, line=line)

    def rejected_rows(self) -> Iterator[RejectedRow]:
        """Bad rows in the file's order, each once with all its problems in `reason`."""
        return self._aside.rejected.rows(self._aside.good, self.rejects.raw)

    def scopes(self) -> Iterator[tuple[str, str | None, bool]]:
        """Each tenant and app (``None``: every app) that rows name, and whether users' rows do.

        One that users' rows and the tenant's defaults name is there twice.
        """
        return self._aside.tenants.scopes()

    def names(self, key: LayerKey) -> bool:
        """Whether a row has `key`, good or bad beside others.

        By a 64-bit hash: in error true of one key in a million million, never false.
        """
        if self._index is None:
            self._index = KeyIndex(self._aside.partitions)
        return self._index.has(hash(key.pk), hash((key.pk, key.sk)))

    def refusal(self) -> OperatorError:
        """The first problems and the count of the others, for a file that must not be written."""
        lines = [problem.told(self.path) for problem in self.problems]
        if self.problem_count > len(lines):
            lines.append(f"… and {self.problem_count - len(lines)} more")
        count = "1 problem" if self.problem_count == 1 else f"{self.problem_count} problems"
        return OperatorError(f"{self.path}: {count}, nothing written", lines=lines)


Progress = Callable[[int, int | None, int], None]
"""Called with the bytes read, the file's bytes where they are known, and the rows read."""

PROBLEMS_SHOWN = 20


def check_file(
    path: Path,
    options: ReadOptions,
    *,
    problems_shown: int = PROBLEMS_SHOWN,
    progress: Progress | None = None,
    tenant_layers: TenantLayers | None = None,
) -> CheckedFile:
    """Read the file at `path` (``-``: standard input) to its end.

    Rows are looked at by themselves, then beside one another: no key twice, and within Entra's
    3 KB whatever layers a callout lays over one another, those of `tenant_layers` included.

    Raises `OperatorError` for a file that is none of claims: unreadable, no UTF-8, no heading. What
    is wrong with its rows is told by the `CheckedFile`.
    """
    with ExitStack() as stack:
        try:
            aside = SetAside()
            stack.callback(aside.close)
            reading = Reading(aside, problems_shown)
            with open_source(path, _told(progress, reading)) as source:
                rows = rows_of(path, source, options)
                reading.read(rows)
                sha256, count = source.finish()
            reading.compare(tenant_layers)
        except (OSError, sqlite3.Error) as error:
            raise _no_room(path, error) from None
        stack.pop_all()
    return CheckedFile(
        path=path,
        format=rows.format,
        sha256=sha256,
        bytes=count,
        rows=reading.rows,
        rejected=reading.rejected,
        by_address=reading.by_address,
        problem_count=reading.problems.count,
        problems=reading.problems.first(),
        complete=reading.complete,
        rejects=rows.rejects,
        _aside=aside,
    )


def read_records(path: Path, tenant: str | None = None) -> list[Record]:
    """All records of a small file; `tenant` is that of rows which name none.

    Raises `OperatorError` listing the problems: file, line, column, what was found and expected.
    """
    with check_file(path, ReadOptions(tenant=tenant)) as checked:
        if checked.problem_count:
            raise checked.refusal()
        return list(checked.records())


def _told(progress: Progress | None, reading: Reading) -> Callable[[int, int | None], None]:
    def tell(read: int, total: int | None) -> None:
        if progress is not None:
            progress(read, total, reading.rows)

    return tell


def _no_room(path: Path, error: OSError | sqlite3.Error) -> OperatorError:
    reason = error.strerror if isinstance(error, OSError) else error
    message = (
        f"{path}: its rows cannot be set aside in {tempfile.gettempdir()}: {reason}; "
        f"set TMPDIR to a folder with about twice the room of the file"
    )
    return OperatorError(message)

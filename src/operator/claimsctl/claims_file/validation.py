"""The check of a whole claims file before its first row is written.

Each row is checked on its own while the file is read, and the data for comparing rows is staged.
Then rows are compared: keys must be unique, and the layers that a callout combines must fit within
Entra's limit of 3 KB. Rows that may violate this are read again, because the staging database has
neither values nor keys.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from claims_provider.claims.compose import compose
from claims_provider.claims.item import Layer, read_item
from claims_provider.contract.answer import claims_bytes
from claims_provider.contract.limits import CLAIMS_BYTES_MAX
from claims_provider.errors import CalloutError

from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_file.fields import USER
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.plausibility import Plausibility
from claimsctl.claims_file.problem import (
    WHOLE_ROW,
    FieldProblem,
    FirstProblems,
    Problem,
    Unreadable,
)
from claimsctl.claims_file.record import FileRow, Record
from claimsctl.claims_file.rejects import reason_of
from claimsctl.claims_file.row_source import open_rows
from claimsctl.claims_file.source import InputFile, Source
from claimsctl.claims_file.staging import Candidate, PlacedLayer, Staging
from claimsctl.claims_file.temporary_database import temporary_file_errors

Layers = Mapping[str | None, PlacedLayer]
"""By app (``None``: every app)."""


class Composer:
    """Combines layers as the function does, to find those that are too large together.

    A row that is reported is then ignored, so that the remaining rows fit together in every app.
    """

    def __init__(self, tenant_layers: Callable[[str], Layers]) -> None:
        """`tenant_layers` returns a tenant's layers."""
        self._layers_of = lru_cache(maxsize=256)(tenant_layers)
        self._problems_of = lru_cache(maxsize=256)(self._tenant_problems)

    def tenants_too_large(self, sizes: Iterable[tuple[str, int]]) -> Iterator[Problem]:
        """Yield a problem for each default row that is too large with others of its tenant.

        `sizes`: each tenant, and the largest possible size of its layers together.
        """
        for tenant, size in sizes:
            if size > CLAIMS_BYTES_MAX:
                yield from self._problems_of(tenant)

    def user_too_large(self, tenant: str, rows: Layers) -> Iterator[Problem]:
        """Yield a problem for each row of a user that is too large with the layers below it."""
        bad_rows = {problem.row for problem in self._problems_of(tenant)}
        layers = {
            app: placed
            for app, placed in self._layers_of(tenant).items()
            if placed.row not in bad_rows
        }
        own = dict(rows)
        while (problem := _user_problem(layers, own)) is not None:
            yield problem
            own = {app: placed for app, placed in own.items() if placed.row != problem.row}

    def _tenant_problems(self, tenant: str) -> Sequence[Problem]:
        layers = dict(self._layers_of(tenant))
        problems = []
        for app in list(layers):
            met = _met(layers, app)
            size = _size_over_limit([placed.layer for placed in met])
            rows = [placed for placed in met if placed.row]
            if size is not None and rows:
                bad = rows[-1]
                message = _message(size, app, [placed for placed in met if placed is not bad])
                problems.append(Problem(bad.row, bad.line, WHOLE_ROW, message))
                layers = {a: placed for a, placed in layers.items() if placed is not bad}
        return problems


def _user_problem(layers: Layers, own: Layers) -> Problem | None:
    """Return the problem of the first row of a user that is too large with the layers below it."""
    for app in dict.fromkeys([None, *layers, *own]):
        below, above = _met(layers, app), _met(own, app)
        if above:
            size = _size_over_limit([placed.layer for placed in (*below, *above)])
            if size is not None:
                message = _message(size, app, [*below, *above[:-1]])
                return Problem(above[-1].row, above[-1].line, WHOLE_ROW, message)
    return None


def _met(layers: Layers, app: str | None) -> list[PlacedLayer]:
    """Return the layers that apply to a callout of `app`, lowest precedence first."""
    return [layers[a] for a in dict.fromkeys((None, app)) if a in layers]


def _size_over_limit(layers: Sequence[Layer]) -> int | None:
    if sum(claims_bytes(dict(layer.claims)) for layer in layers) <= CLAIMS_BYTES_MAX:
        return None
    try:
        compose(layers, {})
    except CalloutError as error:
        return int(error.evidence["claims_bytes"])
    return None


def _message(size: int, app: str | None, others: Sequence[PlacedLayer]) -> str:
    lines = [f"line {other.line}" if other.row else "the table" for other in others]
    together = f" together with those of {' and '.join(lines)}" if lines else ""
    where = "every app" if app is None else f"app {app}"
    return (
        f"the row's claims{together} have {size} bytes in {where}; "
        f"Entra accepts at most {CLAIMS_BYTES_MAX} bytes in one answer"
    )


Progress = Callable[[int, int | None, int], None]
"""Called with the bytes read, the file's size if it is known, and the rows read."""

TenantLayers = Callable[[str], Mapping[str | None, Layer]]
"""Returns a tenant's layers in the table, by app (``None``: every app)."""

PROBLEMS_SHOWN = 20


def check_file(
    path: Path,
    options: ReadOptions,
    *,
    problems_shown: int = PROBLEMS_SHOWN,
    progress: Progress | None = None,
    tenant_layers: TenantLayers | None = None,
) -> CheckedFile:
    """Check the whole file at `path` (``-`` for standard input).

    `tenant_layers` are combined with the file's rows where the file has no row for the same key.

    Raises `OperatorError` for a file that is not a claims file: unreadable, not UTF-8, without a
    heading. Problems of rows are in the returned `CheckedFile`.
    """
    with ExitStack() as stack:
        file = stack.enter_context(InputFile(path))
        with temporary_file_errors(path):
            staging = Staging()
            stack.callback(staging.close)
            validation = _Validation(file, staging, FirstProblems(problems_shown))
            checked = validation.read(options, progress or (lambda _read, _total, _rows: None))
            staging.end_rows()
            validation.compare(checked, tenant_layers)
        stack.pop_all()
    return checked


def read_records(path: Path, tenant: str | None = None) -> list[Record]:
    """Return all records of a small file; `tenant` is the tenant of rows without one.

    Raises `OperatorError` with all problems: file, line, column, what was found and expected.
    """
    with check_file(path, ReadOptions(tenant=tenant)) as checked:
        if checked.problem_count:
            raise checked.refusal()
        return list(checked.records())


class _Validation:
    """One check of one file."""

    def __init__(self, file: InputFile, staging: Staging, problems: FirstProblems) -> None:
        self._file = file
        self._staging = staging
        self._problems = problems
        self._now = time.time()
        self._rows = 0
        self._rejected = 0
        self._by_address = 0
        self._plausibility = Plausibility()

    def read(self, options: ReadOptions, progress: Progress) -> CheckedFile:
        """Check each row on its own and stage it."""
        source = Source(self._file, lambda read, total: progress(read, total, self._rows))
        rows = open_rows(self._file.path, source, options)
        complete = True
        try:
            for row in rows.each:
                self._rows = row.number
                found = rows.check.check(row)
                if isinstance(found, Record):
                    self._keep(row, found)
                    self._plausibility.examine(found)
                else:
                    self._reject(row, found)
        except Unreadable as problem:
            complete = False
            self._problems.add(Problem(self._rows + 1, problem.line, WHOLE_ROW, str(problem)))
        sha256, count = source.finish()
        return CheckedFile(
            path=self._file.path,
            format=rows.format,
            sha256=sha256,
            bytes=count,
            rows=self._rows,
            rejected=self._rejected,
            by_address=self._by_address,
            complete=complete,
            rejects=rows.rejects,
            found=self._problems,
            warnings=tuple(warned.text() for warned in self._plausibility.warnings),
            options=options,
            file=self._file,
            staging=self._staging,
        )

    def _keep(self, row: FileRow, record: Record) -> None:
        is_expired = record.expires_at is not None and record.expires_at <= self._now
        self._staging.add(row, record, is_expired=is_expired)
        if record.user is None:
            if (layer := read_item(record.to_item(), self._now)) is not None:
                placed = PlacedLayer(record.row, record.line, layer)
                self._staging.add_tenant_layer(record.tenant_id, record.app_id, placed)
        else:
            self._by_address += "@" in record.user

    def _reject(self, row: FileRow, problems: list[FieldProblem]) -> None:
        self._rejected += 1
        self._staging.add(row, None)
        for problem in problems:
            self._problems.add(Problem(row.number, row.line, problem.field, str(problem)))

    def compare(self, checked: CheckedFile, tenant_layers: TenantLayers | None) -> None:
        """Compare rows with each other, and with the tenants' layers in the table."""
        staging = self._staging
        if tenant_layers is not None:
            for tenant in staging.tenants():
                for app, layer in tenant_layers(tenant).items():
                    staging.add_tenant_layer(tenant, app, PlacedLayer(0, 0, layer))
        staging.find_candidates()
        self._read_candidates(checked)
        composer = Composer(staging.tenant_layers)
        for problem, is_reported in _cross_row_problems(staging.candidates(), composer):
            self._reject_together(checked, problem, is_reported=is_reported)
        for problem in composer.tenants_too_large(staging.tenant_sizes()):
            self._reject_together(checked, problem, is_reported=True)

    def _read_candidates(self, checked: CheckedFile) -> None:
        candidates = self._staging.candidate_rows()
        candidate = next(candidates, None)
        if candidate is None:
            return
        for again in checked.read_again(candidate - 1):
            if again.row.number == candidate:
                record = checked.record_of(again)
                layer = read_item(record.to_item(), self._now)
                self._staging.add_candidate(record, layer)
                candidate = next(candidates, None)
                if candidate is None:
                    return

    def _reject_together(
        self, checked: CheckedFile, problem: Problem, *, is_reported: bool
    ) -> None:
        field_problem = FieldProblem(problem.field, problem.message)
        checked.rejected += self._staging.reject(problem.row, reason_of([field_problem]))
        if is_reported:
            self._problems.add(problem)


def _cross_row_problems(
    candidates: Iterator[Candidate], composer: Composer
) -> Iterator[tuple[Problem, bool]]:
    """Yield the problems of candidates with each other, and whether to report each problem.

    The first row with a repeated key is rejected too, but only the following rows report it.
    """
    for (tenant, user), rows in groupby(candidates, lambda row: (row.tenant, row.user)):
        first: dict[str | None, Candidate] = {}
        repeated: set[str | None] = set()
        for row in rows:
            before = first.setdefault(row.app, row)
            if before is not row:
                if row.app not in repeated:
                    repeated.add(row.app)
                    yield _same_key(before, row), False
                yield _same_key(row, before), True
        if user is not None:
            layers = {
                app: row.placed
                for app, row in first.items()
                if app not in repeated and row.placed is not None
            }
            for problem in composer.user_too_large(tenant, layers):
                yield problem, True


def _same_key(row: Candidate, other: Candidate) -> Problem:
    message = f"the row has the same tenant, user and app as line {other.line}"
    return Problem(row.row, row.line, USER, message)

"""A command's file of claims: checked with progress on a terminal, refused, or told about."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from claimsctl import report
from claimsctl.dataset.check import check_file
from claimsctl.dataset.checked_file import CheckedFile
from claimsctl.dataset.read_options import ReadOptions
from claimsctl.dataset.reading import TenantLayers
from claimsctl.loading.progress import load_progress


@contextmanager
def good_file(
    file: Path,
    options: ReadOptions,
    layers: TenantLayers | None = None,
    *,
    keep_going: bool = False,
) -> Iterator[CheckedFile]:
    """The file, checked to its end.

    Raises `OperatorError` when a row is bad; with `keep_going`, only when it is not known where
    rows begin and end.
    """
    with ExitStack() as stack:
        with load_progress(report.err()) as progress:
            checked = stack.enter_context(
                check_file(file, options, progress=progress.checked, tenant_layers=layers)
            )
        if checked.problem_count and not (keep_going and checked.complete):
            raise checked.refusal()
        yield checked


def tell_problems(checked: CheckedFile) -> None:
    """The first problems of a file that is gone on with in spite of them."""
    for problem in checked.problems:
        report.err().print(report.escaped(problem.told(checked.path)), markup=False)

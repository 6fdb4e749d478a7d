"""A command's file of claims: checked with progress on a terminal, refused, or told about."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.validation import TenantLayers, check_file
from claimsctl.cli.console import stderr
from claimsctl.cli.load_progress import load_progress
from claimsctl.text import escaped


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
        with load_progress(stderr()) as progress:
            checked = stack.enter_context(
                check_file(file, options, progress=progress.checked, tenant_layers=layers)
            )
        if checked.problem_count and not (keep_going and checked.complete):
            raise checked.refusal()
        yield checked


def tell_problems(checked: CheckedFile) -> None:
    """The first problems of a file that is gone on with in spite of them."""
    for problem in checked.problems:
        stderr().print(escaped(problem.text(checked.path)), markup=False)

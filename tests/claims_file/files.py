"""Files of claims for tests, and what reading them gives."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.record import FileRow, Record
from claimsctl.claims_file.rows import RowCheck
from claimsctl.claims_file.validation import read_records
from claimsctl.errors import ExitCode, OperatorError

TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
USER = "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"
APP = "00001111-aaaa-2222-bbbb-3333cccc4444"

Read = Callable[[bytes | str], list[Record]]
Refused = Callable[[bytes | str], list[str]]


def reader_in(folder: Path) -> Read:
    """`read(content)` gives the records of a file with that content, in `folder`."""

    def read(content: bytes | str) -> list[Record]:
        path = folder / "claims"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_records(path, TENANT)

    return read


def refuser_in(folder: Path) -> Refused:
    """`refused(content)` gives the message and its lines, without the folder."""

    def refused(content: bytes | str) -> list[str]:
        with pytest.raises(OperatorError) as raised:
            reader_in(folder)(content)
        assert ExitCode.USAGE is raised.value.exit_code
        return [line.replace(f"{folder}/", "") for line in (str(raised.value), *raised.value.lines)]

    return refused


def read_record(fields: Mapping[str, object], tenant: str | None) -> Record:
    """The record of a row of fields. Raises the first `FieldProblem`."""
    found = RowCheck(ReadOptions(tenant=tenant)).check_values(fields)
    if isinstance(found, list):
        raise found[0]
    return found


def read_row(cells: Mapping[str, str], tenant: str | None) -> Record:
    """The record of a row of cells under their columns. Raises the first `FieldProblem`."""
    check = RowCheck(ReadOptions(tenant=tenant), list(cells), ",")
    texts = list(cells.values())
    found = check.check(FileRow(1, 2, texts, texts))
    if isinstance(found, list):
        raise found[0]
    return found

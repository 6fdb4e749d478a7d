"""Measure the time of checking a file of claims, compared with only reading it, and the memory.

Run by ``make bench-claims``. Rows have a tenant, a user and three claims; one in four has an app.
Times are CPU seconds, as medians of alternating rounds, so that other processes have little
effect. Memory is the peak of a separate process for each size, including the interpreter and all
imports. ``bench/claims_check.py 10000000`` also measures the memory for that number of rows.
"""

import csv
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import UUID

from claims_provider.claims.key import LayerKey
from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.row_source import open_rows
from claimsctl.claims_file.source import InputFile, Source
from claimsctl.claims_file.validation import check_file
from claimsctl.entra.token_claims import TENANT_ID

SPEED_ROWS = 200_000
TURNS = 7
MEMORY_ROWS = (10_000, 1_000_000)
_APP = "00001111-aaaa-2222-bbbb-3333cccc4444"
_ROLES = ("Reader", "Writer", "Editor", "Approver", "Publisher")
_HEADING = ("tenant_id", "user", "app_id", "customRoles", "loyaltyTier", "dateOfBirth")


def write_csv(path: Path, rows: int) -> None:
    """Write a file of `rows` rows, two of which are the tenant's own."""
    chance = random.Random(5)
    with path.open("w", newline="") as file:
        file.write(",".join(_HEADING) + f"\n{TENANT_ID},,,,basic,\n{TENANT_ID},,{_APP},,test,\n")
        for row in range(rows - 2):
            user = UUID(int=chance.getrandbits(128))
            app = _APP if row % 4 == 0 else ""
            roles = "|".join(chance.sample(_ROLES, 2))
            born = f"{1950 + row % 60}-{1 + row % 12:02}-{1 + row % 28:02}"
            tier = chance.choice(("gold", "silver", "basic"))
            file.write(f"{TENANT_ID},{user},{app},{roles},{tier},{born}\n")


def write_json_lines(path: Path, source: Path) -> None:
    """Yield the rows of the CSV `source`, with lists as lists."""
    with source.open(newline="") as rows, path.open("w") as file:
        for row in csv.DictReader(rows):
            fields = {name: value for name, value in row.items() if value or name == "user"}
            if "customRoles" in fields:
                fields |= {"customRoles": fields["customRoles"].split("|")}
            file.write(json.dumps(fields) + "\n")


def _plain_csv(path: Path) -> None:
    with path.open(newline="", encoding="utf-8") as file:
        for _ in csv.reader(file):
            pass


def _plain_json(path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        for line in file:
            json.loads(line)


def _whole(path: Path) -> None:
    check_file(path, ReadOptions()).close()


def _row_checks(path: Path) -> Callable[[], None]:
    """The checks of all rows of `path`, which is read and split beforehand."""
    with InputFile(path) as file:
        rows = open_rows(path, Source(file), ReadOptions())
        values = list(rows.each)

    def run() -> None:
        for value in values:
            rows.check.check(value)

    return run


def _second_reading(checked: CheckedFile) -> None:
    for _ in checked.records():
        pass


def _speeds(folder: Path) -> None:
    table, lines = folder / "claims.csv", folder / "claims.jsonl"
    write_csv(table, SPEED_ROWS)
    write_json_lines(lines, table)
    with check_file(table, ReadOptions()) as checked:
        _compare_speeds(table, lines, checked)


def _compare_speeds(table: Path, lines: Path, checked: CheckedFile) -> None:
    works: dict[str, Callable[[], None]] = {
        "csv.reader, nothing else": lambda: _plain_csv(table),
        "CSV: the checks of rows alone": _row_checks(table),
        "CSV: the whole check": lambda: _whole(table),
        "CSV: the second reading, to records": lambda: _second_reading(checked),
        "json.loads, nothing else": lambda: _plain_json(lines),
        "JSON lines: the checks of rows alone": _row_checks(lines),
        "JSON lines: the whole check": lambda: _whole(lines),
    }
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(TURNS):
        for name, work in works.items():
            began = time.process_time()
            work()
            spent[name].append(time.process_time() - began)
    _show(f"{SPEED_ROWS:,} rows, CPU time, median of {TURNS} turns")
    for name, seconds in spent.items():
        _show(f"  {name:38}{SPEED_ROWS / median(seconds):12,.0f} rows/s")


def _memory(folder: Path, rows: int) -> None:
    path = folder / "claims.csv"
    write_csv(path, rows)
    command = [sys.executable, __file__, "--check", str(path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    _show(f"  {rows:12,} rows {path.stat().st_size / 1e6:9,.0f} MB  {output.strip()}")


def _check(path: Path) -> None:
    """Run one whole check, including duplicates and composition, and one lookup of a key."""
    began = time.process_time()
    with check_file(path, ReadOptions()) as checked:
        spent = time.process_time() - began
        checked.names(LayerKey("", ""))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        assert checked.valid == checked.rows
    _show(f"peak {peak:4.0f} MB, {checked.rows / spent:,.0f} rows/s of CPU time")


def _show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print the figures."""
    match sys.argv[1:]:
        case ["--speeds", folder]:
            _speeds(Path(folder))
            return
        case ["--check", path]:
            _check(Path(path))
            return
    with TemporaryDirectory() as name:
        # in a process of its own, since a process inherits the peak of the one that starts it
        subprocess.run([sys.executable, __file__, "--speeds", name], check=True)
        _show("memory of the whole check")
        for rows in (*MEMORY_ROWS, *map(int, sys.argv[1:])):
            _memory(Path(name), rows)


if __name__ == "__main__":
    main()

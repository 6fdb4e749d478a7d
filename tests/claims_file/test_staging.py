"""What is staged of a file while it is checked, and what is not."""

from pathlib import Path

import pytest
from claimsctl.claims_file import staging
from claimsctl.claims_file.checked_file import CheckedFile
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.validation import check_file

from tests.claims_file.files import APP, TENANT, USER

OTHER = "bbbbbbbb-1111-2222-3333-cccccccccccc"
SECRET = "a-role-of-somebody"


def _dump(checked: CheckedFile) -> str:
    return "\n".join(checked.staging._database.iterdump())


def _check(path: Path, content: str) -> CheckedFile:
    path.write_text(content)
    return check_file(path, ReadOptions(tenant=TENANT))


def test_no_value_is_staged(tmp_path: Path) -> None:
    """Values are in the file only: not those of good rows, of bad ones, or of rows compared."""
    rows = [
        f"{USER},{SECRET},",  # good
        f"x,{SECRET},",  # bad by itself
        f",{SECRET},{'t' * 2900}",  # a tenant's layer
        f"{OTHER},{SECRET},",  # twice
        f"{OTHER.upper()},{SECRET},",
        f"a@b,{SECRET},{'u' * 2900}",
        f"c@d,{SECRET}|{'v' * 2900},",  # too large with the tenant's layer
    ]
    with _check(tmp_path / "claims", "user,roles,more\n" + "\n".join(rows) + "\n") as checked:
        assert 4 == checked.rejected
        dump = _dump(checked)
    assert "rejections" in dump
    assert not any(text in dump for text in (SECRET, "ttt", "uuu", "vvv"))


def test_no_key_of_a_row_that_needs_no_comparison_is_staged(tmp_path: Path) -> None:
    """A user whose row is alone is a hash."""
    with _check(tmp_path / "claims", f"user,a\na@b,x\n{USER},y\n{OTHER},z\n{OTHER},z\n") as checked:
        dump = _dump(checked)
    assert OTHER in dump
    assert not any(user in dump for user in ("a@b", USER))


def test_equal_hashes_are_no_duplicates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows whose hashes are equal are read again, and only those with equal keys are rejected."""
    monkeypatch.setattr(staging, "hash", lambda _: 7, raising=False)
    rows = f"{USER},{APP}\n{USER},\na@b,\n{OTHER},\nA@B,\n,{APP}\n"
    with _check(tmp_path / "claims", "user,app_id\n" + rows) as checked:
        assert [3, 5] == [row.row for row in checked.rejected_rows()]
        assert 4 == len(list(checked.records()))


def test_a_row_of_staging_is_small(tmp_path: Path) -> None:
    """At most 80 bytes a row, whatever its claims hold."""
    count = 20_000
    rows = "".join(f"user{number}@contoso.com,{'x' * 500}\n" for number in range(count))
    with _check(tmp_path / "claims", f"user,a\n{rows}") as checked:
        database = checked.staging._database
        ((pages,),) = database.execute("PRAGMA page_count")
        ((page_bytes,),) = database.execute("PRAGMA page_size")
    assert pages * page_bytes < 80 * count

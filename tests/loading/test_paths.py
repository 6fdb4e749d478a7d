"""Where a load has its checkpoint and its rejects file."""

from pathlib import Path

import pytest
from claimsctl.errors import OperatorError
from claimsctl.loading.checkpoint_file import CheckpointFile
from claimsctl.loading.state import LoadPaths


@pytest.mark.parametrize(
    ("file", "rejects"),
    [("a/claims.csv", "a/claims.rejects.csv"), ("claims.csv.gz", "claims.rejects.csv"),
     ("claims", "claims.rejects"), (".claims", ".claims.rejects"), ("-", "stdin.rejects")],
)  # fmt: skip
def test_where_it_lies(file: str, rejects: str) -> None:
    """Beside the file, of the same kind; a load of standard input has it where it is started."""
    assert Path(rejects) == LoadPaths.of(Path(file), None, None).rejects
    assert Path("x") == LoadPaths.of(Path(file), None, Path("x")).rejects


@pytest.mark.parametrize("file", [".", "/"])
def test_a_folder_is_no_file(file: str) -> None:
    """A path without a file name is rejected."""
    with pytest.raises(OperatorError, match=f"{file}: expected a file, found a folder"):
        LoadPaths.of(Path(file), None, None)


@pytest.mark.parametrize("given", [("c", "c", "r"), ("c", "k", "./c"), ("c", "k", "k")])
def test_a_file_for_each(given: tuple[str, str, str]) -> None:
    """What is loaded, how far it came and what was rejected never lie in one file."""
    file, checkpoint, rejects = map(Path, given)
    with pytest.raises(OperatorError, match="must be different files"):
        LoadPaths.of(file, checkpoint, rejects)


def test_where_the_checkpoint_lies(tmp_path: Path) -> None:
    """Beside the file; for standard input, nowhere unless said."""
    paths = LoadPaths.of(tmp_path / "claims.csv", None, None)
    assert paths.checkpoint is not None
    assert tmp_path / "claims.csv.checkpoint" == paths.checkpoint.path
    assert LoadPaths.of(Path("-"), None, None).checkpoint is None
    named = LoadPaths.of(Path("-"), tmp_path / "c", None).checkpoint
    assert isinstance(named, CheckpointFile)
    assert tmp_path / "c" == named.path

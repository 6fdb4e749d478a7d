"""What the builder says when it cannot build, and what it builds when nothing is said."""

import sys
from pathlib import Path

import pytest

from tests.artefact.artefact import PROVIDER, TARGET, build_in, files_in, make, runtime_python
from tests.template.stack import Stack


def _said(output: str) -> list[str]:
    """The builder's own lines; make and pip may have something to say too."""
    return [line for line in output.splitlines() if line.startswith(TARGET)]


def _not_python(folder: Path) -> str:
    """A program that has the runtime's name, and is none."""
    other = folder / "python3.13"
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)
    return str(other)


def test_it_says_when_there_is_no_python(tmp_path: Path) -> None:
    """With neither the runtime's Python nor another one line says what to do; nothing is built."""
    done = make(
        TARGET,
        folder=PROVIDER,
        ARTIFACTS_DIR=str(tmp_path / "artefact"),
        RUNTIME_PYTHON="/nowhere/python3.13",
        BUILD_PYTHON=_not_python(tmp_path),
    )
    assert done.returncode
    (line,) = _said(done.stderr)
    for word in ("/nowhere/python3.13", "3.11 or later", "PATH", "BUILD_PYTHON="):
        assert word in line
    assert not (tmp_path / "artefact").exists()


@pytest.mark.skipif(sys.version_info[:2] == (3, 13), reason="builds with another Python")
def test_another_python_builds_the_same_without_byte_code(tmp_path: Path, arm64: Path) -> None:
    """Where 3.13 is missing one line says what that costs; the sources ship, all of them."""
    done = build_in(tmp_path, RUNTIME_PYTHON=_not_python(tmp_path), BUILD_PYTHON=sys.executable)
    assert 0 == done.returncode, done.stderr
    (line,) = _said(done.stdout)  # of a good build SAM shows nothing else
    for word in ("WARNING", "without byte code", "cold start", "python3.13", "RUNTIME_PYTHON="):
        assert word in line
    plain = files_in(tmp_path / "artefact")
    assert not [name for name in plain if name.endswith(".pyc")]
    compiled = files_in(arm64)
    libraries = {name.removesuffix("c") for name in compiled if "__pycache__" not in name}
    assert libraries == plain.keys()
    same = [name for name in plain if name in compiled]
    assert [compiled[name].read_bytes() for name in same] == [
        plain[name].read_bytes() for name in same
    ]


def test_it_says_when_the_architecture_is_unknown(tmp_path: Path) -> None:
    """Lambda has two architectures; any other is a slip of the pen."""
    done = make(TARGET, folder=PROVIDER, ARTIFACTS_DIR=str(tmp_path), LAMBDA_ARCHITECTURE="arm")
    (line,) = _said(done.stderr)
    assert "expected arm64 or x86_64, found arm" in line


def test_it_deletes_nothing(tmp_path: Path) -> None:
    """Where something is already, nothing is built and nothing is lost."""
    kept = tmp_path / "artefact" / "kept"
    kept.parent.mkdir()
    kept.touch()
    done = build_in(tmp_path)
    assert done.returncode
    assert "is not empty" in done.stderr
    assert [kept] == list(kept.parent.iterdir())


def test_it_builds_what_the_template_deploys() -> None:
    """SAM does not tell the builder its architecture: both say the same by default."""
    function = Stack().one("AWS::Lambda::Function")
    default = "LAMBDA_ARCHITECTURE ?= " + " ".join(function["Architectures"])
    assert default in (PROVIDER / "Makefile").read_text("utf-8").splitlines()
    assert "python3.13" == function["Runtime"]
    assert runtime_python()

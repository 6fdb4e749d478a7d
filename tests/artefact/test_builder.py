"""What the builder says when it cannot build, and what it builds when nothing is said."""

from pathlib import Path

from tests.artefact.artefact import PROVIDER, TARGET, build_in, make, runtime_python
from tests.template.stack import Stack


def _said(output: str) -> list[str]:
    """The builder's own lines; make adds one that names the target."""
    return [line for line in output.splitlines() if not line.startswith("make")]


def test_it_says_when_python_is_missing(tmp_path: Path) -> None:
    """Without the runtime's Python one line says what is missing, and what to do."""
    done = make(
        TARGET, folder=PROVIDER, ARTIFACTS_DIR=str(tmp_path), RUNTIME_PYTHON="/nowhere/python3.13"
    )
    assert done.returncode
    (line,) = _said(done.stderr)
    for word in ("Python 3.13", "/nowhere/python3.13", "PATH", "RUNTIME_PYTHON="):
        assert word in line


def test_it_takes_no_other_python(tmp_path: Path) -> None:
    """A Python that is not the runtime's makes byte code that Lambda would not take."""
    other = tmp_path / "python3.13"
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)
    done = make(TARGET, folder=PROVIDER, ARTIFACTS_DIR=str(tmp_path), RUNTIME_PYTHON=str(other))
    assert 1 == len(_said(done.stderr))


def test_it_says_when_the_architecture_is_unknown(tmp_path: Path) -> None:
    """Lambda has two architectures; any other is a slip of the pen."""
    done = make(TARGET, folder=PROVIDER, ARTIFACTS_DIR=str(tmp_path), LAMBDA_ARCHITECTURE="arm")
    (line,) = _said(done.stderr)
    assert "arm64 or x86_64 expected, arm found" in line


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

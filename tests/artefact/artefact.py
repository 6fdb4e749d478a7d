"""The built artefacts, brought up to date by make, and what is in them."""

import fcntl
import os
import shutil
import subprocess
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conftest import ENGINE_MISSING

ROOT = Path(__file__).parents[2]
PROVIDER = ROOT / "src" / "provider"
ARTEFACTS = Path(".cache") / "artefact"
TARGET = "build-ClaimsFunction"


@cache
def runtime_python() -> str:
    """The Python that Lambda runs. Skips the test where there is none."""
    if shutil.which("make") is None:
        pytest.skip(f"{ENGINE_MISSING} no make on the path")
    found = make("runtime-python")
    if found.returncode:
        pytest.skip(f"{ENGINE_MISSING} no Python 3.13 on the path")
    return found.stdout.strip()


@cache
def built(architecture: str) -> Path:
    """The folder that `sam build` leaves for an architecture, not older than its sources."""
    runtime_python()
    folder = ARTEFACTS / architecture
    (ROOT / ARTEFACTS).mkdir(parents=True, exist_ok=True)
    with (ROOT / ARTEFACTS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may have begun to build it
        done = make(str(folder / ".built"))
    assert 0 == done.returncode, done.stderr
    return ROOT / folder / "ClaimsFunction"


def make(
    *arguments: str, folder: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`make` in `folder`, with nothing of the make that may have started these tests."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "LAMBDA_ARCHITECTURE"}
    }
    return subprocess.run(
        ["make", "--silent", *arguments],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=280,
    )


def build_in(
    folder: Path, architecture: str = "arm64", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Build from a copy of the sources in `folder`, as SAM does, into ``folder/artefact``."""
    source = folder / "source"
    shutil.copytree(PROVIDER, source, ignore=shutil.ignore_patterns("__pycache__"))
    return make(
        TARGET,
        folder=source,
        **{
            "ARTIFACTS_DIR": str(folder / "artefact"),
            "LAMBDA_ARCHITECTURE": architecture,
            "RUNTIME_PYTHON": runtime_python(),
            **environment,
        },
    )


def files_in(folder: Path) -> dict[str, Path]:
    """All files of an artefact by name."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def inventory(folder: Path) -> dict[str, tuple[int, float, str]]:
    """Mode, time and contents of everything in an artefact: equal ones make equal archives."""
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mode,
            path.stat().st_mtime,
            sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted(folder.rglob("*"))
    }

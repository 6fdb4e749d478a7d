"""Every module of the artefact has byte code that Lambda's Python takes as it is."""

import struct
import subprocess
from pathlib import Path

from tests.artefact.artefact import files_in, runtime_python

UNCHECKED_HASH = 0b01
"""Flags of a module's byte code that is never compared with its source (PEP 552)."""

MAGIC = "import importlib.util, sys; sys.stdout.write(importlib.util.MAGIC_NUMBER.hex())"
LOAD_ALL = """
import marshal, sys
from pathlib import Path
for path in Path(sys.argv[1]).rglob("*.pyc"):
    print(marshal.loads(path.read_bytes()[16:]).co_filename)
"""


def _run(*arguments: str) -> str:
    command = [runtime_python(), "-c", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _byte_code(folder: Path) -> dict[str, Path]:
    return {name: path for name, path in files_in(folder).items() if name.endswith(".pyc")}


def test_every_module_has_byte_code(arm64: Path) -> None:
    """Ours beside its source, libraries without it."""
    files = files_in(arm64)
    for name in files:
        if name.endswith(".py"):
            folder, _, module = name.rpartition("/")
            assert f"{folder}/__pycache__/{module.removesuffix('.py')}.cpython-313.pyc" in files
    assert {"claims_provider"} == {
        name.partition("/")[0] for name in files if name.endswith(".py") or "__pycache__" in name
    }


def test_lambda_takes_it_whatever_the_time(arm64: Path) -> None:
    """It is Python 3.13's, and no time stamp that a ZIP file changes can make it void."""
    expected = {(bytes.fromhex(_run(MAGIC)), UNCHECKED_HASH)}
    found = {struct.unpack("<4sI", path.read_bytes()[:8]) for path in _byte_code(arm64).values()}
    assert expected == found


def test_it_is_whole_and_names_lambdas_folder(arm64: Path) -> None:
    """Each loads, and a traceback names files where Lambda has them, not where they were built."""
    expected = {
        "/var/task/"
        + name.replace("__pycache__/", "").replace(".cpython-313", "").removesuffix("c")
        for name in _byte_code(arm64)
    }
    assert expected == set(_run(LOAD_ALL, str(arm64)).split())

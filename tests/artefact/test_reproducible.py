"""The same sources make the same artefact, wherever and for whichever architecture."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.artefact.artefact import build_in, files_in, inventory

MACHINES = {"arm64": 183, "x86_64": 62}
"""``e_machine`` of an ELF file: AArch64 and x86-64."""


def _native(folder: Path) -> Iterator[tuple[str, Path]]:
    return ((name, path) for name, path in files_in(folder).items() if name.endswith(".so"))


def test_two_builds_are_one(arm64: Path, tmp_path: Path) -> None:
    """What SAM built, and what is built in another folder, have the same bytes, modes and times."""
    done = build_in(tmp_path)
    assert 0 == done.returncode, done.stderr
    assert inventory(arm64) == inventory(tmp_path / "artefact")


def test_architectures_differ_in_native_code_only(arm64: Path, x86_64: Path) -> None:
    """All but the native libraries is the same, byte code and file names included."""
    others = [
        {name: what for name, what in inventory(folder).items() if not name.endswith(".so")}
        for folder in (arm64, x86_64)
    ]
    assert others[0] == others[1]
    arm, intel = (
        [
            name.replace("aarch64", "MACHINE").replace("x86_64", "MACHINE")
            for name, _ in _native(folder)
        ]
        for folder in (arm64, x86_64)
    )
    assert arm == intel


@pytest.mark.parametrize("architecture", MACHINES)
def test_native_code_is_for_its_machine(architecture: str, request: pytest.FixtureRequest) -> None:
    """Every native library is for the architecture, by its own header."""
    machines = {
        name: struct.unpack("<4s14xH", path.read_bytes()[:20])
        for name, path in _native(request.getfixturevalue(architecture))
    }
    assert 3 == len(machines)
    assert {(b"\x7fELF", MACHINES[architecture])} == set(machines.values())

"""The artefacts for both architectures."""

from pathlib import Path

import pytest

from tests.artefact.artefact import built


@pytest.fixture(scope="session")
def arm64() -> Path:
    """What ships by default."""
    return built("arm64")


@pytest.fixture(scope="session")
def x86_64() -> Path:
    """The same for the other architecture."""
    return built("x86_64")

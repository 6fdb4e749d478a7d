"""Reading a file's content in one call."""

from pathlib import Path

import pytest

from tests.claims_file.files import Read, Refused, reader_in, refuser_in


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read(content)` gives the records of a file with that content."""
    return reader_in(tmp_path)


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """`refused(content)` gives the message and its lines for a file named ``claims``."""
    return refuser_in(tmp_path)

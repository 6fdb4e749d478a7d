"""Bytes of a file → text: what is not text is reported, with its place."""

import gzip
import hashlib
import io
import os
import re
import resource
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from claimsctl.claims_file import source
from claimsctl.claims_file.formats import ReadOptions
from claimsctl.claims_file.validation import check_file
from claimsctl.errors import OperatorError

from tests.claims_file.files import TENANT, USER, Read, Refused

ROWS = f"user,tier\n{USER},gold\n,basic\n"
OPTIONS = ReadOptions(tenant=TENANT)
SAVE = 'save the file as UTF-8 (Excel: "CSV UTF-8")'


@pytest.mark.parametrize("parts", [[ROWS.encode()], [ROWS[:20].encode(), ROWS[20:].encode()]])
def test_gzip_is_read(read: Read, parts: list[bytes]) -> None:
    """A gzip file is recognized by its first bytes; it may have several members."""
    assert read(ROWS) == read(b"".join(map(gzip.compress, parts)))


def test_lines_of_gzip_are_those_inside(refused: Refused) -> None:
    """A problem's line is that of the text, not of the compressed bytes."""
    assert refused(gzip.compress(f"user\n{USER}\nx\n".encode()))[1].startswith("claims:3: user: ")


def test_a_cut_gzip(refused: Refused) -> None:
    """A truncated file is reported, since its last rows would be missing."""
    whole = gzip.compress(ROWS.encode())
    for end in (len(whole) - 1, len(whole) - 8, 15):
        (message,) = refused(whole[:end])
        assert message.startswith("claims: the gzip file ends unexpectedly after line ")
        assert message.endswith("; copy or compress it again")


def test_a_damaged_gzip(refused: Refused) -> None:
    """A bit that has tipped is found out by gzip's own checksum or before."""
    whole = bytearray(gzip.compress((ROWS + "x" * 99).encode()))
    for at in (20, len(whole) - 6):
        damaged = bytes(whole[:at]) + bytes([whole[at] ^ 0xFF]) + bytes(whole[at + 1 :])
        (message,) = refused(damaged)
        assert re.match("claims: the gzip file (is damaged|ends unexpectedly) after line ", message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (ROWS.encode("utf-16"), f"claims: expected UTF-8 text, found UTF-16; {SAVE}"),
        (
            b"\xfe\xff" + ROWS.encode("utf-16-be"),
            f"claims: expected UTF-8 text, found UTF-16; {SAVE}",
        ),
        (
            ROWS.encode("utf-16-le"),
            f"claims: expected UTF-8 text, found UTF-16, UTF-32 or a binary file; {SAVE}",
        ),
        (
            ROWS.encode("utf-16-be"),
            f"claims: expected UTF-8 text, found UTF-16, UTF-32 or a binary file; {SAVE}",
        ),
        (
            ROWS.encode("utf-32-be"),
            f"claims: expected UTF-8 text, found UTF-16, UTF-32 or a binary file; {SAVE}",
        ),
        (
            b"PK\x03\x04...",
            f"claims: expected UTF-8 text, found a zip archive, such as an Excel workbook; {SAVE}",
        ),
        (f"user\n{USER}\n\0".encode(), f"claims:3: expected text, found a NUL byte; {SAVE}"),
        (ROWS.encode() + b"\xe9t\xe9,x\n", f"claims:4: byte 0xe9 is not valid UTF-8; {SAVE}"),
        (ROWS.encode() + b"\xe9", f"claims:4: byte 0xe9 is not valid UTF-8; {SAVE}"),
        (b"\xff", f"claims:1: byte 0xff is not valid UTF-8; {SAVE}"),
    ],
)
def test_what_is_no_utf_8(refused: Refused, content: bytes, message: str) -> None:
    """The error says what the file is, if that is known, and how to save it."""
    assert [message] == refused(content)
    assert [message] == refused(gzip.compress(content))


@pytest.mark.parametrize("offset", range(6))
def test_characters_across_blocks(
    read: Read, refused: Refused, monkeypatch: pytest.MonkeyPatch, offset: int
) -> None:
    """A character whose bytes lie in two blocks is a character; half of one is none."""
    monkeypatch.setattr(source, "_BLOCK_BYTES", 16)
    text = "user,t\n" + f"{USER},{'x' * offset}é\u20ac\U0001f600\n"
    (record,) = read(text)
    assert f"{'x' * offset}é\u20ac\U0001f600" == record.claims["t"]
    (message,) = refused(text.encode()[:-2] + b"\nx\n")
    assert message.startswith("claims:2: byte 0xf0 is not valid UTF-8; ")


def test_a_line_without_end(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no lines is not read into memory whole; a JSON array may be one line."""
    monkeypatch.setattr(source, "_LINE_BYTES_MAX", 1 << 20)
    message = "claims:2: the line is longer than 1 MB; expected one row per line"
    assert [message] == refused("user\n" + "x" * (2 << 20))
    row = f'{{"user": "{USER}", "a": "{"x" * 2000}"}}'
    summary, *_ = refused("[" + ",".join([row] * 1000) + "]")
    assert "claims: 999 problems; nothing was written" == summary


@pytest.mark.parametrize(
    "content",
    [ROWS.encode(), gzip.compress(ROWS.encode(), mtime=0), b'[{"user": ""} x' + b"y" * 500_000],
)
def test_bytes_are_hashed_and_counted(tmp_path: Path, content: bytes) -> None:
    """The hash is of all stored bytes of the file, readable or not."""
    path = tmp_path / "claims"
    path.write_bytes(content)
    seen: list[tuple[int, int | None, int]] = []
    with check_file(path, OPTIONS, progress=lambda *now: seen.append(now)) as checked:
        assert hashlib.sha256(content).hexdigest() == checked.sha256
        assert len(content) == checked.bytes
    assert (len(content), len(content)) == seen[-1][:2]


def test_standard_input_has_no_known_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The progress of a pipe is in bytes without a total; gzip is recognized there too."""
    stdin = io.TextIOWrapper(io.BytesIO(gzip.compress(ROWS.encode())))
    monkeypatch.setattr(sys, "stdin", stdin)
    totals = set()
    with check_file(Path("-"), OPTIONS, progress=lambda _, total, __: totals.add(total)) as checked:
        assert ({None}, 2) == (totals, checked.valid)
    assert not stdin.buffer.closed


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    """What gives its bytes only once can be read again all the same, rows rejected included."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = (ROWS + f"x,bad\n{USER.upper()},again\n").encode()
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    with check_file(pipe, OPTIONS) as checked:
        writer.join()
        assert [{"tier": "basic"}] * 2 == [r.claims for _ in range(2) for r in checked.records()]
        rejected = [row.raw for row in checked.rejected_rows()]
        assert [[USER, "gold"], ["x", "bad"], [USER.upper(), "again"]] == rejected
        assert (len(content), hashlib.sha256(content).hexdigest()) == (
            checked.bytes,
            checked.sha256,
        )


def test_a_copy_that_finds_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe's bytes have to be kept; where that fails, the directory and the way out are named."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ROWS.encode() * 1000)))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 10, before[1]))
    try:
        with pytest.raises(OperatorError) as raised:
            check_file(Path("-"), OPTIONS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    expected = (
        f"-: temporary files cannot be written in {tmp_path}: File too large; "
        f"set TMPDIR to a directory on a disk with more free space"
    )
    assert expected == str(raised.value)

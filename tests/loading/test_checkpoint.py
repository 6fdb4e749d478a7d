"""The checkpoint: whole at every moment, and only for the load that it belongs to."""

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from claimsctl.claims_table.upsert import OnExisting
from claimsctl.cli.load_view import different_load_error
from claimsctl.errors import ExitCode, OperatorError
from claimsctl.loading.checkpoint import Checkpoint, DifferentLoad, LoadRequest, encode
from claimsctl.loading.checkpoint_file import CheckpointFile
from claimsctl.loading.results import RowCounts

REQUEST = LoadRequest(
    file_sha256="00",
    rejected_by_check=5,
    table="t",
    endpoint_url="https://dynamodb.eu-west-1.amazonaws.com",
    region="eu-west-1",
    tenant=None,
    columns=("user=id",),
    list_separator="|",
    format=None,
    schema_sha256=None,
    expires_in=86_400,
    on_existing=OnExisting.MERGE,
    keep_going=False,
    rejects="/é/claims.rejects.csv",
)
CHECKPOINT = Checkpoint(2, REQUEST, 4_000_000_000, 50, RowCounts(40, 3, 2, 5), 120)
BEGUN = Checkpoint.begin(REQUEST, None)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[CheckpointFile]:
    """A place for a checkpoint."""
    with closing(CheckpointFile(tmp_path / "claims.csv.checkpoint")) as file:
        yield file


def test_it_is_read_as_it_was_written(file: CheckpointFile) -> None:
    """Nothing is lost on the way."""
    assert not file.exists()
    file.write(CHECKPOINT)
    assert file.exists()
    assert CHECKPOINT == file.read()
    file.check_same_load(CHECKPOINT.request, REQUEST)
    file.remove()
    assert not file.exists()


def test_it_is_whole_whatever_happens(
    file: CheckpointFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that does not come to its end leaves the checkpoint before it."""
    file.write(CHECKPOINT)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OperatorError, match="No space left on device; use another path"):
        file.write(BEGUN)
    assert CHECKPOINT == file.read()


@pytest.mark.parametrize("act", ["begin", "go on"])
def test_it_is_one_process_s_alone(file: CheckpointFile, act: str) -> None:
    """A second process can neither begin nor resume a load until the first one ends."""
    file.write(CHECKPOINT)
    if act == "go on":
        file.read()
    with closing(CheckpointFile(file.path)) as rival:
        for attempt in (rival.read, lambda: rival.write(BEGUN)):
            with pytest.raises(
                OperatorError, match="another claimsctl process is using this check"
            ):
                attempt()
        rival.remove()
        assert [file.path] == list(file.path.parent.iterdir())
        file.write(CHECKPOINT)
        file.close()
        assert CHECKPOINT == rival.read()
        with pytest.raises(OperatorError, match="another claimsctl"):
            file.read()


def test_one_that_is_there_is_not_written_over(file: CheckpointFile) -> None:
    """Not even when it has come since the load looked for one."""
    file.path.write_text("mine")
    with pytest.raises(OperatorError, match="another claimsctl process is using"):
        file.write(CHECKPOINT)
    file.remove()
    assert ("mine", [file.path]) == (file.path.read_text(), list(file.path.parent.iterdir()))


def test_one_that_is_renewed_while_it_is_opened_is_not_ours(
    file: CheckpointFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock of a deleted file has no effect."""
    file.write(CHECKPOINT)
    file.close()
    monkeypatch.setattr(
        "claimsctl.loading.checkpoint_file.fcntl.flock", lambda *_: _renew(file.path)
    )
    with pytest.raises(OperatorError, match="another claimsctl process is using"):
        file.read()


def _renew(path: Path) -> None:
    new = path.with_name("new")
    new.write_bytes(path.read_bytes())
    new.replace(path)


def test_a_disk_without_locks_is_trusted(
    file: CheckpointFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network disks know none; loads there went well before."""

    def fail(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("claimsctl.loading.checkpoint_file.fcntl.flock", fail)
    file.write(CHECKPOINT)
    assert CHECKPOINT == file.read()


def test_a_full_disk_leaves_no_half_of_one(
    file: CheckpointFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be written whole is gone again."""

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OperatorError, match="No space left on device"):
        file.write(CHECKPOINT)
    assert [] == list(file.path.parent.iterdir())


def test_each_difference_is_explained(file: CheckpointFile) -> None:
    """A checkpoint of another file, table or option is refused, each difference in a line."""
    given = replace(
        REQUEST, file_sha256="11", tenant="x", keep_going=True, on_existing=OnExisting.SKIP
    )
    with pytest.raises(DifferentLoad) as raised:
        file.check_same_load(REQUEST, given)
    error = different_load_error(raised.value)
    assert (
        f"{file.path}: this checkpoint belongs to a different load; nothing was written. To resume"
        " it, rerun with the original file and options; to start a new load, remove it"
    ) == str(error)
    assert (
        'FILE: was "00", now "11"',
        '--tenant: was not given, now "x"',
        '--on-existing: was "merge", now "skip"',
        "--keep-going: was false, now true",
    ) == error.lines
    assert ExitCode.USAGE is error.exit_code


@pytest.mark.parametrize("name", [field.name for field in fields(LoadRequest)])
def test_every_field_counts(file: CheckpointFile, name: str) -> None:
    """Every field of a request must be the same, and each has a label."""
    other: Any = {name: ("other",)}
    given = replace(REQUEST, **other)
    with pytest.raises(DifferentLoad) as raised:
        file.check_same_load(REQUEST, given)
    assert [name] == [difference.field for difference in raised.value.differences]
    assert 1 == len(different_load_error(raised.value).lines)


@pytest.mark.parametrize(
    "document",
    [{"claimsctl_load": 1}, {"claimsctl_load": 3, "more": True}],
    ids=["before", "after"],
)
def test_another_versions_checkpoint_is_recognised(
    file: CheckpointFile, document: dict[str, Any]
) -> None:
    """It is neither continued nor taken for another file; the error says what to do."""
    file.path.write_text(json.dumps(document))
    with pytest.raises(OperatorError) as raised:
        file.read()
    assert (
        f"{file.path}: the checkpoint has format {document['claimsctl_load']} and was written by"
        " another version of claimsctl; this version reads format 2. Nothing was written. Finish"
        " the load with the version that began it, or remove the checkpoint and load the file"
        " again, which is safe"
    ) == str(raised.value)
    assert document == json.loads(file.path.read_text())


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"7", b"null", b'{"claimsctl_load": 2}', b"\xff", b"[" * 100_000,
        b'{"claimsctl_load": "1"}',
    ],
)  # fmt: skip
def test_something_else_is_no_checkpoint(file: CheckpointFile, content: bytes) -> None:
    """Any other file is distinguished from a checkpoint."""
    file.path.write_bytes(content)
    with pytest.raises(OperatorError, match="not a checkpoint of claimsctl"):
        file.read()


@pytest.mark.parametrize(
    ("name", "value"),
    [("rows_done", -1), ("rows_done", "7"), ("counts", {"written": 1}), ("counts", {"lost": 1}),
     ("counts", []), ("request", 7), ("request", {"table": "t"}), ("rejects_bytes", None),
     ("expires_at", "soon"), ("lost", 1)],
)  # fmt: skip
def test_numbers_are_looked_at(file: CheckpointFile, name: str, value: Any) -> None:
    """A checkpoint with a value that is none is not gone on from."""
    file.write(CHECKPOINT)
    document = {**json.loads(file.path.read_bytes()), name: value}
    file.path.write_text(json.dumps(document))
    with pytest.raises(OperatorError, match="not a checkpoint of claimsctl"):
        file.read()


def _plant_link(path: Path) -> None:
    path.with_name("victim").write_text("words")
    path.symlink_to("victim")


def _plant_dangling_link(path: Path) -> None:
    path.symlink_to("gone")


@pytest.mark.parametrize("plant", [_plant_link, _plant_dangling_link, os.mkfifo])
@pytest.mark.parametrize("suffix", ["", ".new"])
def test_what_was_planted_is_not_used(
    file: CheckpointFile, plant: Callable[[Path], None], suffix: str
) -> None:
    """No link is followed, no FIFO waited for: the error names it, and nothing changes."""
    path = file.path.with_name(f"{file.path.name}{suffix}")
    plant(path)
    before = path.lstat()
    for act in [lambda: file.write(BEGUN), *([] if suffix else [file.read])]:
        with pytest.raises(OperatorError, match=re.escape(f"{path}: ")):
            act()
    assert before == path.lstat()
    assert not path.with_name("gone").exists()
    victim = path.with_name("victim")
    assert plant is not _plant_link or "words" == victim.read_text()


def test_a_file_of_somebody_elses_is_no_draft(file: CheckpointFile) -> None:
    """An existing draft is kept, unless it is the remainder of a crash."""
    new = file.path.with_name(f"{file.path.name}.new")
    for content in (b"words", b'{"a": 1}'):
        new.write_bytes(content)
        with pytest.raises(OperatorError, match="the file exists and is not a checkpoint"):
            file.write(BEGUN)
        assert content == new.read_bytes()
    for content in (b"", b'{\n "claims', encode(CHECKPOINT)[:40], encode(CHECKPOINT)):
        new.write_bytes(content)
        file.write(BEGUN)
        assert BEGUN == file.read()


def test_nobody_else_can_read_it(file: CheckpointFile) -> None:
    """Mode 0600, whatever the umask."""
    before = os.umask(0)
    try:
        file.write(BEGUN)
        file.write(CHECKPOINT)
    finally:
        os.umask(before)
    assert 0o600 == stat.S_IMODE(file.path.stat().st_mode)


def test_there_is_none(file: CheckpointFile) -> None:
    """Without a checkpoint there is nothing to go on with."""
    with pytest.raises(OperatorError, match="To start a load, remove --resume"):
        file.read()


def test_it_is_no_folder(tmp_path: Path) -> None:
    """A file that cannot be read is reported."""
    with pytest.raises(OperatorError, match="cannot be read: Is a directory"):
        CheckpointFile(tmp_path).read()

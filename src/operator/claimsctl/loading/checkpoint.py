"""How far a load has come, in a file that is whole at every moment."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt

from claimsctl.errors import OperatorError
from claimsctl.loading.outcome import Tally


def lock(stream: IO[Any], path: Path) -> bool:
    """Whether `stream`, the open file at `path`, is ours alone from now on, until it is closed.

    The end of the process, however it comes, closes it. A disk that knows no locks is trusted.
    Raises ``OSError`` when there is nothing at `path` any more.
    """
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    # Whoever had it before may have put another file in its place since it was opened.
    return os.path.samestat(os.fstat(stream.fileno()), path.stat())


def sync_folder(path: Path) -> None:
    """Have what was done to the name `path` outlast a power failure."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def closed_on_failure(stream: IO[str]) -> Iterator[IO[str]]:
    """`stream`, which stays open when nothing goes wrong."""
    try:
        yield stream
    except BaseException:
        with suppress(OSError):  # of a full disk, which is told already
            stream.close()
        raise


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a load was asked for, and what is done of it."""

    asked: Mapping[str, str | int | bool | None]
    """File, table and options, each under a name for people: a resumed load must say the same."""
    expires_at: int | None = None
    """The end that ``--expires-in`` came to."""
    rows_done: int = 0
    """Every row up to this one is settled. Later ones may be in the table too."""
    tally: Tally = field(default_factory=Tally)
    """What those rows came to, and the rows that the check refused."""
    rejects_bytes: int = 0
    """How much of the rejects file belongs to them."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _Rows(_Strict):
    written: NonNegativeInt
    unchanged: NonNegativeInt
    skipped: NonNegativeInt
    rejected: NonNegativeInt


class _Document(_Strict):
    claimsctl_load: Literal[1]
    asked: dict[str, str | int | bool | None]
    expires_at: int | None
    rows_done: NonNegativeInt
    tally: _Rows
    rejects_bytes: NonNegativeInt


class CheckpointFile:
    """Where the checkpoint lies. Once read or written it is this process's, until it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: IO[Any] | None = None

    def exists(self) -> bool:
        """Whether a load was cut off."""
        return self.path.exists()

    def read(self) -> Checkpoint:
        """The checkpoint.

        Raises `OperatorError` when there is none, or something else, or another process's.
        """
        self.close()
        try:
            with ExitStack() as stack:
                stream = stack.enter_context(self.path.open("r+b"))
                self._lock(stream, self.path)
                checkpoint = _checkpoint(stream.read())
                stack.pop_all()
        except FileNotFoundError:
            message = (
                f"{self.path}: no such checkpoint; nothing of this file is half-way loaded: "
                f"load without --resume"
            )
            raise OperatorError(message) from None
        except OSError as error:
            message = f"{self.path}: cannot be read: {error.strerror}"
            raise OperatorError(message) from None
        except ValueError:
            message = (
                f"{self.path}: no checkpoint of claimsctl's; move it, or name another place by "
                f"--checkpoint"
            )
            raise OperatorError(message) from None
        self._hold(stream)
        return checkpoint

    def check_same(self, checkpoint: Checkpoint, asked: Mapping[str, Any]) -> None:
        """Raises `OperatorError` that tells what `asked` wants else than `checkpoint`'s load."""
        differences = list(_differences(checkpoint.asked, asked))
        if differences:
            message = (
                f"{self.path}: the checkpoint of another load than this; nothing done. Say the "
                f"same to go on, or remove it to begin anew"
            )
            raise OperatorError(message, lines=differences)

    def write(self, checkpoint: Checkpoint) -> None:
        """Put `checkpoint` in the place of the one before it, whatever happens meanwhile.

        Raises `OperatorError` when it cannot be written, or is another process's.
        """
        document = {"claimsctl_load": 1, **asdict(checkpoint)}
        new = self.path.with_name(f"{self.path.name}.new")
        try:
            with closed_on_failure(new.open("a", encoding="utf-8")) as stream:
                self._renew(stream, new, document)
            self._hold(stream)
            sync_folder(self.path)
        except OSError as error:
            message = (
                f"{self.path}: cannot be written: {error.strerror}; another place for the "
                f"checkpoint: --checkpoint"
            )
            raise OperatorError(message) from None

    def remove(self) -> None:
        """The load is over, or never began; what another process has there stays."""
        if self._held is not None:
            self.path.unlink(missing_ok=True)
            sync_folder(self.path)
            self.close()

    def close(self) -> None:
        """Leave it to whoever goes on from it."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _renew(self, stream: IO[str], new: Path, document: Mapping[str, Any]) -> None:
        self._lock(stream, new)
        try:
            self._check_free()
            stream.truncate(0)
            json.dump(document, stream, ensure_ascii=False, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
            new.replace(self.path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise

    def _check_free(self) -> None:
        if self._held is None and self.exists():
            raise self._of_another()

    def _hold(self, stream: IO[Any]) -> None:
        self.close()
        self._held = stream

    def _lock(self, stream: IO[Any], path: Path) -> None:
        if not lock(stream, path):
            raise self._of_another()

    def _of_another(self) -> OperatorError:
        message = (
            f"{self.path}: another claimsctl is loading by this checkpoint; let it end, or name "
            f"another place by --checkpoint"
        )
        return OperatorError(message)


def _checkpoint(content: bytes) -> Checkpoint:
    """Raises `ValueError` for anything but what `CheckpointFile.write` leaves."""
    document = _Document.model_validate_json(content)
    return Checkpoint(
        document.asked,
        document.expires_at,
        document.rows_done,
        Tally(**document.tally.model_dump()),
        document.rejects_bytes,
    )


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in {**then, **now}:
        before, after = then.get(name), now.get(name)
        if before != after:
            yield f"{name}: then {_told(before)}, now {_told(after)}"


def _told(value: object) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)

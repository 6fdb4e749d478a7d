"""How far a load has come, in a file that is whole at every moment."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from claimsctl.errors import OperatorError
from claimsctl.loading.outcome import Tally

_VERSION = 1


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


class CheckpointFile:
    """Where the checkpoint lies."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        """Whether a load was cut off."""
        return self.path.exists()

    def read(self) -> Checkpoint:
        """The checkpoint. Raises `OperatorError` when there is none, or something else."""
        try:
            document = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            message = (
                f"{self.path}: no such checkpoint; nothing of this file is half-way loaded: "
                f"load without --resume"
            )
            raise OperatorError(message) from None
        except OSError as error:
            message = f"{self.path}: cannot be read: {error.strerror}"
            raise OperatorError(message) from None
        except (ValueError, RecursionError):
            raise self._foreign() from None
        try:
            return _checkpoint(document)
        except (KeyError, TypeError, ValueError):
            raise self._foreign() from None

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

        Raises `OperatorError` when it cannot be written.
        """
        document = {"claimsctl_load": _VERSION, **asdict(checkpoint)}
        new = self.path.with_name(f"{self.path.name}.new")
        try:
            with new.open("w", encoding="utf-8") as stream:
                json.dump(document, stream, ensure_ascii=False, indent=1)
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(self.path)
            sync_folder(self.path)
        except OSError as error:
            message = (
                f"{self.path}: cannot be written: {error.strerror}; another place for the "
                f"checkpoint: --checkpoint"
            )
            raise OperatorError(message) from None

    def remove(self) -> None:
        """The load is over."""
        self.path.unlink(missing_ok=True)
        sync_folder(self.path)

    def _foreign(self) -> OperatorError:
        message = (
            f"{self.path}: no checkpoint of claimsctl's; move it, or name another place by "
            f"--checkpoint"
        )
        return OperatorError(message)


def sync_folder(path: Path) -> None:
    """Have what was done to the name `path` outlast a power failure."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _checkpoint(document: Any) -> Checkpoint:
    if document["claimsctl_load"] != _VERSION:
        raise ValueError
    numbers = (document["rows_done"], document["rejects_bytes"], *document["tally"].values())
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ValueError
    return Checkpoint(
        asked=dict(document["asked"]),
        expires_at=document["expires_at"],
        rows_done=document["rows_done"],
        tally=Tally(**document["tally"]),
        rejects_bytes=document["rejects_bytes"],
    )


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in {**then, **now}:
        before, after = then.get(name), now.get(name)
        if before != after:
            yield f"{name}: then {_told(before)}, now {_told(after)}"


def _told(value: object) -> str:
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)

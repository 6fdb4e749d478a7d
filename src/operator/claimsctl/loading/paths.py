"""Where a load has its checkpoint and its rejects file."""

import os
from dataclasses import dataclass
from pathlib import Path

from claimsctl.errors import OperatorError
from claimsctl.loading.checkpoint import Checkpoint
from claimsctl.loading.checkpoint_file import CheckpointFile

_STDIN = "-"


@dataclass(frozen=True, slots=True)
class LoadPaths:
    """Files of a load, by default next to the file that it loads."""

    checkpoint: CheckpointFile | None
    """``None``: a load of standard input that cannot be resumed."""
    rejects: Path

    @classmethod
    def of(cls, file: Path, checkpoint: Path | None, rejects: Path | None) -> "LoadPaths":
        """Those for `file` (``-``: standard input), with what the options give.

        Raises `OperatorError` for a path that ends in no name, and for one path given twice.
        """
        stdin = str(file) == _STDIN
        if not file.name:
            message = f"{file}: a folder; expected a file"
            raise OperatorError(message)
        if checkpoint is None and not stdin:
            checkpoint = file.with_name(f"{file.name}.checkpoint")
        rejects = rejects or (Path("stdin.rejects") if stdin else _rejects_of(file))
        given = [file, rejects] if checkpoint is None else [file, checkpoint, rejects]
        if len({path.absolute() for path in given}) < len(given):
            message = "FILE, --checkpoint and --rejects: expected three different files"
            raise OperatorError(message)
        return cls(None if checkpoint is None else CheckpointFile(checkpoint), rejects)

    def close(self) -> None:
        """Let another process continue from the checkpoint."""
        if self.checkpoint is not None:
            self.checkpoint.close()

    def begin(self, *, resume: bool) -> Checkpoint | None:
        """The checkpoint to continue from; ``None`` for a load from the first row on.

        Raises `OperatorError` when there is a checkpoint without `resume`, when there is none with
        it, and when a new load would find a rejects file.
        """
        if resume:
            if self.checkpoint is None:
                message = "--resume of standard input needs --checkpoint, as the first run had it"
                raise OperatorError(message)
            return self.checkpoint.read()
        if self.checkpoint is not None and self.checkpoint.exists():
            message = (
                f"{self.checkpoint.path}: a load of this file was cut off; resume it with "
                f"--resume, or remove the checkpoint to start again"
            )
            raise OperatorError(message)
        if os.path.lexists(self.rejects):
            message = (
                f"{self.rejects}: already exists, and may hold rows of an earlier load; move it, "
                f"or give another file for rejected rows: --rejects"
            )
            raise OperatorError(message)
        return None


def _rejects_of(file: Path) -> Path:
    name = file.name.removesuffix(".gz")
    stem, dot, suffix = name.rpartition(".")
    return file.with_name(f"{stem}.rejects.{suffix}" if stem and dot else f"{name}.rejects")

"""Where a load keeps its checkpoint and the rows it rejects."""

from dataclasses import dataclass
from pathlib import Path

from claimsctl.errors import OperatorError
from claimsctl.loading.checkpoint import Checkpoint, CheckpointFile

_STDIN = "-"


@dataclass(frozen=True, slots=True)
class Places:
    """Files of a load, beside the file that it loads unless said otherwise."""

    checkpoint: CheckpointFile | None
    """``None``: a load of standard input that cannot be resumed."""
    rejects: Path

    @classmethod
    def of(cls, file: Path, checkpoint: Path | None, rejects: Path | None) -> "Places":
        """Those for `file` (``-``: standard input), with what the options say.

        Raises `OperatorError` for a path that ends in no name, and for one file meant as two.
        """
        stdin = str(file) == _STDIN
        if not file.name:
            message = f"{file}: a folder; expected a file"
            raise OperatorError(message)
        if checkpoint is None and not stdin:
            checkpoint = file.with_name(f"{file.name}.checkpoint")
        rejects = rejects or (Path("stdin.rejects") if stdin else _rejects_beside(file))
        meant = [file, rejects] if checkpoint is None else [file, checkpoint, rejects]
        if len({path.absolute() for path in meant}) < len(meant):
            message = "FILE, --checkpoint and --rejects: expected a file of its own for each"
            raise OperatorError(message)
        return cls(None if checkpoint is None else CheckpointFile(checkpoint), rejects)

    def close(self) -> None:
        """Leave the checkpoint to whoever goes on from it."""
        if self.checkpoint is not None:
            self.checkpoint.close()

    def begin(self, *, resume: bool) -> Checkpoint | None:
        """The checkpoint to go on from, ``None`` for a load from the first row on.

        Raises `OperatorError` when there is one and `resume` is not said, or the other way round;
        and when a new load would find a rejects file.
        """
        if resume:
            if self.checkpoint is None:
                message = "--resume of standard input needs --checkpoint, as the first run had it"
                raise OperatorError(message)
            return self.checkpoint.read()
        if self.checkpoint is not None and self.checkpoint.exists():
            message = (
                f"{self.checkpoint.path}: a load of this file was cut off; go on with it by "
                f"--resume, or remove the checkpoint to begin anew"
            )
            raise OperatorError(message)
        if self.rejects.exists():
            message = (
                f"{self.rejects}: is there already, and may hold rows of an earlier load; move it, "
                f"or name another file for rejected rows by --rejects"
            )
            raise OperatorError(message)
        return None


def _rejects_beside(file: Path) -> Path:
    name = file.name.removesuffix(".gz")
    stem, dot, suffix = name.rpartition(".")
    return file.with_name(f"{stem}.rejects.{suffix}" if stem and dot else f"{name}.rejects")

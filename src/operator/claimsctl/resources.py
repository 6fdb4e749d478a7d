"""The files bundled in the wheel: the template and the samples."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """Return the path of the bundled file or folder `name` (``template.yaml``, ``events/…``).

    In a wheel it is in ``claimsctl/bundled``; in an editable install, at the repository's root.
    """
    installed = _PACKAGE / "bundled"
    root = installed if installed.is_dir() else _PACKAGE.parents[2]
    return root / name

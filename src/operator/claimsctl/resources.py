"""Files that the wheel carries: the template and the samples."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """The file or folder `name` (``template.yaml``, ``events/…``) of this distribution.

    A wheel carries them in ``claimsctl/bundled``; an editable install finds them at the
    repository's root.
    """
    installed = _PACKAGE / "bundled"
    root = installed if installed.is_dir() else _PACKAGE.parents[2]
    return root / name

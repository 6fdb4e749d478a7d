"""Where the template and the samples are: in the installed package or the repository."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def bundled(name: str) -> Path:
    """The file or folder `name` (``template.yaml``, ``events/…``) of this distribution.

    A wheel carries them in ``claimsctl/bundled``; an editable install finds them at the
    repository's root.
    """
    installed = _PACKAGE / "bundled"
    root = installed if installed.is_dir() else _PACKAGE.parents[2]
    return root / name

"""Options of the commands that run the system on this machine, and the extra that they require."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer
from claims_provider.settings import CallerVerification

from claimsctl.errors import OperatorError

_PACKAGES: Final = ("aws_lambda_powertools", "flask", "flask_cors", "moto")


def require_local() -> None:
    """Raise `OperatorError` when the extra ``local`` is not installed."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        message = (
            f"this command requires the extra local, which is not installed (missing packages:"
            f" {', '.join(missing)}). To install it, run in the project's clone: pip install"
            " '.[local]'"
        )
        raise OperatorError(message)


ClaimsFile = Annotated[
    Path | None,
    typer.Option(
        "--claims",
        help="A claims file to load into the embedded table.",
        show_default=False,
    ),
]
Verification = Annotated[
    CallerVerification,
    typer.Option(
        "--caller-verification",
        help="What verifies the caller's token, as in the template's parameter CallerVerification.",
        envvar="CALLER_VERIFICATION",
    ),
]

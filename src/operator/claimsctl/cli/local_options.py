"""Options of the commands that run the system on this machine, and the extra that they need."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer
from claims_provider.settings import CallerVerification

from claimsctl.errors import OperatorError

_PACKAGES: Final = ("aws_lambda_powertools", "flask", "flask_cors", "moto")


def require_local() -> None:
    """Raise `OperatorError` where the extra ``local`` is not installed."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        message = (
            f"the extra local is not installed (missing: {', '.join(missing)}), and this command"
            " runs the function or its table in this process; to install it:"
            " pip install 'entra-claims-provider[local]'"
        )
        raise OperatorError(message)


ClaimsFile = Annotated[
    Path | None,
    typer.Option(
        "--claims",
        help="Claims for the embedded table: CSV, TSV, JSON lines or JSON.",
        show_default=False,
    ),
]
Verification = Annotated[
    CallerVerification,
    typer.Option("--caller-verification", help="As in the template.", envvar="CALLER_VERIFICATION"),
]

"""The functions to compare, and the callout that all answer."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from claimsctl.emulator.events import played_event
from claimsctl.entra.callout import body_of
from claimsctl.entra.token_claims import TENANT_ID

from bench.instant_table import CLAIMS
from tests.fakes import ENVIRONMENT
from tests.runtime.emulator import HANDLER

CACHE: Final = Path(".cache").resolve()
_BUILT: Final = CACHE / "bench"


@dataclass(frozen=True)
class Function:
    """One function as deployed on Lambda."""

    name: str
    folder: Path
    handler: str = "app.lambda_handler"

    def check(self, answer: dict[str, Any]) -> None:
        """Check that all functions give the same answer, so that the figures are comparable."""
        if self is GET_ITEM:
            assert answer["claims"], answer
            return
        (action,) = json.loads(answer["body"])["data"]["actions"]
        assert (answer["statusCode"], action["claims"]) == (200, CLAIMS), answer

    def sizes(self, scratch: Path) -> dict[str, int]:
        """Return the size in bytes, unpacked and as the uploaded archive."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        archive = scratch / "artefact.zip"
        with ZipFile(archive, "w", ZIP_DEFLATED) as zipped:
            for path in files:
                zipped.write(path, path.relative_to(self.folder))
        return {
            "unpacked": sum(path.stat().st_size for path in files),
            "zipped": archive.stat().st_size,
        }


OURS: Final = Function("ours", CACHE / "artefact/x86_64/ClaimsFunction", HANDLER)
PYTHON: Final = Function("python", _BUILT / "plain/Python")
COLD: Final = (
    OURS,
    Function("tutorial-plain", _BUILT / "plain/Tutorial"),
    Function("tutorial-byte-code", _BUILT / "byte-code/Tutorial"),
    Function("fastapi-plain", _BUILT / "plain/FastApi"),
    Function("fastapi-byte-code", _BUILT / "byte-code/FastApi"),
    Function("bare-plain", _BUILT / "plain/Bare"),
    Function("bare-byte-code", _BUILT / "byte-code/Bare"),
    PYTHON,
)
"""``plain``: as ``sam build`` leaves it by itself. ``byte-code``: the same, compiled."""

GET_ITEM: Final = Function("get-item", _BUILT / "byte-code/Bare", "get_item.lambda_handler")
WARM: Final = (
    OURS,
    Function("tutorial", _BUILT / "byte-code/Tutorial"),
    Function("fastapi", _BUILT / "byte-code/FastApi"),
    Function("bare", _BUILT / "byte-code/Bare"),
    GET_ITEM,
)
"""Byte code or none is all the same, once all is loaded."""


def environment(table: dict[str, str]) -> dict[str, str]:
    """Return the variables that the template and Lambda set, the same for all functions."""
    return {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        # The folder is read-only on Lambda: what has no byte code is compiled at each cold start.
        "PYTHONDONTWRITEBYTECODE": "1",
        **ENVIRONMENT,
        **table,
    }


def callout() -> dict[str, Any]:
    """Return the gateway's event for a member's sign-in."""
    event = played_event(json.dumps(body_of("member")).encode(), TENANT_ID)
    event["requestContext"].pop("timeEpoch")  # the budget begins at the handler's entry
    return event

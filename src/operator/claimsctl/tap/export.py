"""An examined exchange as files: for ``claimsctl judge``, for ``invoke``, for a bug report."""

import json
from pathlib import Path
from typing import Any

from claimsctl.entra.exchange import Exchange, Request, Response, Timings
from claimsctl.errors import OperatorError
from claimsctl.tap.examination import Examined
from claimsctl.tap.service import Service

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
"""For the operator's eyes: unmasked it holds a token and claims."""


def exchange_document(examined: Examined, service: Service) -> dict[str, Any]:
    """An exchange as `claimsctl.entra.exchange` has it, and beside it the verdict.

    Without an answer there is ``no_answer`` in the place of ``response``.
    """
    sighting = examined.sighting
    request = Request(
        method=sighting.method,
        url=service.origin + sighting.target,
        headers=sighting.request.headers,
        content=bytes(sighting.request.body),
    )
    phases = {f"{phase.value}_ms": round(ms, 3) for phase, ms in sighting.timings().items()}
    timings = Timings(total_ms=round(sighting.total_ms, 3), **phases)
    about = {
        "masked": examined.masked,
        "began_at": examined.at.isoformat(timespec="milliseconds"),
        "correlation_id": examined.correlation_id,
        "verdict": None if examined.verdict is None else examined.verdict.document(),
        "remark": examined.reason,
    }
    if sighting.status is not None and sighting.no_answer is None:
        response = Response(
            status=sighting.status,
            headers=sighting.answer.headers,
            content=bytes(sighting.answer.body),
        )
        exchange = Exchange(request=request, response=response, timings=timings)
        return exchange.document() | about
    no_answer = sighting.no_answer and {
        "cause": sighting.no_answer.cause.value,
        "phase": sighting.no_answer.phase.value,
        "detail": sighting.no_answer.detail,
    }
    return {
        "request": request.model_dump(mode="json"),
        "no_answer": no_answer,
        "timings": timings.model_dump(exclude_none=True),
    } | about


def encode(document: dict[str, Any]) -> bytes:
    """The file's bytes: ASCII, so that nothing on the way changes them."""
    return json.dumps(document, indent=2).encode("ascii") + b"\n"


class Folder:
    """Where every exchange is kept as a file."""

    def __init__(self, path: Path, service: Service) -> None:
        """Make the folder. Raises `OperatorError` when that cannot be."""
        self._path, self._service = path, service
        try:
            path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            message = f"--save {path}: {error.strerror}; name a folder that can be written to"
            raise OperatorError(message) from None

    def save(self, examined: Examined) -> None:
        """Write the exchange, and its callout by itself. Raises `OSError`."""
        stem = f"{examined.at:%Y%m%dT%H%M%SZ}-{examined.sighting.number:04}"
        document = exchange_document(examined, self._service)
        self._write(f"{stem}.exchange.json", encode(document))
        if examined.sighting.request.body:
            self._write(f"{stem}.callout.json", bytes(examined.sighting.request.body))

    def _write(self, name: str, content: bytes) -> None:
        path = self._path / name
        path.touch(mode=_FILE_MODE)
        path.write_bytes(content)

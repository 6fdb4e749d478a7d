"""One structured line and one set of metrics per callout; correlationId joins Entra's log.

A failure here never prevents the answer.
"""

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, TextIO

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from claims_provider.record import CalloutRecord

NAMESPACE: Final = "EntraClaimsProvider"
SERVICE: Final = "claims-provider"
_FRAMES: Final = 5


class _StandardOutput(logging.StreamHandler[TextIO]):
    """Writes to the current standard output; the library's handler keeps the original one."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stdout


class Telemetry:
    """Writes records to standard output, from which Lambda takes logs and (as EMF) metrics."""

    def __init__(self, function_name: str) -> None:
        """`function_name` separates the metrics of deployments in the same account."""
        self._logger = Logger(
            service=SERVICE,
            location=None,
            logger_handler=_StandardOutput(),
            # ASCII, because text that UTF-8 cannot encode would lose the line.
            json_serializer=partial(json.dumps, default=str, separators=(",", ":")),
        )
        self._metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
        self._metrics.set_default_dimensions(function_name=function_name)
        self._cold = True
        self._restored = False

    def restored(self) -> None:
        """The environment was restored from a snapshot, so the next callout is a cold start."""
        self._cold = self._restored = True

    def tell(self, message: str, fields: Mapping[str, Any], *, warn: bool) -> None:
        """Write a line that does not belong to a callout. Never raises."""
        with suppress(Exception):
            (self._logger.warning if warn else self._logger.info)(message, extra=fields)

    def write(self, record: CalloutRecord) -> None:
        """Write a callout's line and metrics. Never raises, because the answer matters more."""
        record.note(cold_start=self._cold)
        if self._restored:
            record.note(restored=True)
        self._cold = self._restored = False
        with suppress(Exception):
            log = self._logger.warning if record.warned else self._logger.info
            log("callout", extra=record.fields)
        with suppress(Exception):
            self._write_metrics(record)

    def _write_metrics(self, record: CalloutRecord) -> None:
        try:
            for name, number in record.counts.items():
                self._metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)
            for name, milliseconds in record.milliseconds.items():
                self._metrics.add_metric(
                    name=name, unit=MetricUnit.Milliseconds, value=milliseconds
                )
            self._metrics.flush_metrics()
        finally:  # metrics that could not be written must not be added to the next callout's
            self._metrics.clear_metrics()


def describe_bug(error: BaseException) -> Mapping[str, str]:
    """Return an unexpected exception's type and locations, but never its message.

    A message may quote request data or stored values.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames)
    )
    return {"error": type(error).__name__, "at": places}

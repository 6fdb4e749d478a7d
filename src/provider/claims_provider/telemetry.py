"""One structured line and one set of metrics per callout; correlationId joins Entra's log.

Whatever fails here, the answer goes out.
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
    """Writes to what standard output is now; the library's handler keeps what it was at first."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stdout


class Telemetry:
    """Writes records to standard output, where Lambda takes logs and (as EMF) metrics from."""

    def __init__(self, function_name: str) -> None:
        """`function_name` tells one deployment's metrics from another's in the same account."""
        self._logger = Logger(
            service=SERVICE,
            location=None,
            logger_handler=_StandardOutput(),
            # ASCII: text that UTF-8 cannot carry would cost the line.
            json_serializer=partial(json.dumps, default=str, separators=(",", ":")),
        )
        self._metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
        self._metrics.set_default_dimensions(function_name=function_name)
        self._cold = True
        self._restored = False

    def restored(self) -> None:
        """The environment comes from a snapshot: what was done before was done elsewhere."""
        self._cold = self._restored = True

    def tell(self, message: str, fields: Mapping[str, Any], *, warn: bool) -> None:
        """Write a line that is no callout's; never raises."""
        with suppress(Exception):
            (self._logger.warning if warn else self._logger.info)(message, extra=fields)

    def write(self, record: CalloutRecord) -> None:
        """Write one callout's line and metrics; never raises: an answer matters more."""
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
        finally:  # what could not be written must not go out with the next callout's
            self._metrics.clear_metrics()


def describe_bug(error: BaseException) -> Mapping[str, str]:
    """Where an unforeseen exception came from: its type and places, never its message.

    A message may quote what somebody sent or stored.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames)
    )
    return {"error": type(error).__name__, "at": places}

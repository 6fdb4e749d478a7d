"""Find a stack's log lines of some sign-ins in CloudWatch Logs, within limits."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from claimsctl.claims_table.location import sdk_region
from claimsctl.errors import OperatorError
from claimsctl.signin.access_log import NEAR, PATTERN, GatewayAnswers, gateway_answer
from claimsctl.signin.provider_log import Lines, LogLine, add_line, callout_line
from claimsctl.signin.summary import Row

SIGN_INS_MAX: Final = 20
"""The maximum number of sign-ins: each is a term of a filter of at most 1,024 characters."""
MARGIN: Final = timedelta(minutes=10)
"""The margin for different clocks of Entra and AWS, and for a retry."""
PAGES_MAX: Final = 50
_GATEWAY_PAGES_MAX: Final = 2
_TIMEOUT_SECONDS: Final = 10
_OUTPUT: Final = "FunctionLogGroup"
_ACCESS_OUTPUT: Final = "AccessLogGroup"
_TERM: Final = '($.correlationId = "{}")'
_BY_ENTRA: Final = '{ $.caller = "entra" && $.outcome = "*" }'
_TERMS_MAX: Final = 16
"""The maximum number of terms in a filter; each has 58 characters."""

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StackLog:
    """The lines of the stack's two logs."""

    lines: Lines
    """The lines of the function's log."""
    gateway: GatewayAnswers | None
    """The lines of the access log; `None` for a stack without one."""
    left_out: int
    """The number of rows that were not searched for."""


def stack_log(stack: str, rows: Sequence[Row]) -> StackLog:
    """Find the log lines of the newest `rows`, by correlation id; in the access log, by time.

    Needs ``cloudformation:DescribeStacks`` and ``logs:FilterLogEvents``. Raises `OperatorError`.
    """
    asked = [row for row in rows if row.at][-SIGN_INS_MAX:]
    found: Lines = {}
    if not asked:
        return StackLog(found, None, len(rows))
    try:
        logs, groups = _logs(stack)
        for begin in range(0, len(asked), _TERMS_MAX):
            _add_events(logs, groups[_OUTPUT], asked[begin : begin + _TERMS_MAX], found)
        gateway = None
        if _ACCESS_OUTPUT in groups:
            gateway = _gateway_answers(logs, groups[_ACCESS_OUTPUT], asked, found)
    except (BotoCoreError, ClientError) as error:
        message = f"--stack {stack}: {error}"
        raise OperatorError(message) from None
    return StackLog(found, gateway, len(rows) - len(asked))


def _logs(stack: str) -> tuple[Any, dict[str, str]]:
    """Return a client of CloudWatch Logs, and the stack's outputs with the log groups."""
    config = Config(connect_timeout=_TIMEOUT_SECONDS, read_timeout=_TIMEOUT_SECONDS)
    session, region = boto3.session.Session(), sdk_region()
    stacks = session.client("cloudformation", region_name=region, config=config)
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for output in stacks.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    }
    if _OUTPUT not in outputs:
        message = f"--stack {stack}: no output {_OUTPUT}; upgrade the stack, or use --log FILE"
        raise OperatorError(message)
    return session.client("logs", region_name=region, config=config), outputs


def newest_of_entra(stack: str, since: datetime) -> tuple[datetime, LogLine] | None:
    """Return the newest callout from Entra after `since` in the function's log.

    The line names no application. Needs the same permissions as `stack_log`, and raises the same.
    """
    try:
        logs, outputs = _logs(stack)
        request = {
            "logGroupName": outputs[_OUTPUT],
            "startTime": _milliseconds(since),
            "filterPattern": _BY_ENTRA,
        }
        newest = None
        for event, fields in _events(logs, request, PAGES_MAX):
            line = callout_line(fields)
            at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
            if line is not None and (newest is None or at >= newest[0]):
                newest = at, line[1]
    except (BotoCoreError, ClientError) as error:
        message = f"--stack {stack}: {error}"
        raise OperatorError(message) from None
    return newest


def _events(
    client: Any, request: dict[str, Any], pages_max: int
) -> Iterator[tuple[dict[str, Any], Fields]]:
    """Yield each event that the filter matches, and the fields of its message."""
    for _ in range(pages_max):
        page = client.filter_log_events(**request)
        for event in page["events"]:
            try:
                fields = json.loads(event["message"])
            except ValueError:
                continue
            if isinstance(fields, dict):
                yield event, fields
        if "nextToken" not in page:
            return
        request["nextToken"] = page["nextToken"]


def _add_events(client: Any, group: str, rows: Sequence[Row], found: Lines) -> None:
    ids = {row.sign_in.correlation_id for row in rows}
    times = [_time(row.at) for row in rows]
    request: dict[str, Any] = {
        "logGroupName": group,
        "startTime": _milliseconds(min(times) - MARGIN),
        "endTime": _milliseconds(max(times) + MARGIN),
        "filterPattern": "{ " + " || ".join(_TERM.format(id_) for id_ in sorted(ids)) + " }",
    }
    for _, fields in _events(client, request, PAGES_MAX):
        if (line := callout_line(fields)) is not None:
            add_line(found, *line, ids)


def _gateway_answers(client: Any, group: str, rows: Sequence[Row], lines: Lines) -> GatewayAnswers:
    """Return the gateway's answers near callouts of which an attempt has no line."""
    found: GatewayAnswers = {}
    for row in rows:
        sign_in, callout = row.sign_in, row.callout
        logged = len(lines.get(sign_in.correlation_id, []))
        if not callout.at or not callout.attempts or logged >= callout.attempts:
            continue
        at = _time(row.at)
        request = {
            "logGroupName": group,
            "startTime": _milliseconds(at - NEAR),
            "endTime": _milliseconds(at + NEAR),
            "filterPattern": PATTERN,
        }
        events = _events(client, request, _GATEWAY_PAGES_MAX)
        answers = (gateway_answer(fields) for _, fields in events)
        found[sign_in.correlation_id] = [answer for answer in answers if answer is not None]
    return found


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=UTC)


def _milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)

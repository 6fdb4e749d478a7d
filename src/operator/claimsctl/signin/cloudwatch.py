"""The function's log lines of some sign-ins, asked of CloudWatch Logs: bounded in ids and time."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from claimsctl.claims_table.location import sdk_region
from claimsctl.errors import OperatorError
from claimsctl.signin.provider_log import Lines, add_line, callout_line
from claimsctl.signin.summary import Row

SIGN_INS_MAX: Final = 20
"""Sign-ins that are asked about: each is a term of the filter, which has 1,024 characters."""
MARGIN: Final = timedelta(minutes=10)
"""Between the clocks of Entra and AWS, and for a retry."""
PAGES_MAX: Final = 50
_TIMEOUT_SECONDS: Final = 10
_OUTPUT: Final = "FunctionLogGroup"
_TERM: Final = '($.correlationId = "{}")'
_TERMS_MAX: Final = 16
"""58 characters each."""


def stack_log(stack: str, rows: Sequence[Row]) -> tuple[Lines, int]:
    """The log lines of the newest of `rows`, and how many rows were not asked about.

    Needs ``cloudformation:DescribeStacks`` and ``logs:FilterLogEvents``. Raises `OperatorError`.
    """
    asked = [row for row in rows if row.at][-SIGN_INS_MAX:]
    found: Lines = {}
    if not asked:
        return found, len(rows)
    config = Config(connect_timeout=_TIMEOUT_SECONDS, read_timeout=_TIMEOUT_SECONDS)
    try:
        session = boto3.session.Session()
        region = sdk_region()
        stacks = session.client("cloudformation", region_name=region, config=config)
        outputs = {
            output["OutputKey"]: output["OutputValue"]
            for output in stacks.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
        }
        if _OUTPUT not in outputs:
            message = f"--stack {stack}: no output {_OUTPUT}; upgrade the stack, or use --log FILE"
            raise OperatorError(message)
        logs = session.client("logs", region_name=region, config=config)
        for begin in range(0, len(asked), _TERMS_MAX):
            _add_events(logs, outputs[_OUTPUT], asked[begin : begin + _TERMS_MAX], found)
    except (BotoCoreError, ClientError) as error:
        message = f"--stack {stack}: {error}"
        raise OperatorError(message) from None
    return found, len(rows) - len(asked)


def _add_events(client: Any, group: str, rows: Sequence[Row], found: Lines) -> None:
    ids = {row.sign_in.correlation_id for row in rows}
    times = [datetime.fromisoformat(row.at).replace(tzinfo=UTC) for row in rows]
    request: dict[str, Any] = {
        "logGroupName": group,
        "startTime": _milliseconds(min(times) - MARGIN),
        "endTime": _milliseconds(max(times) + MARGIN),
        "filterPattern": "{ " + " || ".join(_TERM.format(id_) for id_ in sorted(ids)) + " }",
    }
    for _ in range(PAGES_MAX):
        page = client.filter_log_events(**request)
        for event in page["events"]:
            try:
                fields = json.loads(event["message"])
            except ValueError:
                continue
            line = callout_line(fields) if isinstance(fields, dict) else None
            if line is not None:
                add_line(found, *line, ids)
        if "nextToken" not in page:
            return
        request["nextToken"] = page["nextToken"]


def _milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)

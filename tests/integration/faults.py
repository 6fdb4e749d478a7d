"""Every fault between the function and its table, with its expected result."""

from dataclasses import dataclass
from typing import Any, Final

from claims_provider.errors import StoreFailureReason as Reason

from tests.integration import behaviours as do
from tests.integration.fault_proxy import Behaviour, Door

_STRANGER: Final[Any] = {"pk": {"S": "USER#nobody asked for"}, "sk": {"S": "APP#*"}}
_RETRY_AFTER: Final = {"retry-after": "30", "x-amz-retry-after": "30000"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Behaviour):
    """A behaviour that keeps the table's answer away."""

    name: str
    reasons: frozenset[Reason]
    """What the log may give as cause."""


def _connection(name: str, act: do.Act, door: Door = Door.OPEN) -> Fault:
    return Fault(act, door, name=name, reasons=frozenset({Reason.CONNECTION}))


def _timeout(name: str, act: do.Act, door: Door = Door.OPEN) -> Fault:
    return Fault(act, door, name=name, reasons=frozenset({Reason.TIMEOUT}))


def _garbage(name: str, act: do.Act) -> Fault:
    return Fault(act, name=name, reasons=frozenset({Reason.GARBAGE}))


def _throttled(name: str, act: do.Act) -> Fault:
    return Fault(act, name=name, reasons=frozenset({Reason.THROTTLED}))


def _server_error(name: str, act: do.Act) -> Fault:
    return Fault(act, name=name, reasons=frozenset({Reason.SERVER_ERROR}))


def _refused(name: str, act: do.Act) -> Fault:
    return Fault(act, name=name, reasons=frozenset({Reason.REFUSED}))


def _unprocessed(name: str, act: do.Act) -> Fault:
    return Fault(act, name=name, reasons=frozenset({Reason.UNPROCESSED}))


def _found(document: Any, table: str, more: list[Any]) -> Any:
    return {**document, "Responses": {table: document["Responses"][table] + more}}


def _left(document: Any, unprocessed: Any) -> Any:
    return {**document, "UnprocessedKeys": unprocessed}


_NETWORK = (
    _connection("connection refused", do.hang, Door.CLOSED),
    _timeout("connect hangs", do.hang, Door.FULL),
    _timeout("accepted, never read", do.hang, Door.MUTE),
    _timeout("hangs after the request", do.hang),
    _timeout("hangs in the header", do.hang_in_header),
    _timeout("hangs after the header", do.hang_after_header),
    _timeout("hangs in the body", do.hang_in_body),
    _timeout("drips its header", do.drip_header),
    _timeout("drips its body", do.drip_body),
    _timeout("drips chunks", do.drip_chunks),
    _connection("reset after the request", do.reset),
    _connection("reset in the body", do.reset_in_body),
    _connection("closed after the request", do.close),
)
_ERRORS = (
    _server_error("500", do.refuse_with("InternalServerError", 500)),
    _server_error("503, HTML", do.answer_with(b"<html>Service Unavailable</html>", 503)),
    _throttled("throttled", do.refuse_with("ProvisionedThroughputExceededException")),
    _throttled(
        "throttled, come back in 30 s", do.refuse_with("ThrottlingException", 400, _RETRY_AFTER)
    ),
    _throttled("account throttled", do.refuse_with("RequestLimitExceeded")),
    _refused("no access", do.refuse_with("AccessDeniedException")),
    _refused("token expired", do.refuse_with("ExpiredTokenException")),
    _refused("moved", do.answer_with(b"", 301, headers={"location": "http://127.0.0.1:9/"})),
)
_UNREADABLE = (
    _garbage("truncated", do.truncate),
    _garbage("truncated, length unsaid", do.truncate_unannounced),
    _connection("not HTTP", lambda exchange: exchange.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")),
    _garbage("not JSON", do.answer_with(b"<html>Welcome</html>")),
    _garbage("nothing", do.answer_with(b"")),
    _garbage("{}", do.answer_json({})),
    _garbage("[]", do.answer_json([])),
    _garbage("null", do.answer_json(None)),
    _garbage("Responses is a list", do.answer_json({"Responses": [], "UnprocessedKeys": {}})),
)
_CONTRADICTORY = (
    _garbage("no Responses", do.changed(lambda document, _: {"UnprocessedKeys": {}})),
    _garbage(
        "no UnprocessedKeys", do.changed(lambda document, _: {"Responses": document["Responses"]})
    ),
    _garbage(
        "another table's items",
        do.changed(
            lambda document, table: {
                **document,
                "Responses": {"other": document["Responses"][table]},
            }
        ),
    ),
    _garbage(
        "an item without its key",
        do.changed(lambda document, table: _found(document, table, [{"claims": {"M": {}}}])),
    ),
    _unprocessed(
        "another table's keys unprocessed",
        do.changed(lambda document, _: _left(document, {"other": {"Keys": [_STRANGER]}})),
    ),
    _garbage(
        "unprocessed without keys", do.changed(lambda document, table: _left(document, {table: {}}))
    ),
    _unprocessed(
        "a stranger unprocessed",
        do.changed(lambda document, table: _left(document, {table: {"Keys": [_STRANGER]}})),
    ),
    _unprocessed(
        "an item found and unprocessed",
        do.changed(
            lambda document, table: _left(
                document,
                {
                    table: {
                        "Keys": [
                            {name: document["Responses"][table][0][name] for name in ("pk", "sk")}
                        ]
                    }
                },
            )
        ),
    ),
)
UNPROCESSED = _unprocessed("all unprocessed", do.unprocessed(""))
USER_UNPROCESSED = _unprocessed("the user unprocessed", do.unprocessed("USER#"))

FAULTS = (*_NETWORK, *_ERRORS, *_UNREADABLE, *_CONTRADICTORY, UNPROCESSED, USER_UNPROCESSED)
BY_NAME = {fault.name: fault for fault in FAULTS}

"""Bad answers, for each of the judge's findings, from endpoints that are otherwise correct."""

import json
from typing import Any

from tests.endpoints import GOOD, JSON
from tests.judge.answers import ACTION, RESPONSE_DATA, body_with_actions, body_with_claims
from tests.simulated_services.server import Reply
from tests.simulated_services.simulated_service import Service, guarded

ALL_CONTRACT = tuple(f"CON{number:03}" for number in range(1, 10))
_CLAIMS = {"dateOfBirth": "2000-01-01", "customRoles": ["Writer"]}


def _bad(name: str, id_: str, code: int, reply: Reply, also: str = "") -> Service:
    """Every caller gets `reply`: each scenario fails, for the same reason."""
    found = ", ".join(
        [*(f"{each} fail" for each in ALL_CONTRACT), f"{id_} fail", *also.split(", ")]
    )
    return Service(
        name=name, found=found.removesuffix(", "), code=code, behaviour=guarded(lambda _: reply)
    )


def _body(name: str, id_: str, code: int, body: bytes | str, also: str = "") -> Service:
    raw = body if isinstance(body, bytes) else body.encode()
    return _bad(name, id_, code, Reply(body=raw), also)


def _warned(name: str, found: str, reply: Reply) -> Service:
    return Service(name=name, found=found, behaviour=guarded(lambda _: reply))


def _claims(name: str, id_: str, code: int, claims: Any, also: str = "") -> Service:
    return _body(name, id_, code, body_with_claims(claims), also)


def _enveloped(**changes: Any) -> str:
    return json.dumps({**json.loads(GOOD), **changes})


SERVICES: list[Service] = [
    _bad("204", "RSP001", 1003002, Reply(204, b"", {}), "RSP002 fail, RSP003 fail"),
    _bad("201", "RSP001", 1003002, Reply(201)),
    _bad("500 for everybody", "RSP001", 1003002, Reply(500, b'{"error": "oops"}')),
    _bad("429 for everybody", "RSP001", 1003002, Reply(429, b"{}")),
    _bad("text/plain", "RSP002", 1003006, Reply(headers={"content-type": "text/plain"})),
    _bad("no content type", "RSP002", 1003006, Reply(headers={})),
    _bad("html that is JSON", "RSP002", 1003006, Reply(headers={"content-type": "text/html"})),
    _bad("two content types", "RSP002", 1003006,
         Reply(headers={"content-type": "application/json", "Content-Type": "text/json"})),
    _body("an empty body", "RSP003", 1003009, ""),
    _body("null", "RSP003", 1003009, "null"),
    _body("not JSON", "RSP004", 1003003, "{'data': None}"),
    _body("a byte order mark", "RSP004", 1003003, b"\xef\xbb\xbf" + GOOD),
    _body("UTF-16", "RSP004", 1003003, GOOD.decode().encode("utf-16")),
    _body("cut off", "RSP004", 1003003, GOOD[:-9]),
    _body("no data", "RSP005", 1003003, json.dumps({"actions": []})),
    _body("the callout's type", "RSP005", 1003003,
          GOOD.replace(RESPONSE_DATA.encode(), b"microsoft.graph.onTokenIssuanceStartCalloutData")),
    _body("no action", "RSP006", 1003010, body_with_actions()),
    _body("an action for each claim", "RSP006", 1003010,
          body_with_actions(*({"@odata.type": ACTION, "claims": {name: value}}
                              for name, value in _CLAIMS.items()))),
    _body("another action", "RSP007", 1003012,
          body_with_claims(_CLAIMS, "microsoft.graph.tokenIssuanceStart.continue")),
    _warned("the action's older name", "RSP007 warn",
            Reply(body=body_with_claims(_CLAIMS, "microsoft.graph.provideClaimsForToken"))),
    _claims("claims null", "RSP008", 1003007, None),
    _claims("a claim without a name", "RSP009", 1003026, {"": "x"}),
    _claims("a number", "RSP010", 1003003, {"age": 7}),
    _claims("a boolean", "RSP010", 1003003, {"admin": True}),
    _warned("a claim null", "RSP010 warn", Reply(body=body_with_claims({"mail": None}))),
    _warned("a .NET type's name for a claim", "RSP021 warn",
            Reply(body=body_with_claims({"roles": "System.Object[]"}))),
    _claims("an object", "RSP010", 1003003, {"address": {"city": "Bonn"}}),
    _claims("a list in a list", "RSP010", 1003003, {"roles": [["Reader"]]}),
    _claims("claims too large", "RSP011", 1003025, {"groups": ["g" * 36] * 90}),
    _body("a proxy answer in the body", "RSP012", 1003003,
          json.dumps({"statusCode": 200, "body": GOOD.decode()})),
    _body("JSON of JSON", "RSP012", 1003003, json.dumps(GOOD.decode())),
    _body("apiSchemaVersion", "RSP014", 1003008, _enveloped(apiSchemaVersion="10-01-2021-preview")),
    _warned("a very large body", "RSP015 warn",
            Reply(body=_enveloped(debug="x" * 70_000).encode())),
    _warned("a key twice", "RSP013 warn",
            Reply(body=GOOD.replace(b'"claims":{', b'"claims":{"dateOfBirth":"1999-09-09",'))),
    _warned("nested very deep", "RSP017 warn",
            Reply(body=GOOD[:-1] + b',"x":' + b"[" * 70 + b"]" * 70 + b"}")),
    _warned("another charset", "RSP018 warn",
            Reply(headers={"content-type": "application/json; charset=iso-8859-1"})),
    _warned("half a character", "RSP019 warn",
            Reply(body=body_with_claims({"nick": "\ud83d"}))),
    _warned("good, in chunks", "",
            Reply(body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD),
                  headers={**JSON, "transfer-encoding": "chunked"})),
]  # fmt: skip

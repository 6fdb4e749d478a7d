"""Connections that break or stall, phase by phase, once HTTP has begun."""

from tests.endpoints import GOOD
from tests.simulated_services.server import Behaviour, Connection
from tests.simulated_services.simulated_service import SHORT_MS, Service

_OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
_WHOLE = _OK + b"content-length: %d\r\n\r\n" % len(GOOD)


def _says(
    *parts: bytes, hangs: bool = False, resets: bool = False, every: float = 0.0
) -> Behaviour:
    def talk(connection: Connection) -> None:
        connection.request()
        connection.send(*parts, every=every)
        if hangs:
            connection.hang()
        if resets:
            connection.reset()

    return talk


def _broken(name: str, code: int, behaviour: Behaviour, wait_ms: int = 2000) -> Service:
    return Service(name=name, found="HTTP001 fail", code=code, behaviour=behaviour, wait_ms=wait_ms)


def _late(name: str, behaviour: Behaviour) -> Service:
    return _broken(name, 1003005, behaviour, SHORT_MS)


SERVICES = [
    _late("takes the connection and is silent", Connection.hang),
    _late("hangs after the request", _says(hangs=True)),
    _late("hangs within the header", _says(_OK, hangs=True)),
    _late("hangs within the body", _says(_WHOLE + GOOD[:9], hangs=True)),
    _late("drips its header", _says(_OK, *[b"x-drip: 1\r\n"] * 99, every=0.02)),
    _late("drips its body", _says(_WHOLE, *[bytes([b]) for b in GOOD], every=0.02)),
    _broken("closes at once", 1003001, lambda _: None),
    _broken("resets at once", 1003001, Connection.reset),
    _broken("closes after the request", 1003001, _says()),
    _broken("closes within the header", 1003001, _says(_OK)),
    _broken("closes within the body", 1003001, _says(_WHOLE + GOOD[:9])),
    _broken("resets after the request", 1003001, _says(resets=True)),
    _broken("resets within the body", 1003001, _says(_WHOLE + GOOD[:9], resets=True)),
    _broken("speaks something else", 1003001, _says(b"220 mail.example.com ESMTP\r\n")),
    _broken("says a status that is none", 1003001, _says(b"HTTP/1.1 OK\r\n\r\n")),
    _broken("says any bytes", 1003001, _says(bytes(range(255, -1, -1)))),
    _broken("says a TLS alert", 1003001, _says(b"\x15\x03\x01\x00\x02\x02\x46")),
    _broken("does not end", 1003024, _says(_OK + b"\r\n", *[b" " * 65536] * 80)),
]

"""URL, name, connection and TLS: what precedes the first byte of HTTP."""

from tests.simulated_services import certificates
from tests.simulated_services.server import Connection, Reply, raw
from tests.simulated_services.simulated_service import SHORT_MS, Service, guarded

GOOD_SERVICE = guarded(lambda _: Reply())


def _case(name: str, found: str = "", code: int | None = None, **rest: object) -> Service:
    given: dict[str, object] = {"behaviour": GOOD_SERVICE, "tls": certificates.good, **rest}
    return Service(name=name, found=found, code=code, **given)  # type: ignore[arg-type]


def _says_http(connection: Connection) -> None:
    connection.sock.recv(65536)
    connection.send(raw(Reply(400, b"<h1>Bad request version</h1>", {"content-type": "text/html"})))


def _says_ssh(connection: Connection) -> None:
    connection.send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")
    connection.sock.recv(65536)


def _takes_hello_and_hangs(connection: Connection) -> None:
    connection.sock.recv(65536)
    connection.hang()


def _drips_a_hello(connection: Connection) -> None:
    connection.sock.recv(65536)
    connection.send(
        *[bytes([byte]) for byte in b"\x16\x03\x03\x40\x00" + b"\x02" * 200], every=0.02
    )


def _resets_at_hello(connection: Connection) -> None:
    connection.sock.recv(65536)
    connection.reset()


_URLS = [
    Service(name="user name in the URL", found="URL002 fail", code=1003020,
            behaviour=GOOD_SERVICE, url="{scheme}://user:secret@{host}/callout"),
    _case("user name in an https URL", "URL002 fail", 1003020, url="https://me:pw@{host}/callout"),
    _case("fragment", "URL003 fail", 1003020, url="https://{host}/callout#top"),
    _case("port 8443", "URL004 warn", url="https://{host}:8443/callout"),
    _case("an address", "URL005 fail", 1003014, host="8.8.8.8"),
    _case("an IPv6 address", "URL005 fail, DNS003 warn", 1003014, host="2606:4700::1111",
          url="https://[{host}]/callout", addresses=("2606:4700::1111",)),
    _case("a name without a domain", "URL005 fail", 1003014, host="claims-server"),
    _case("a placeholder in the path", "URL006 warn, HTTP001 fail", 1003002,
          url="https://{host}/api/{{functionName}}"),
    _case("an empty segment", "URL006 warn, HTTP001 fail", 1003002, url="https://{host}//callout"),
    _case("a function's key in the query", url="https://{host}/callout?code=s3cr3t&x"),
    _case("a name in another script", host="xn--bcher-kva.example.com",
          url="https://bücher.example.com/callout"),
]  # fmt: skip
_NAMES = [
    _case("a name that nobody knows", "DNS001 fail", 1003027, is_known=False),
    _case("a label too long", "DNS001 fail", 1003027, host="a" * 70 + ".example.org",
          is_known=False),
    _case("a private address", "DNS002 fail", 1003027, addresses=("10.1.2.3",)),
    _case("a public and a private one", "DNS002 fail", 1003027, addresses=("8.8.8.8", "127.0.0.5")),
    _case("shared address space", "DNS002 fail", 1003027, addresses=("100.64.0.1",)),
    _case("IPv6 only", "DNS003 warn", addresses=("2606:4700::1111",)),
    _case("an alias", alias="d-abc.execute-api.eu-central-1.amazonaws.com"),
    _case("nobody listens", "TCP001 fail", 1003027, behaviour=None),
    _case("one address of two is dead", "TCP001 warn", addresses=("8.8.4.4", "8.8.8.8"),
          dead=("8.8.4.4",)),
]  # fmt: skip
_CERTIFICATES = [
    _case("a whole chain"),
    _case("TLS 1.2 only", tls=certificates.tls_1_2),
    _case("a wildcard", tls=certificates.wildcard),
    _case("expired", "TLS004 fail, TLS001 fail", 1003027, tls=certificates.expired),
    _case("not yet valid", "TLS004 fail, TLS001 fail", 1003027, tls=certificates.not_yet_valid),
    _case("ends in three days", "TLS004 warn", tls=certificates.ending),
    _case("for another host", "TLS003 fail, TLS001 fail", 1003027,
          tls=certificates.for_another_host),
    _case("a wildcard too high", "TLS003 fail, TLS001 fail", 1003027,
          tls=certificates.wildcard_too_high),
    _case("without the intermediate", "TLS005 fail, TLS001 fail", 1003027,
          tls=certificates.without_intermediate),
    _case("self-signed", "TLS006 fail, TLS001 fail", 1003027, tls=certificates.self_signed),
    _case("a private authority, served along", "TLS006 fail, TLS001 fail", 1003027,
          tls=certificates.of_a_private_authority),
    _case("a private authority", "TLS005 fail, TLS001 fail", 1003027,
          tls=certificates.of_a_private_authority_alone),
    _case("a weak key", "TLS008 fail, TLS001 fail", 1003027, tls=certificates.weak_key),
    _case("TLS 1.1 only", "TLS002 fail, TLS001 fail", 1003027, tls=certificates.tls_1_1),
    _case("wants a client's certificate", "TLS001 fail", 1003027,
          tls=certificates.client_certificate),
    _case("wants one by TLS 1.3, after the handshake", "HTTP001 fail", 1003027,
          tls=certificates.client_certificate_by_tls_1_3),
]  # fmt: skip
_NO_TLS = [
    _case("http on the port of https", "TLS001 fail", 1003027, before_tls=_says_http),
    _case("SSH on the port of https", "TLS001 fail", 1003027, before_tls=_says_ssh),
    _case("accepts and is silent", "TLS001 fail", 1003005, before_tls=Connection.hang,
          wait_ms=SHORT_MS),
    _case("a handshake that hangs", "TLS001 fail", 1003005, before_tls=_takes_hello_and_hangs,
          wait_ms=SHORT_MS),
    _case("a handshake that drips", "TLS001 fail", 1003005, before_tls=_drips_a_hello,
          wait_ms=SHORT_MS),
    _case("closed at once", "TLS001 fail", 1003027, before_tls=lambda _: None),
    _case("reset at once", "TLS001 fail", 1003027, before_tls=Connection.reset),
    _case("reset in the handshake", "TLS001 fail", 1003027, before_tls=_resets_at_hello),
    _case("any bytes", "TLS001 fail", 1003027,
          before_tls=lambda connection: connection.send(bytes(range(256)))),
]  # fmt: skip
SERVICES = [*_URLS, *_NAMES, *_CERTIFICATES, *_NO_TLS]

"""A simulated internet: names resolve to public addresses, connections go to loopback ports."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PUBLIC = "8.8.8.8"
"""An address that is public; nobody is called there."""
LOOPBACK = "127.0.0.1"
_DEAD_PORT = 1


@dataclass(frozen=True, slots=True)
class Site:
    """What a name leads to."""

    port: int
    """Where it listens on loopback."""
    addresses: tuple[str, ...] = (PUBLIC,)
    dead: tuple[str, ...] = ()
    """Those of the addresses where nobody listens."""
    alias: str = ""


@dataclass(slots=True)
class Internet:
    """Replaces `socket.getaddrinfo`; names outside the simulation are resolved for real."""

    real: Callable[..., list[Any]]
    sites: dict[str, Site] = field(default_factory=dict)

    def __call__(self, host: str, port: int | None, *rest: Any, **options: Any) -> list[Any]:
        """As the resolver answers: the public addresses, or for a connection where they lead."""
        if host not in self.sites:
            if host.endswith(".example.com") or "." not in host:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return self.real(host, port, *rest, **options)
        site = self.sites[host]
        return [
            self._to_show(site, address) if port is None else self._to_connect(site, address)
            for address in site.addresses
        ]

    def _to_show(self, site: Site, address: str) -> tuple[Any, ...]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, site.alias, (address, 0))

    def _to_connect(self, site: Site, address: str) -> tuple[Any, ...]:
        port = _DEAD_PORT if address in site.dead else site.port
        return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (LOOPBACK, port))

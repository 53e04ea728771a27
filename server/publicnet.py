"""Connections to public addresses alone: a name is looked up once, checked, and just that address is connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError, ConnectTimeout

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Looks up the addresses of a host."""

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


class NotPublic(ConnectError):
    """The host has an address that is not public."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public Internet; for one that carries another inside, whether that one is."""
    if isinstance(address, IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(inner)
    return address.is_global and address in _GLOBAL_UNICAST and address.teredo is None


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host; those of a host that is an address are that address."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for _, _, _, _, address in found]


class PublicBackend(AsyncNetworkBackend):
    """The network for an HTTP client that must not reach what only this machine can reach.

    TLS goes on under the name: what is replaced by an address is the target of the connection alone.
    """

    def __init__(self, lookup: Resolve = resolve, network: AsyncNetworkBackend | None = None) -> None:
        """Take the parts.

        Args:
            lookup: how names are looked up.
            network: what connects to an address; the system's network unless given.
        """
        self._lookup = lookup
        self._network = AnyIOBackend() if network is None else network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to a host, all of whose addresses must be public.

        Raises:
            NotPublic: one of them is not.
            ConnectError: the host is not known, or none of them answers.
        """
        failure: Exception = ConnectError(f"{host} has no address.")
        for address in await self._checked(host, port):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (ConnectError, ConnectTimeout) as error:
                failure = error
        raise failure

    async def _checked(self, host: str, port: int) -> list[str]:
        try:
            addresses = await self._lookup(host, port)
        except (OSError, UnicodeError) as error:
            raise ConnectError(f"{host} is not known.") from error
        for address in addresses:
            if not is_public(ip_address(address)):
                raise NotPublic(f"{host} has the address {address}, which is not public.")
        return list(dict.fromkeys(addresses))

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._network.sleep(seconds)

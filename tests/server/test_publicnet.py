"""Row 31 of the fault table: nothing that is not public is connected to, whatever it is called."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address

import pytest
from httpcore2 import SOCKET_OPTION, AsyncConnectionPool, AsyncMockBackend, AsyncNetworkStream, ConnectError

from server.publicnet import NotPublic, PublicBackend, is_public, resolve

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808", "2002:808:808::1"]
PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


class Network(AsyncMockBackend):
    """Writes down what is connected to."""

    def __init__(self, deaf: Sequence[str] = ()) -> None:
        super().__init__([b"HTTP/1.1 204 No Content\r\n\r\n"])
        self.deaf = deaf
        self.reached: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        self.reached.append(host)
        if host in self.deaf:
            raise ConnectError("deaf")
        return await super().connect_tcp(host, port, timeout, local_address, socket_options)


class Names:
    """A name server: gives one list of addresses after the other."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_stands_for_one_of_them_is_not_connected_to(address: str) -> None:
    network = Network()
    with pytest.raises(NotPublic, match="which is not public"):
        await PublicBackend(Names([address]), network).connect_tcp("hooks.example.com", 80)
    assert network.reached == []


@pytest.mark.parametrize("addresses", [["8.8.8.8", "10.0.0.1"], ["::1", "8.8.8.8"], ["8.8.8.8", "::ffff:127.0.0.1"]])
async def test_a_name_with_public_and_other_addresses_is_not_connected_to(addresses: list[str]) -> None:
    network = Network()
    with pytest.raises(NotPublic):
        await PublicBackend(Names(addresses), network).connect_tcp("hooks.example.com", 80)
    assert network.reached == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.1", "0", "::1", "localhost", "10.0.0.1"],
)
async def test_odd_ways_to_write_an_address_are_looked_up_by_the_system_and_checked(host: str) -> None:
    network = Network()
    with pytest.raises(ConnectError):
        await PublicBackend(network=network).connect_tcp(host, 80)
    assert network.reached == []


async def test_a_name_that_changes_is_connected_to_where_it_was_checked() -> None:
    names, network = Names(["8.8.8.8"], ["127.0.0.1"]), Network()
    pool = AsyncConnectionPool(network_backend=PublicBackend(names, network))
    async with pool:
        response = await pool.request("POST", "http://hooks.example.com/")
    assert response.status == 204
    assert (names.asked, network.reached) == (["hooks.example.com"], ["8.8.8.8"])


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    network = Network(deaf=["8.8.8.8"])
    names = Names(["8.8.8.8", "8.8.8.8", "8.8.4.4"])
    stream = await PublicBackend(names, network).connect_tcp("hooks.example.com", 80)
    await stream.aclose()
    assert network.reached == ["8.8.8.8", "8.8.4.4"]


async def test_a_host_that_cannot_be_connected_to_says_so() -> None:
    with pytest.raises(ConnectError, match="deaf"):
        await PublicBackend(Names(["8.8.8.8"]), Network(deaf=["8.8.8.8"])).connect_tcp("hooks.example.com", 80)
    with pytest.raises(ConnectError, match="has no address"):
        await PublicBackend(Names([]), Network()).connect_tcp("hooks.example.com", 80)
    with pytest.raises(ConnectError, match="is not known"):
        await PublicBackend(network=Network()).connect_tcp("no.such.host.invalid", 80)
    with pytest.raises(ConnectError, match="is not known"):
        await PublicBackend(network=Network()).connect_tcp("x" * 64 + ".example", 80)


async def test_the_system_knows_an_address_as_itself() -> None:
    assert await resolve("127.0.0.1", 80) == ["127.0.0.1"]


async def test_it_waits_as_its_network_does() -> None:
    await PublicBackend(network=AsyncMockBackend([])).sleep(0)

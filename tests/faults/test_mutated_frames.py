"""Row 15: frames of both protocols with bytes changed, cut out and put in: the process lives, and others go on."""

import asyncio
import contextlib
import os
import random

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from crdt.encoding import write_bytes, write_string
from crdt.messages import AwarenessUpdate, QueryAwareness, SyncStep1, SyncStep2, Update
from tests.crdt.typist import Typist
from tests.interop.pycrdt_client import PycrdtClient
from tests.server_process import ServerProcess

CONNECTIONS = 1_200
FRAMES = 10
NOTE = "default/mutated"


def originals() -> list[bytes]:
    """Frames that clients send."""
    ann = Typist(1)
    typed, deleted = ann.type("hello 😀"), ann.delete(1, 2)
    awareness = b"\x01\x01\x01" + write_string('{"user":{"name":"Ann"}}')
    messages = (Update(typed), Update(deleted), SyncStep1(ann.doc.get_state()), SyncStep2(ann.state()))
    return [message.encode() for message in (*messages, AwarenessUpdate(awareness), QueryAwareness())]


def addressed(frame: bytes) -> bytes:
    """The same for a Hocuspocus client."""
    return write_string(NOTE) + frame


def mutated(frame: bytes, chance: random.Random) -> bytes:
    """Change a frame in one to four places."""
    data = bytearray(frame)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data[at:at] = chance.choice((b"\xff" * 5, b"\x00", b"\x80", chance.randbytes(3)))
            case 1:
                del data[at : at + chance.randint(1, 4)]
            case 2:
                data[at : at + 1] = bytes((chance.randrange(256),))
            case _:
                data[at:at] = data[at // 2 : at]
    return bytes(data)


async def attack(url: str, frames: list[bytes]) -> None:
    """Send frames until they are refused."""
    with contextlib.suppress(ConnectionClosed, OSError):
        async with connect(url, compression=None, max_size=None, close_timeout=1) as socket:
            for frame in frames:
                await socket.send(frame)
            await (await socket.ping())


async def test_changed_frames_leave_the_process_and_an_honest_client_alone() -> None:
    seed = int(os.environ.get("ROUTA_FUZZ_FIRST", random.SystemRandom().randrange(1 << 40)))
    print(f"ROUTA_FUZZ_FIRST={seed} repeats this run")
    chance = random.Random(seed)
    plain = originals()
    login = addressed(b"\x02\x00" + write_bytes(b"token"))
    with ServerProcess() as server:
        pid = server.server_pid
        async with PycrdtClient(server.ws_url, NOTE) as honest, PycrdtClient(server.ws_url, NOTE) as reader:
            for number in range(CONNECTIONS):
                frames = [mutated(chance.choice(plain), chance) for _ in range(FRAMES)]
                if number % 2:
                    await attack(f"{server.ws_url}/{NOTE}", frames)
                else:
                    mixed = [mutated(addressed(chance.choice(plain)), chance) for _ in range(3)]
                    await attack(f"ws://127.0.0.1:{server.port}/hocuspocus", [login, *map(addressed, frames), *mixed])
                if not number % 20:
                    await honest.insert(f"<{number}>")
            await asyncio.wait_for(reader.wait(lambda: f"<{CONNECTIONS - 20}>" in reader.text, 30), 40)
        assert server.running
        assert server.server_pid == pid
        assert "Traceback" not in server.stderr

"""The servers that are compared: how each is started, where its notes are, and what its acknowledgement is."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import HERE, program

PEERS = HERE / "peers"


@dataclass(frozen=True)
class Contestant:
    """A server as it is started for a measurement."""

    name: str
    command: Callable[[int, Path], Sequence[str]]
    """Given a port and a folder for data."""
    environment: Callable[[int, Path], Mapping[str, str]] = lambda _port, _folder: {}
    protocol: str = "y-websocket"
    path: str = "/{room}"
    document: str = "{room}"
    acknowledgement: str = "none"
    """How it says that an edit is stored: ``echo``, ``status``, or ``none``."""
    stores: bool = False
    """Whether a note is still there after a restart."""
    supervised: bool = False
    """Whether it starts itself again after a crash."""
    keeps: bool = True
    """Whether it holds the document, and does not only pass on what is typed."""
    ours: bool = False

    def room(self, name: str) -> dict[str, object]:
        """Give the generator's options for the notes ``name-0``, ``name-1`` and so on."""
        room = f"{name}-%d"
        return {
            "protocol": self.protocol,
            "path": self.path.format(room=room),
            "document": self.document.format(room=room),
        }


def _routa(port: int, folder: Path) -> list[str]:
    serve = [sys.executable, "-m", "server.cli", "serve", "--host", "127.0.0.1"]
    return [*serve, "--port", str(port), "--data-dir", str(folder)]


def _routa_environment(_port: int, _folder: Path) -> dict[str, str]:
    return {"ROUTA_AUTH": "off", "PYTHONPATH": str(HERE.parent), "PYTHONUNBUFFERED": "1"}


def _node(script: str) -> Callable[[int, Path], list[str]]:
    return lambda _port, _folder: ["node", str(PEERS / script)]


def _port_only(port: int, _folder: Path) -> dict[str, str]:
    return {"PORT": str(port)}


def _with(name: str, file: str) -> Callable[[int, Path], dict[str, str]]:
    return lambda port, folder: {"PORT": str(port), name: str(folder / file)}


def _pycrdt(_port: int, _folder: Path) -> list[str]:
    return [str(PEERS / ".venv" / "bin" / "python"), str(PEERS / "pycrdt_server.py")]


ROUTA = Contestant(
    "routa-notes, y-websocket",
    _routa,
    _routa_environment,
    path="/ws/default/{room}",
    acknowledgement="echo",
    stores=True,
    supervised=True,
    ours=True,
)
ROUTA_HOCUSPOCUS = Contestant(
    "routa-notes, Hocuspocus",
    _routa,
    _routa_environment,
    protocol="hocuspocus",
    path="/hocuspocus",
    document="default/{room}",
    acknowledgement="status",
    stores=True,
    supervised=True,
    ours=True,
)
HOCUSPOCUS = Contestant("Hocuspocus", _node("hocuspocus.mjs"), _port_only, protocol="hocuspocus", path="/")
HOCUSPOCUS_SQLITE = Contestant(
    "Hocuspocus, SQLite",
    _node("hocuspocus.mjs"),
    _with("SQLITE", "hocuspocus.db"),
    protocol="hocuspocus",
    path="/",
    stores=True,
)
Y_WEBSOCKET = Contestant("y-websocket-server", _node("y-websocket.mjs"), _port_only)
Y_WEBSOCKET_LEVEL = Contestant(
    "y-websocket-server, LevelDB", _node("y-websocket.mjs"), _with("LEVEL", "level"), stores=True
)
PYCRDT = Contestant("pycrdt-websocket", _pycrdt, _port_only)
PYCRDT_SQLITE = Contestant("pycrdt-websocket, SQLite", _pycrdt, _with("STORE", "pycrdt.db"), stores=True)
FLOOR = Contestant("C floor", lambda port, _folder: [str(program("floor")), str(port)], keeps=False)

ALL = (
    ROUTA,
    ROUTA_HOCUSPOCUS,
    HOCUSPOCUS,
    HOCUSPOCUS_SQLITE,
    Y_WEBSOCKET,
    Y_WEBSOCKET_LEVEL,
    PYCRDT,
    PYCRDT_SQLITE,
    FLOOR,
)

"""How much memory a connection and an open note take."""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench import Bench
from benchmarks.contestants import HOCUSPOCUS, HOCUSPOCUS_SQLITE, PYCRDT, ROUTA, ROUTA_HOCUSPOCUS, Y_WEBSOCKET
from benchmarks.load import Load
from benchmarks.notes import settle, vector_file
from benchmarks.serving import Server
from benchmarks.traces import note

EDITS = 200
"""Of a small note."""


def memory(bench: Bench) -> None:
    """Measure what memory grows by: for each idle connection to one note, and for each small note with one client."""
    count = 300 if bench.quick else 1000
    for contestant in bench.among((ROUTA, ROUTA_HOCUSPOCUS, HOCUSPOCUS, HOCUSPOCUS_SQLITE, Y_WEBSOCKET, PYCRDT)):
        with bench.server("memory", contestant) as server:
            if server is None:
                continue
            _grown(server, "warm", rooms=20, clients=5)
            idle = _grown(server, "idle", rooms=1, clients=count) / count
            one = _grown(server, "note", rooms=count, clients=1) / count
            bench.record(
                "memory",
                contestant.name,
                idle_connection_kib=round(idle / 1024, 1),
                open_note_kib=round((one - idle) / 1024, 1),
            )


def _grown(server: Server, room: str, rooms: int, clients: int) -> int:
    """Bytes that memory grows by while these clients are there; they leave before more come."""
    small = note(EDITS)
    with TemporaryDirectory() as folder:
        state = Path(folder, "state")
        state.write_bytes(small.state)
        options: dict[str, object] = {"state": state, "state_vector": vector_file(small, Path(folder))}
        options |= {"addresses": 10, "at_once": 1 if room == "warm" else 32, **server.target(room)}
        with Load("swarm", {**options, "rooms": 1, "clients": 1}) as first:
            first.wait_for("synced")
            settle(server)
            before = server.memory_bytes()
            with Load("swarm", {**options, "rooms": rooms, "clients": clients}) as load:
                load.wait_for("synced")
                settle(server)
                return server.memory_bytes() - before

"""People who type while others use the REST layer: the rows of ``benchmarks/rest``, on the cores of this suite."""

import asyncio
import statistics
import tempfile
from pathlib import Path

from benchmarks import rest
from benchmarks.bench import Bench
from benchmarks.contestants import ROUTA
from benchmarks.machine import cores, on_core
from tests.server_process import ServerProcess


def beside(bench: Bench) -> None:
    """Measure the delay of typing alone, and beside requests."""
    for contestant in bench.among((ROUTA,)):
        with tempfile.TemporaryDirectory(prefix="routa-rest-") as folder:
            with on_core(cores()[0]):
                server = ServerProcess(data_dir=Path(folder))
                server.start()
            try:
                with on_core(cores()[1]):
                    alone, together, reached = asyncio.run(_typing(server))
            finally:
                server.kill9()
        bench.record(
            "beside",
            contestant.name,
            alone_p50=round(statistics.median(alone), 2),
            alone_p99=round(alone[int(0.99 * len(alone))], 2),
            beside_p50=round(statistics.median(together), 2),
            beside_p99=round(together[int(0.99 * len(together))], 2),
            requests=round(reached),
        )


async def _typing(server: ServerProcess) -> tuple[list[float], list[float], float]:
    ids = await rest.fill(server.url)
    one, many = f"/api/tasks/{ids[0]}", f"/api/tasks?workspaceId=default&limit={rest.TASKS}"
    alone = await rest.typing(server)
    async with rest.load(server.port, [one] * 4 + [many]) as answered:
        clock = asyncio.get_running_loop().time
        started = clock()
        together = await rest.typing(server)
        return alone, together, answered[0] / (clock() - started)

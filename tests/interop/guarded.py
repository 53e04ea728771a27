"""Servers that ask for tokens, the tokens for them, and people with any of the providers."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from server.access import Access, Grant
from server.auth.tokens import Issued, Tokens
from tests.interop.database import Store
from tests.interop.javascript import HocuspocusClient, JavaScriptClient
from tests.interop.node import NodeProcess
from tests.server_process import PROJECT, ServerProcess

HOCUSPOCUS = ("hocuspocus 2", "hocuspocus 3", "hocuspocus 4")
Y_WEBSOCKET = ("y-websocket 1.5", "y-websocket 3")
EVERY_PROVIDER = (*HOCUSPOCUS, *Y_WEBSOCKET)

SECRET = "6f1c0b8e2d9a47358b7e90c4d5f2a1637788"


def guarded_server(store: Store, seed: dict[str, str] | None = None) -> ServerProcess:
    """A server on a store that asks for tokens, and takes them at their word to the second."""
    asks = {"ROUTA_AUTH": "on", "ROUTA_AUTH_SECRET": SECRET, "ROUTA_AUTH_LEEWAY_SECONDS": "0"}
    return ServerProcess(store.environment | asks | (seed or {}), data_dir=store.data_dir)


def made(access: Access, note: str | None = None, *, seconds: int | None = None, workspace: str = "default") -> Issued:
    """A token for a note, or for a workspace."""
    now = time.time()
    grants = [Grant(workspace, access, note)]
    return Tokens(SECRET).make(grants, now, None if seconds is None else int(now) + seconds)


def token(access: Access, note: str | None = None, *, seconds: int | None = None, workspace: str = "default") -> str:
    """The text of such a token."""
    return made(access, note, seconds=seconds, workspace=workspace).token


def person(
    node: NodeProcess, server: ServerProcess, provider: str, room: str, *, synced: bool = True, **options: Any
) -> JavaScriptClient:
    """Somebody with a provider, such as ``hocuspocus 4``."""
    kind, _, version = provider.partition(" ")
    if kind == "hocuspocus":
        return HocuspocusClient(node, server.hocuspocus_url, room, version=version, synced=synced, **options)
    return JavaScriptClient(node, server.ws_url, room, version=version, synced=synced, **options)


@contextlib.asynccontextmanager
async def people(
    node: NodeProcess, server: ServerProcess, room: str, providers: Sequence[str] = EVERY_PROVIDER, **options: Any
) -> AsyncIterator[list[JavaScriptClient]]:
    """One person a provider in a note, all of them synced."""
    async with contextlib.AsyncExitStack() as stack:
        everybody = [person(node, server, provider, room, **options) for provider in providers]
        yield await asyncio.gather(*(stack.enter_async_context(one) for one in everybody))


async def all_see(everybody: Sequence[JavaScriptClient], text: str) -> None:
    """Wait until all have a text, and all that they wrote is saved."""
    await asyncio.gather(*(one.wait(text=text, saved=True) for one in everybody))


async def routa_notes(server: ServerProcess, *arguments: str) -> str:
    """Run a command beside a server, with its settings; what it prints."""
    folder = [] if server.data_dir is None else ["--data-dir", str(server.data_dir)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server.cli",
        *arguments,
        *folder,
        env=os.environ | {"PYTHONPATH": str(PROJECT)} | server.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode().strip()

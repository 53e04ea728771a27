"""The system's Chromium, as the tests, the screenshots and the benchmark start it."""

import contextlib
from collections.abc import AsyncIterator

from playwright.async_api import Browser, async_playwright

PATIENCE = 30_000
"""Milliseconds that a page may take for one thing on a busy machine."""
FLAGS = (
    "--no-sandbox",  # root has none, and a container may forbid it
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@contextlib.asynccontextmanager
async def chromium(program: str, *flags: str) -> AsyncIterator[Browser]:
    """Start it without a screen until the end of the block; each use has an empty profile of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags], headless=True)
        try:
            yield browser
        finally:
            await browser.close()

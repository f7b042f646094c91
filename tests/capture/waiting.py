"""Waiting for what other tasks and processes do."""

import asyncio
from collections.abc import Callable

ENOUGH_S = 20.0


async def until(held: Callable[[], bool], within_s: float = ENOUGH_S) -> None:
    """Wait until something holds; fails when it does not in time."""
    async with asyncio.timeout(within_s):
        while not held():  # noqa: ASYNC110 - what is waited for happens elsewhere and tells nobody
            await asyncio.sleep(0.01)

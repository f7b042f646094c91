"""Threads that only noes use: a no waits for the disk, and never behind whatever else waits for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

AT_ONCE = 32
P = ParamSpec("P")
T = TypeVar("T")


class Noes:
    """Where a person's no is carried out."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "noes")

    async def run(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `asyncio.to_thread`, however busy its threads are."""
        work = partial(copy_context().run, act, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Wait for those that were said, and end the threads."""
        self._threads.shutdown()

"""The app on a real socket, in a thread with an event loop of its own: for clients that are not asynchronous."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI

T = TypeVar("T")
PATIENCE_S = 30


@dataclass(frozen=True)
class Service:
    """An app that is served, and the event loop in which everything of it happens."""

    address: str
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_S)


@contextmanager
def at_work(app: FastAPI) -> Iterator[Service]:
    """The app, as long as it serves."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="websockets-sansio")
    server = uvicorn.Server(config)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve([listener]),), daemon=True)
    thread.start()
    try:
        # The socket listens already: who connects before the server runs waits in its queue.
        yield Service(f"http://127.0.0.1:{listener.getsockname()[1]}", loop)
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        loop.close()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """`http://127.0.0.1:<port>`, as long as it serves."""
    with at_work(app) as service:
        yield service.address

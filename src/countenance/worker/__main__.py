"""`python -m countenance.worker DESCRIPTOR RECIPES`: started by the control plane, with a socket and JSON."""

import asyncio
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

from pydantic import TypeAdapter

from countenance.link.frames import LONGEST
from countenance.link.logs import take_up
from countenance.worker.parts import Recipe
from countenance.worker.process import Worker

RECIPES = TypeAdapter(dict[str, Recipe])


async def main(descriptor: int, recipes: str) -> None:
    """Serve until the control plane closes the socket."""
    # A worker is for one core: threads that read at once would only take the interpreter from each other.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1, "reading"))
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor), limit=LONGEST)
    await Worker(reader, writer, RECIPES.validate_json(recipes)).run()


if __name__ == "__main__":
    # The control plane drains: it says when a call ends, and closes the line when all have.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    take_up(os.environ)
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))

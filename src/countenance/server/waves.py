"""The waves of recordings that the operator keeps, each worked out once; they are kept in memory alone."""

import asyncio
import json
from collections import OrderedDict
from pathlib import Path

from pydantic import TypeAdapter

from countenance.contracts.waves import Wave
from countenance.server.apart import Apart

MOST = 64
NOTHING = Wave(0, ())
"""Of a recording whose sound cannot be drawn."""

WAVE = TypeAdapter(Wave)

_Key = tuple[str, int, int]


class Waves:
    """The last few waves, by file, size and time of change."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, asyncio.Task[Wave]] = OrderedDict()
        self._apart = Apart(1)

    async def of(self, path: Path) -> Wave:
        """The wave of a recording; who asks while it is worked out waits for the same one."""
        state = await asyncio.to_thread(path.stat)
        key = (str(path), state.st_size, state.st_mtime_ns)
        if key not in self._known:
            self._known[key] = asyncio.create_task(self._drawn(path))
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        task = self._known[key]
        try:
            return await asyncio.shield(task)
        finally:
            if task.done() and (task.cancelled() or task.exception() is not None):
                self._known.pop(key, None)  # it may go better the next time

    async def _drawn(self, path: Path) -> Wave:
        told = json.loads(await self._apart.done("countenance.capture.waves", str(path)))
        return NOTHING if "refused" in told else WAVE.validate_python(told)

"""Work that has no place in the service's own process, done in a short-lived one: decoding a recording, setting a page.

The child sees our libraries, one thread, and nothing else of our environment; it caps itself before it begins.
"""

import asyncio
import os
import sys

from countenance.contracts.errors import OverloadError

WALL_S = 180.0
AGAIN = "Try again; where it stays so, tell the operator."


class Apart:
    """Room for so many children at once; what is more waits."""

    def __init__(self, at_once: int = 2) -> None:
        self._room = asyncio.Semaphore(at_once)

    async def done(self, module: str, *words: str, given: bytes = b"", wall_s: float = WALL_S) -> bytes:
        """What `python -m module words` writes when given this; raises OverloadError where nothing comes of it."""
        async with self._room:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", module, *words),
                env=_environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                async with asyncio.timeout(wall_s):
                    out, complaint = await child.communicate(given)
            except TimeoutError as late:
                raise OverloadError(f"{module} took more than {wall_s:g} s", AGAIN) from late
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        if child.returncode != 0:
            last = (complaint.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
            raise OverloadError(f"{module} ended with {child.returncode} ({last[:300]})", AGAIN)
        return out


def _environment() -> dict[str, str]:
    ours = {"PYTHONPATH": os.pathsep.join(one for one in sys.path if one), "OMP_NUM_THREADS": "1"}
    return ours | {"OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}

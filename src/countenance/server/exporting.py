"""The log of a tenant as files that the service itself keeps up to date: what a restored backup catches up by."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from countenance.audit.export import alone, export
from countenance.audit.log import Log
from countenance.audit.witnessing import Witnesses
from countenance.contracts.errors import CountenanceError
from countenance.link.logs import extra

AGAIN_S = 60.0
"""After an export that failed."""

log = logging.getLogger("countenance.server")


@dataclass(frozen=True, slots=True)
class Exporting:
    """Where the log of one tenant is exported to, and the wish that it be done now."""

    tenant: str
    log: Log
    folder: Path
    done: Callable[[str], None]
    """Told of the tenant whenever its export is whole."""
    witnesses: Witnesses | None = None
    """Who is asked to cosign it."""
    wanted: asyncio.Event = field(default_factory=asyncio.Event)

    async def regularly(self, each_s: float) -> None:
        """At once, then every so often and whenever it is wanted; one that fails is said, and tried again."""
        while True:
            self.wanted.clear()
            wait_s = each_s if await self.once() else min(each_s, AGAIN_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self.wanted.wait()

    async def once(self) -> bool:
        """Bring the files up to the log; False where that failed."""
        cosign = alone if self.witnesses is None else self.witnesses.cosign
        try:
            size = await asyncio.to_thread(export, self.log, self.folder, cosign=cosign)
            if self.witnesses is not None:
                self.witnesses.check()
        except CountenanceError as fault:
            log.error("the log cannot be exported", exc_info=fault, extra=extra(tenant=self.tenant))
            return False
        if self.witnesses is not None and (silent := len(self.witnesses.refusals)):
            log.warning("witnesses did not cosign the log", extra=extra(tenant=self.tenant, count=silent))
        log.debug("the log is exported", extra=extra(tenant=self.tenant, count=size))
        self.done(self.tenant)
        return True

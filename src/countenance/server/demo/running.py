"""Serving the demo: a service of its own with the drawn people on it, once for a machine or until it is left."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from countenance.contracts.errors import UsageError
from countenance.server.config import Config
from countenance.server.demo.clips import Clip, clip_of
from countenance.server.demo.company import FACTS, Company, Told
from countenance.server.demo.page import install
from countenance.server.serving import serve
from countenance.server.tenancy import Site
from countenance.testing.sample_call.make import SampleCall
from countenance.testing.sample_call.script import Script

TERMS = {
    "controllers": ["Larkfield support (a demo on this machine)"],
    "contact": "nobody@localhost",
    "storage_locations": ["this machine"],
    "retention_url": "http://localhost/privacy/retention",
}
MS_US = 1000


class Demo:
    """What goes on beside the service."""

    def __init__(self, script: Script, clips: Mapping[str, Clip], told: Told) -> None:
        self._script = script
        self._clips = clips
        self._told = told
        self._app: FastAPI | None = None
        self.until_ms: int | None = None
        """Play so far, check, and end; None: go on."""
        self.opened: Callable[[str], None] = lambda _url: None
        """Told where the page of the demo is, once it is there."""
        self.problems: list[str] = []
        self.company: Company | None = None
        """Once the call has begun."""
        self._leave: Callable[[], object] = lambda: None

    def leave(self) -> None:
        """End it, from any thread; nothing where it has ended by itself."""
        with suppress(RuntimeError):
            self._leave()

    def install(self, app: FastAPI) -> None:
        """The page of the demo comes with its call."""
        self._app = app

    async def run(self, site: Site, url: str) -> None:
        """Play."""
        if self._app is None:
            raise UsageError("the demo has no service", "Give it to `serve`.")
        company = self.company = Company(site, url, self._script, self._clips)
        install(self._app, company)
        work = asyncio.current_task()
        if work is not None:
            self._leave = partial(asyncio.get_running_loop().call_soon_threadsafe, work.cancel)

        def begun() -> None:
            self._told(f"Open {url}/demo")
            self.opened(f"{url}/demo")

        self.problems = await company.play(self._told, begun, self.until_ms)


def clips_of(sample: SampleCall) -> Mapping[str, Clip]:
    """What the people of the sample call send."""
    length_us = sample.script.length * MS_US
    return {name: clip_of(path, length_us) for name, path in sample.media.items()}


def config_of(script: Script, folder: Path, host: str, port: int) -> Config:
    """Embedded defaults: one worker, SQLite and the keys in a folder that is new each time."""
    return Config.model_validate(
        {
            "server": {"host": host, "port": port, "drain_seconds": 10},
            "data": {"folder": folder / time.strftime("%Y%m%d-%H%M%S", time.gmtime())},
            "workers": {"count": 1},
            "deployment": {
                "id": script.deployment_id,
                "purpose": script.purpose,
                "jurisdictions": list(script.jurisdictions),
                "facts": FACTS,
                "terms": TERMS,
                "coaching": {"playbook": "sales.v1", "limits": {"holdout_percent": 0}},
            },
        }
    )


def run(config: Config, demo: Demo, told: Told) -> bool:
    """Serve until it is over or told to stop; True when everything was brought to its end."""
    return asyncio.run(serve(config, told, beside=demo))

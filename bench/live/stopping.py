"""Opt-out at the media: when does the worker decode for the last time, and run a model for the last time, after a no.

    python -m bench.live.stopping [--stops 200] [--people 4] [--clips DIR] [--save]

People publish by WHIP from this process, over real sockets, and go on sending whatever they answer: the recordings of
`--clips` (as `bench.live.load` makes them), or a bar that moves and a tone. Each says yes, is read, and stops with
`DELETE .../consent` at a random moment; the worker notes every frame it decodes and every model it runs
(`bench/live/noting.py`). A frame or a model call that begins after the answer to the DELETE is a miss.
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from unittest.mock import patch

import httpx
import numpy as np

from bench.faults.outcome import Outcome
from bench.live.noting import DECODED, MODEL
from bench.live.publishing import media_of, publish
from bench.live.site import TERMS
from countenance.server import plane
from countenance.server.app import create_app
from countenance.server.config import Config
from countenance.server.keys import NewKey
from countenance.server.opening import opened
from countenance.server.process import RECIPES, environment_of
from countenance.server.tenancy import Site
from countenance.storage.clocks import SystemClock
from countenance.worker.parts import Recipe

RESULTS = Path(__file__).parent / "results"
READ = ("face", "voice")
QUIET_S = 0.7
"""How long is watched after an answer."""
BEGIN_S = 15.0
"""How long it may take until somebody who said yes is read."""


@dataclass(slots=True)
class Found:
    """What came of the stops, in microseconds from the DELETE."""

    answered: list[int] = field(default_factory=list)
    decoded: list[int] = field(default_factory=list)
    model: list[int] = field(default_factory=list)
    after: int = 0
    """Frames decoded after the answer."""
    misses: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Notes:
    """What the workers have noted so far."""

    path: Path

    def of(self, whose: str, what: str) -> list[int]:
        """When, in order."""
        lines = self.path.read_text("ascii").splitlines() if self.path.exists() else []
        split = (line.split(" ", 2) for line in lines if line.count(" ") == 2)
        return sorted(int(at) for at, kind, who in split if kind == what and who == whose)


async def run(stops: int, people: int, clips: Sequence[Path] = (), seed: int = 1) -> Outcome:
    """The whole service, and people who change their minds."""
    found = Found()
    with tempfile.TemporaryDirectory() as folder:
        notes, config = Notes(Path(folder) / "notes"), _config(folder, people)
        site = Site.of(config, SystemClock())
        app = create_app(site)
        media = media_of(clips)
        async with AsyncExitStack() as stack:
            stack.enter_context(patch.object(plane, "spawn", partial(_spawn, notes=notes.path)))
            await stack.enter_async_context(opened(site, plane.of_workers))
            key, _ = site.keys.make(NewKey("local", "bench"))
            transport, shown = httpx.ASGITransport(app), {"Authorization": f"Bearer {key}"}
            async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=shown) as client:
                who = [{"name": f"P{n}", "role": "customer", "person": f"p-{n}"} for n in range(people)]
                call = (await client.post("/v1/calls", json={"participants": who}, timeout=60)).json()
                base = f"/v1/calls/{call['call_id']}/participants"
                seats = [f"{base}/{one['participant_id']}" for one in call["participants"]]
                peers = [await publish(client, seat, media[n % len(media)]) for n, seat in enumerate(seats)]
                shares = [stops // people + (n < stops % people) for n in range(people)]
                randoms = [Random(seed * 1_000 + n) for n in range(people)]
                persons = [_person(client, seat, notes, found) for seat in seats]
                await asyncio.gather(*(one.stop(k, r) for one, k, r in zip(persons, shares, randoms, strict=True)))
                await asyncio.gather(*(peer.close() for peer in peers))
                await client.post(f"/v1/calls/{call['call_id']}/end", timeout=60)
                report = (await client.post("/v1/audit/verify", timeout=600)).json()
    if not report["holds"]:
        found.misses.append(f"the log does not hold: {report['findings'][:3]}")
    command = f"python -m bench.live.stopping --stops {stops} --people {people}"
    return Outcome("stopping", "issue 5", command, _figures(found), found.misses)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who says yes and no."""

    client: httpx.AsyncClient
    seat: str
    notes: Notes
    found: Found

    async def stop(self, times: int, random: Random) -> None:
        """Say yes, be read, and stop, so many times."""
        for _ in range(times):
            began_us = await self._agree()
            if not await self._is_read(began_us):
                self.found.misses.append("somebody who said yes was not read")
                continue
            await asyncio.sleep(random.uniform(0.1, 1.3))
            asked_us = SystemClock().mono_us()
            answer = await self.client.delete(f"{self.seat}/consent", timeout=60)
            answered_us = SystemClock().mono_us()
            if answer.status_code != 200:
                self.found.misses.append(f"DELETE was answered {answer.status_code}")
            await asyncio.sleep(QUIET_S)
            self._look(began_us, asked_us, answered_us)

    async def _agree(self) -> int:
        at_us = SystemClock().mono_us()
        notice = (await self.client.get(f"{self.seat}/notice?own_wish=true", timeout=60)).json()
        said = {"status": "given", "notice_sha256": notice["text_sha256"], "own_wish": True}
        for modality in READ:
            answer = await self.client.post(f"{self.seat}/consent", json={**said, "modality": modality}, timeout=60)
            if answer.status_code != 201:
                self.found.misses.append(f"a yes was answered {answer.status_code}: {answer.text}")
        return at_us

    async def _is_read(self, since_us: int) -> bool:
        for _ in range(int(BEGIN_S / 0.1)):
            found = [self.notes.of(self._whose("face"), MODEL), self.notes.of(self._whose("voice"), DECODED)]
            if all(any(at > since_us for at in one) for one in found):
                return True
            await asyncio.sleep(0.1)
        return False

    def _look(self, began_us: int, asked_us: int, answered_us: int) -> None:
        self.found.answered.append(answered_us - asked_us)
        for modality in READ:
            decoded = [at for at in self.notes.of(self._whose(modality), DECODED) if at > began_us]
            model = [at for at in self.notes.of(self._whose(modality), MODEL) if at > began_us]
            late = len(decoded) - bisect_right(decoded, answered_us)
            self.found.after += late
            if late:
                self.found.misses.append(f"{modality}: {late} frames decoded after the answer")
            if model and model[-1] > answered_us:
                self.found.misses.append(f"{modality}: a model ran {model[-1] - answered_us} us after the answer")
            self.found.decoded.append(max(0, (decoded or [asked_us])[-1] - asked_us))
            self.found.model.append(max(0, (model or [asked_us])[-1] - asked_us))

    def _whose(self, modality: str) -> str:
        return f"{self.seat.rpartition('/')[2]}/{modality}"


def _person(client: httpx.AsyncClient, seat: str, notes: Notes, found: Found) -> Person:
    return Person(client, seat, notes, found)


async def _spawn(
    recipes: Mapping[str, Recipe], descriptor: int, secrets: Mapping[str, str] | None = None, *, notes: Path
) -> asyncio.subprocess.Process:
    told = RECIPES.dump_json(dict(recipes)).decode()
    command = (sys.executable, "-m", "bench.live.noting", str(descriptor), told, str(notes))
    environment = environment_of(os.environ, secrets or {})
    return await asyncio.create_subprocess_exec(
        *command,
        pass_fds=(descriptor,),
        stdin=asyncio.subprocess.DEVNULL,
        env=environment,
    )


def _config(folder: str, people: int) -> Config:
    deployed = {"purpose": "sales_coaching", "jurisdictions": ["UK"], "terms": TERMS.model_dump()}
    facts = {"minor": "adult", "relation": "other_organisation"}
    deployed |= {"facts": facts, "taxonomies": ["engagement.v1"]}
    rates = ("requests_per_second", "requests_at_once", "address_per_second", "address_at_once")
    limits = dict.fromkeys(rates, 10**9) | {"participants": max(people, 2)}
    return Config.model_validate(
        {"data": {"folder": folder}, "deployment": deployed, "limits": limits, "workers": {"count": 1}}
    )


def _figures(found: Found) -> dict[str, int | float | str]:
    def spread(values: Sequence[int]) -> str:
        if not values:
            return "none"
        p50, p99 = np.percentile(np.array(values) / 1000, [50, 99])
        return f"p50 {p50:.1f} p99 {p99:.1f} max {max(values) / 1000:.1f} ms"

    return {
        "stops": len(found.answered),
        "answer": spread(found.answered),
        "last decoded frame": spread(found.decoded),
        "last model call": spread(found.model),
        "frames decoded after the answer": found.after,
    }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stops", type=int, default=200)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    clips = sorted(asked.clips.glob("*-180p-*s.webm")) if asked.clips else ()
    outcome = asyncio.run(run(asked.stops, asked.people, clips))
    if asked.save:
        outcome.save(RESULTS)
    sys.exit(outcome.conclude(save=False))


if __name__ == "__main__":
    main()

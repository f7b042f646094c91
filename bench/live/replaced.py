"""A worker is killed: how soon another has its calls, and how soon the people on them are read again.

    python -m bench.live.replaced [--tap file|whip] [--kills 20] [--people 4] [--after SECONDS] [--clips DIR] [--save]

Two workers and a spare, calls of two people on both workers. `--tap file` plays recordings; `--tap whip` has people
publish from this process, who publish anew when they are told that their media are lost (`media.lost.v1`), as the
browser SDK does. In each round one worker is killed at a random moment of a window. Printed, from the kill: until every
call has another worker, until each call is told of a window that ends after the kill, and until each person's face,
voice or words are read in one. A second of a call on the other worker that nobody was told of is a miss, as are a
window told twice, a call given up, and a log that does not hold. `--after`: the calls are that old already.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from aiortc import RTCPeerConnection

from bench.faults.outcome import Figure, Outcome
from bench.live.media import make_clips
from bench.live.publishing import Media, media_of, publish_by
from bench.live.site import SIGNED, Site, site
from countenance.audit.export import StoredLog
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.call import FACE, TEXT, VOICE, Role
from countenance.contracts.media import SECOND_US
from countenance.contracts.trust import ConsentStatus
from countenance.server.live import LIVE, Joining, LiveCall, NewCall
from countenance.surface.envelope import MEDIA_LOST, SAMPLE

RESULTS = Path(__file__).parent / "results"
READ = (FACE, VOICE, TEXT)
NAMES = ("Ana", "Ben")
CLIP_S = 46
NEVER_S = 60.0
"""How long anything may take before it counts as never."""


@dataclass(slots=True)
class Found:
    """What came of the kills, in seconds from each."""

    replaced: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)
    spare_mib: float = 0.0
    misses: list[str] = field(default_factory=list)


class Followed:
    """One call, what is told of it, and its people, who publish where that is how their media come."""

    def __init__(self, here: Site, live: LiveCall, media: Sequence[Media], misses: list[str]) -> None:
        self.live = live
        self.read_s: dict[str, float] = {}
        """When each person was read again."""
        self.told_s = 0.0
        self.untold = 0
        """Seconds of one person that nobody was told of."""
        self._here, self._media, self._misses = here, media, misses
        self._killed_us = 0
        self._ends: dict[str, int] = {}
        self._peers: dict[str, RTCPeerConnection] = {}
        self._following = asyncio.create_task(self._follow())

    async def begin(self) -> None:
        """Everybody publishes, and says yes."""
        for one in self.live.call.participants:
            await self._publish(one.id)
            await self._here.calls.show(self.live.id, one.id, own_wish=True)
            for modality in READ:
                await self._here.calls.answer(self.live.id, one.id, modality, ConsentStatus.GIVEN, SIGNED)

    def killed(self) -> None:
        """Wait for news from here on."""
        self._killed_us = self.live.now_us(self._here.tenant.clock.mono_us())
        self.told_s, self.untold = 0.0, 0
        self.read_s.clear()

    async def close(self) -> None:
        """End it."""
        self._following.cancel()
        await asyncio.gather(self._following, *(peer.close() for peer in self._peers.values()), return_exceptions=True)
        await self._here.calls.end(self.live.id)

    async def _publish(self, who: str) -> None:
        if not self._media:
            return
        if (broken := self._peers.pop(who, None)) is not None:
            await broken.close()

        async def offer(sdp: str) -> str:
            table = {"participant_id": who, "sdp": sdp}
            return str((await self._here.calls.signal(self.live.id, "offer", table))["sdp"])

        self._peers[who] = await publish_by(offer, self._media[len(self._peers) % len(self._media)])

    async def _follow(self) -> None:
        async with asyncio.TaskGroup() as publishing:
            async for envelope in self.live.stream.follow():
                data: Any = envelope["data"]
                if envelope["type"] == MEDIA_LOST:
                    publishing.create_task(self._publish(data["participant_id"]))
                elif envelope["type"] == SAMPLE and "seq" in data["audit"]:
                    self._heard(data)

    def _heard(self, data: Mapping[str, Any]) -> None:
        who, window = data["subject"]["participant_id"], data["window"]
        before = self._ends.get(who, window["start_us"])
        if window["start_us"] < before:
            self._misses.append(f"the window at {window['start_us']} us is told twice")
        self.untold += (window["start_us"] - before) // SECOND_US
        self._ends[who] = window["end_us"]
        if window["end_us"] > self._killed_us:
            self.told_s = self.told_s or time.monotonic()
            if any(data["modalities"].get(name, {}).get("used") for name in READ):
                self.read_s.setdefault(who, time.monotonic())


class Rounds:
    """Kill after kill, each with calls of its own."""

    def __init__(self, here: Site, source: Mapping[str, Any], media: Sequence[Media], seed: int) -> None:
        """`source`: of every call; `media`: what is published, where it comes by WHIP."""
        self._here, self._source, self._media = here, source, media
        self._random = Random(seed)
        self.found = Found()

    async def run(self, kills: int, people: int, old_s: int) -> Found:
        """So many, with calls that are so old."""
        for _ in range(kills):
            if not await _until(lambda: bool(self._here.pool.waiting)):
                self._miss("no spare came")
                break
            calls = [await self._begin(number, old_s) for number in range(max(2, people // 2))]
            try:
                await asyncio.gather(*(call.begin() for call in calls))
                await self._round(calls)
            finally:
                await asyncio.gather(*(call.close() for call in calls))
        return self.found

    async def _begin(self, number: int, old_s: int) -> Followed:
        who = tuple(Joining(name, Role.CUSTOMER, f"{name}-{number}") for name in NAMES)
        began_us = self._here.tenant.clock.mono_us() - old_s * SECOND_US
        live = await self._here.calls.open(NewCall(source=self._source, participants=who))
        if old_s:
            live.began_us = began_us
        return Followed(self._here, live, self._media, self.found.misses)

    async def _round(self, calls: Sequence[Followed]) -> None:
        if not await _until(lambda: all(len(call.read_s) == len(NAMES) for call in calls)):
            self._miss("somebody who said yes was not read")
            return
        self.found.spare_mib = max((one.load.rss_bytes / 2**20 for one in self._here.pool.waiting), default=0.0)
        await asyncio.sleep(self._random.random())
        dead = self._random.choice(calls).live.worker
        assert dead is not None
        hit = [call for call in calls if call.live.worker is dead]
        for call in calls:
            call.killed()
        began_s = time.monotonic()
        dead.process.kill()
        if await _until(lambda: all(call.live.worker not in (None, dead) for call in hit), 0.001):
            self.found.replaced.append(time.monotonic() - began_s)
        if not await _until(lambda: all(len(call.read_s) == len(NAMES) for call in calls)):
            self._miss("somebody is not read again")
        self.found.told += [call.told_s - began_s for call in hit if call.told_s]
        self.found.read += [at - began_s for call in hit for at in call.read_s.values()]
        for call in calls:
            if call.live.problem or call.live.state != LIVE:
                self._miss("a call was given up")
            if call not in hit and call.untold:
                self._miss(f"a call on the other worker was not told of {call.untold} seconds")

    def _miss(self, what: str) -> None:
        self.found.misses.append(what)


async def run(
    tap: str, source: Mapping[str, Any], clips: Sequence[Path], kills: int, people: int, old_s: int = 0, seed: int = 1
) -> Outcome:
    """Workers killed one after another; `source`: of the calls, `clips`: what is published where that is WHIP."""
    media = media_of(clips) if tap == "whip" else ()
    with tempfile.TemporaryDirectory() as folder:
        async with site(Path(folder), workers=2, spares=1, fps=5) as here:
            found = await Rounds(here, source, media, seed).run(kills, people, old_s)
            policy = Policy.trusting(here.tenant.log.key.verifier)
            report = await asyncio.to_thread(verify, StoredLog(here.tenant.log), policy, completeness=True)
    found.misses += [f"the log does not hold: {finding}" for finding in report.findings[:3]]
    command = f"python -m bench.live.replaced --tap {tap} --kills {kills} --people {people} --after {old_s}"
    return Outcome(f"replaced_{tap}", "issue 5", command, _figures(found), found.misses)


async def _until(holds: Callable[[], bool], each_s: float = 0.02) -> bool:
    """Whether it came to be in time."""
    until_s = time.monotonic() + NEVER_S
    while not holds():
        if time.monotonic() > until_s:
            return False
        await asyncio.sleep(each_s)
    return True


def _figures(found: Found) -> dict[str, Figure]:
    def spread(values: Sequence[float]) -> str:
        if not values:
            return "none"
        p50, p95 = np.percentile(np.array(values) * 1000, [50, 95])
        return f"p50 {p50:.0f} p95 {p95:.0f} max {max(values) * 1000:.0f} ms"

    return {
        "kills": len(found.replaced),
        "another worker has the calls": spread(found.replaced),
        "a call is told of again": spread(found.told),
        "a person is read again": spread(found.read),
        "memory of the spare": f"{found.spare_mib:.0f} MiB",
    }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tap", choices=("file", "whip"), default="file")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--after", type=int, default=0)
    parser.add_argument("--clips", type=Path, help="keep the drawn recordings here, and find them again")
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        clips = make_clips(asked.clips or Path(folder), CLIP_S)
        recordings = {name: str(clip) for name, clip in zip(NAMES, clips, strict=True)}
        source = {"kind": "whip"} if asked.tap == "whip" else {"kind": "file", "recordings": recordings}
        outcome = asyncio.run(run(asked.tap, source, clips, asked.kills, asked.people, asked.after))
    if asked.save:
        outcome.save(RESULTS)
    sys.exit(outcome.conclude(save=False))


if __name__ == "__main__":
    main()

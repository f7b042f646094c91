"""So many people for so long through the real service, with a fault every so often, and what it costs.

    python -m bench.live.soak [--people 8] [--minutes 60] [--fault-seconds 60] [--clips DIR] [--save]

Calls of two, played from recordings at real speed by the product's own tap; when a recording ends the call ends, is
summed up, and another begins. Every so many seconds one fault, in turn: a worker is killed, somebody says no and yes
again, somebody leaves and comes anew, a reader takes events slowly. Prints the delay from the last packet of a window
to its events being published (L_proc) by what was read, media left out, seconds that nobody was told of, and how much
memory has grown from the second tenth of the time, or from the eleventh minute, to the end. An output without a lease,
a log that does not hold, a window told twice, and a call that nobody takes up are misses; a control plane that grows by
more than 5 % is one too, from ten minutes on.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

from bench.faults.outcome import Outcome
from bench.live.media import make_clips
from bench.live.seen import Seen, figures, growth_of
from bench.live.site import SIGNED, Site, site
from countenance.audit.export import StoredLog
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.call import FACE, TEXT, VOICE, Modality, Role
from countenance.contracts.errors import CountenanceError
from countenance.contracts.media import SECOND_US
from countenance.contracts.trust import ConsentStatus
from countenance.link.messages import Said
from countenance.server.live import LIVE, Joining, LiveCall, NewCall
from countenance.server.stream import SlowReaderError

RESULTS = Path(__file__).parent / "results"
CLIP_S = 46
NAMES = ("Ana", "Ben")
READ: tuple[Modality, ...] = (FACE, VOICE, TEXT)
WORDS = "I do not understand this at all, what does it mean?"
GROWTH = 0.05
LONG_S = 600.0
"""Memory of a shorter run says nothing: it is still being filled."""


class Soak:
    """The calls, their readers, and whoever breaks something."""

    def __init__(self, here: Site, source: Mapping[str, Any], seed: int) -> None:
        """`source`: of every call."""
        self._here = here
        self._source = source
        self._random = Random(seed)
        self._over = asyncio.Event()
        self._live: dict[int, LiveCall] = {}
        self.seen = Seen()

    async def run(self, people: int, seconds: float, fault_s: float, most: int | None = None) -> Seen:
        """All of it, for so long, or until there were `most` faults."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(max(1, people // 2)):
                tasks.create_task(self._calls(number))
            tasks.create_task(self._weigh())
            tasks.create_task(self._break(fault_s, most))
            await self._first(self._over.wait(), seconds)
            self._over.set()
        return self.seen

    async def _calls(self, number: int) -> None:
        await asyncio.sleep(number * 0.37)
        while not self._over.is_set():
            live = self._live[number] = await self._begin(number)
            following = asyncio.create_task(self._follow(live))
            speaking = asyncio.create_task(self._speak(live))
            until = (asyncio.create_task(live.over.wait()), asyncio.create_task(self._over.wait()))
            await asyncio.wait(until, timeout=CLIP_S + 20, return_when=asyncio.FIRST_COMPLETED)
            for task in until:
                task.cancel()
            speaking.cancel()
            self._drops(live)
            await self._here.calls.end(live.id)
            await following
            await self._here.calls.summary(live.id, "soak", "bench")
            self.seen.counts["calls"] += 1
            if live.problem:
                self.seen.misses.append(f"a call was given up: {live.problem}")

    async def _begin(self, number: int) -> LiveCall:
        who = tuple(Joining(name, Role.CUSTOMER, f"{name}-{number}") for name in NAMES)
        live = await self._here.calls.open(NewCall(source=self._source, participants=who))
        for one in live.call.participants:
            await self._agree(live, one.id, READ)
        return live

    async def _agree(self, live: LiveCall, who: str, modalities: Sequence[Modality]) -> None:
        await self._here.calls.show(live.id, who, own_wish=True)
        for modality in modalities:
            await self._here.calls.answer(live.id, who, modality, ConsentStatus.GIVEN, SIGNED)

    async def _follow(self, live: LiveCall, after: str | None = None) -> None:
        ends: dict[str, int] = {}
        async for envelope in live.stream.follow(after):
            data: Any = envelope["data"]
            if not str(envelope["type"]).endswith("sample.v1"):
                continue
            who, window = data["subject"]["participant_id"], data["window"]
            read = sorted(name for name, use in data["modalities"].items() if use["used"] and name in READ)
            self.seen.counts["windows"] += 1
            if read and not ("seq" in data["audit"] and data["audit"]["lease"]):
                self.seen.misses.append(f"a reading at {window['start_us']} us stands on no lease")
            before = ends.get(who, window["start_us"])
            if window["start_us"] < before:
                self.seen.misses.append(f"the window at {window['start_us']} us is told twice")
            self.seen.counts["seconds not told"] += (window["start_us"] - before) // SECOND_US
            ends[who] = window["end_us"]
            if read and "latency_us" in data:
                for name in (*read, *(("fused",) if len(read) > 1 else ())):
                    self.seen.late_us[name].append(data["latency_us"])

    async def _speak(self, live: LiveCall) -> None:
        while live.state == LIVE:
            for one in live.call.participants:
                try:
                    await self._here.calls.said(live.id, Said("", one.id, None, None, WORDS, 0.9, "en"))
                except CountenanceError:
                    self.seen.counts["captions refused"] += 1  # between two workers nobody takes them
            await asyncio.sleep(3.0)

    async def _break(self, fault_s: float, most: int | None) -> None:
        faults: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = (
            ("workers killed", self._kill),
            ("noes", self._toggle),
            ("leaves", self._leave),
            ("slow readers", self._dawdle),
        )
        for number, (name, fault) in enumerate(cycle(faults)):
            if number == most:
                self._over.set()
            await self._first(self._over.wait(), fault_s)
            if self._over.is_set():
                return
            await fault()
            self.seen.counts[name] += 1

    async def _kill(self) -> None:
        worker = self._random.choice(self._here.pool.workers)
        calls = [live for live in self._live.values() if live.worker is worker and live.state == LIVE]
        began_s = time.monotonic()
        worker.process.kill()
        for live in calls:
            if await self._first(_told(live), 20):
                self.seen.back_s.append(time.monotonic() - began_s)
            elif live.state == LIVE and not live.over.is_set():
                self.seen.misses.append("nobody took a call up within 20 s of its worker's death")

    async def _toggle(self) -> None:
        if (live := self._one()) is not None:
            who, modality = self._random.choice(live.call.participants).id, self._random.choice(READ)
            await self._quietly(self._here.calls.stop(live.id, who, [modality]))
            await asyncio.sleep(2.0)
            if live.state == LIVE and who not in live.running.left:
                await self._quietly(self._agree(live, who, [modality]))

    async def _leave(self) -> None:
        if (live := self._one()) is not None:
            gone = self._random.choice(live.call.participants)
            person = live.person_of(gone.id)
            await self._quietly(self._here.calls.leave(live.id, gone.id))
            joined = Joining(f"{gone.name} again", Role.CUSTOMER, person)
            await self._quietly(self._here.calls.join(live.id, joined))

    async def _dawdle(self) -> None:
        if (live := self._one()) is not None:
            try:
                async with asyncio.timeout(5.0):
                    async for _ in live.stream.follow("0" * 12):
                        await asyncio.sleep(0.5)
            except (TimeoutError, SlowReaderError):
                pass  # it is what slow readers come to

    async def _weigh(self) -> None:
        while not await self._first(self._over.wait(), 1.0):
            workers = [worker.load.rss_bytes for worker in self._here.pool.workers]
            self.seen.memory.append((_rss(), max(workers, default=0)))

    def _drops(self, live: LiveCall) -> None:
        load = live.worker.load.calls.get(live.id, {}) if live.worker is not None else {}
        for counts in load.get("tracks", {}).values():
            self.seen.tracks.update(counts)

    def _one(self) -> LiveCall | None:
        """A call that has some time to go."""
        running = [live for live in self._live.values() if live.state == LIVE and live.ending is None]
        return self._random.choice(running) if running else None

    async def _quietly(self, work: Awaitable[object]) -> None:
        """A call may end while somebody asks something of it."""
        try:
            await work
        except CountenanceError:
            self.seen.counts["asked too late"] += 1

    async def _first(self, work: Awaitable[object], seconds: float) -> bool:
        """Whether it was done in time."""
        try:
            async with asyncio.timeout(seconds):
                await work
        except TimeoutError:
            return False
        return True


async def _told(live: LiveCall) -> None:
    async for envelope in live.stream.follow():
        if "seq" in dict(envelope["data"]).get("audit", {}):  # type: ignore[call-overload]
            return


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096


async def run(
    source: Mapping[str, Any], people: int, seconds: float, fault_s: float, most: int | None = None, seed: int = 1
) -> Outcome:
    """One run, and what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        async with site(Path(folder), spares=1, fps=5) as here:
            seen = await Soak(here, source, seed).run(people, seconds, fault_s, most)
            here.control.tick()
            if here.control.health().unaccounted:
                seen.misses.append(f"{here.control.health().unaccounted} model calls are in no result")
            policy = Policy.trusting(here.tenant.log.key.verifier)
            report = await asyncio.to_thread(verify, StoredLog(here.tenant.log), policy, completeness=True)
            seen.misses += [f"the log does not hold: {finding}" for finding in report.findings[:3]]
            seen.counts["log entries"] = here.tenant.log.size
    growth = [growth_of([one[place] for one in seen.memory]) for place in (0, 1)]
    if seconds >= LONG_S and growth[0] > GROWTH:
        seen.misses.append(f"the control plane has grown by {100 * growth[0]:.1f} %")
    command = f"python -m bench.live.soak --people {people} --minutes {seconds / 60:g} --fault-seconds {fault_s:g}"
    return Outcome("soak", "issue 5", command, figures(seen, people, seconds, growth), seen.misses)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--fault-seconds", type=float, default=60.0)
    parser.add_argument("--clips", type=Path, help="keep the drawn recordings here, and find them again")
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        clips = make_clips(asked.clips or Path(folder), CLIP_S)
        recordings = {name: str(clip) for name, clip in zip(NAMES, clips, strict=True)}
        source = {"kind": "file", "recordings": recordings}
        outcome = asyncio.run(run(source, asked.people, asked.minutes * 60, asked.fault_seconds))
    if asked.save:
        outcome.save(RESULTS)
    sys.exit(outcome.conclude(save=False))


if __name__ == "__main__":
    main()

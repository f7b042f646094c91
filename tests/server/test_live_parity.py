"""The same recordings, analysed from their files and read live by a worker, give the same summary."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import av
from tests.server.test_live_calls import ANA, BEN, DEPLOYED, TERMS, World, world

from countenance.analysis.run import analyse
from countenance.assembly import assemble
from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.deployment import build_deployment
from countenance.server.live import LiveCall, NewCall
from countenance.surface.summary import summarise
from countenance.testing.sample_call.make import SampleCall

SECONDS = 9
TRIES = 3
"""A machine that stalls for a second loses leases, and with them what they would have covered."""


def cut(source: Path, target: Path, seconds: int) -> Path:
    """The beginning of a file, its packets as they are."""
    with av.open(str(source)) as whole, av.open(str(target), "w") as part:
        streams = {stream.index: part.add_stream_from_template(stream) for stream in whole.streams}
        for packet in whole.demux():
            if packet.pts is not None and packet.time_base is not None and packet.pts * packet.time_base < seconds:
                packet.stream = streams[packet.stream.index]
                part.mux(packet)
    return target


async def live_summary(here: World, media: dict[str, Path]) -> tuple[LiveCall, Any]:
    source = {"kind": "file", "recordings": {name: str(path) for name, path in media.items()}}
    live = await here.calls.open(NewCall(source=source, participants=(ANA, BEN)))
    await live.over.wait()
    await here.calls.end(live.id)
    return live, await here.calls.summary(live.id, "tester", "test")


def recorded_summary(folder: Path, media: dict[str, Path]) -> dict[str, Any]:
    people = [
        {
            "name": name,
            "role": "customer",
            "media": path,
            "consent": ["face", "voice", "text"],
            "consent_kind": "express_written",
        }
        for name, path in media.items()
    ]
    asked = build_deployment(
        {
            "purpose": "support_qa",
            "jurisdictions": ["US-CA"],
            "facts": dict(DEPLOYED.facts),
            "participant": people,
            "taxonomies": ["engagement.v1"],
            "fps": 5,
            "terms": TERMS.model_dump(mode="json"),
        },
        "test",
    )
    outcome = analyse(assemble(asked, date(2026, 11, 23)), folder / "report", lambda _done, _all: None)
    return dict(summarise(outcome.record))


def told(summary: dict[str, Any], part: str) -> dict[str, Any]:
    return {one["name"]: one[part] for one in summary["participants"]}


async def test_a_call_read_live_is_summed_up_as_its_recording(tmp_path: Path, sample_call: SampleCall) -> None:
    media = {
        name.capitalize(): cut(path, tmp_path / f"{name}.webm", SECONDS)
        for name, path in zip(("ana", "ben"), sample_call.media.values(), strict=True)
    }
    recorded = await asyncio.to_thread(recorded_summary, tmp_path, media)
    async with world(tmp_path / "store") as here:
        before = await here.begin(ANA, BEN)
        for n in range(2):
            await here.agree(before, n, FACE, VOICE, TEXT)
        await here.calls.end(before.id)
        for _ in range(TRIES):
            live, summary = await live_summary(here, media)
            if here.tenant.log.of_call(live.running.call_ref, "RESULT") and not stalled(here, live):
                break
        for part in ("states", "gaps", "talk"):
            assert timeless(told(summary, part)) == timeless(told(recorded, part)), part
        assert [one["name"] for one in summary["events"]] == [one["name"] for one in recorded["events"]]
        assert here.problems() == ()


def timeless(value: Any) -> Any:  # noqa: ANN401
    """Without shares of a length: a live call ends when somebody notices that it is over."""
    if isinstance(value, dict):
        return {key: timeless(one) for key, one in value.items() if key not in ("share", "not_read_us")}
    return [timeless(one) for one in value] if isinstance(value, list) else value


def stalled(here: World, live: LiveCall) -> bool:
    """Whether a lease gave no result but the last of each person, which a hang-up ends."""
    closed = here.tenant.log.of_call(live.running.call_ref, "LEASE_CLOSE")
    return any(entry.body["reason"] != "hang_up" for entry in closed)

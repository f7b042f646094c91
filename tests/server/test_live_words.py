"""Words that come to a live call from outside: captions through the control plane, read in the worker by permission."""

from collections.abc import Mapping
from pathlib import Path

from tests.server.test_live_calls import ANA, BEN, CONFUSED, samples, until, used, world

from countenance.contracts.call import TEXT
from countenance.contracts.media import SECOND_US
from countenance.link.messages import Said
from countenance.server.config import Config, LivekitTable, TranscriptionTable
from countenance.server.live import LiveCall
from countenance.server.plane import _secrets


def captions(live: LiveCall, n: int) -> tuple[Mapping[str, int], Mapping[str, int]]:
    call = live.worker.load.calls.get(live.id, {}) if live.worker is not None else {}
    return call.get("captions", {}), call.get("tracks", {}).get(f"{live.call.participants[n].id}/captions", {})


async def test_captions_are_read_of_who_permits_and_of_nobody_else(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        live = await here.begin(ANA, BEN)
        ana, ben = (one.id for one in live.call.participants)
        await here.agree(live, 0, TEXT)
        await until(live, lambda one: str(one["type"]).endswith("sample.v1"))
        for who in (ana, ben):
            await here.calls.said(live.id, Said("", who, 0, SECOND_US, CONFUSED))
            await here.calls.said(live.id, Said("", who, None, None, CONFUSED, 0.9, "en"))
        events = await until(live, used(TEXT))
        assert samples(events)[-1]["subject"]["participant_id"] == ana
        await until(live, used(TEXT, yes=False), str(events[-1]["sequence"]))
        while captions(live, 0)[1].get("given", 0) < 2 or captions(live, 0)[0].get("unread", 0) < 2:
            await until(live, lambda one: str(one["type"]).endswith("sample.v1"), str(events[-1]["sequence"]))
        assert captions(live, 0)[1]["decoded"] == 2
        assert captions(live, 1)[1] == {}, "nothing of Ben's was kept"
        await here.calls.end(live.id)
        assert here.problems() == ()


def test_keys_reach_workers_as_environment_and_only_those_that_are_there() -> None:
    assert _secrets(Config()) == {}
    config = Config(
        transcription=TranscriptionTable(backend="deepgram", key="dg"),  # type: ignore[arg-type]
        livekit=LivekitTable(url="wss://livekit.example", key="k", secret="s"),  # type: ignore[arg-type]
    )
    assert _secrets(config) == {
        "LIVEKIT_URL": "wss://livekit.example",
        "LIVEKIT_API_KEY": "k",
        "LIVEKIT_API_SECRET": "s",
        "DEEPGRAM_API_KEY": "dg",
    }

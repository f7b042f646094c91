"""The short forms of `bench.live.soak` and `bench.live.stopping`, and that they would see a miss."""

from pathlib import Path
from typing import Any, cast

import pytest
from bench.live.noting import DECODED, MODEL
from bench.live.soak import Soak, run
from bench.live.stopping import Found, Notes, Person
from bench.live.stopping import run as stopping
from tests.server.test_live_calls import CONFUSED, SCRIPT

from countenance.server.stream import START, Stream


async def test_calls_go_on_through_a_killed_worker_noes_and_leaving() -> None:
    words = {name: [(n / 2, CONFUSED) for n in range(1, 60)] for name in ("Ana", "Ben")}
    outcome = await run({"kind": SCRIPT, "words": words}, 2, 60.0, 0.5, most=3)
    assert outcome.misses == []
    assert outcome.figures["workers killed"] == 1
    assert outcome.figures["noes"] == 1
    assert outcome.figures["leaves"] == 1
    assert cast("int", outcome.figures["windows"]) > 1


async def test_a_reading_without_a_lease_and_a_window_that_is_told_twice_are_misses() -> None:
    soak, stream = Soak(cast("Any", None), {}, 1), Stream("/x")
    for number in (1, 2):
        window = {"start_us": 0, "end_us": 1_000_000}
        data = {"subject": {"participant_id": "p"}, "window": window, "audit": {"lease": None}}
        use = {"face": {"used": True}}
        kind = "io.countenance.signal.sample.v1"
        stream.publish({"sequence": f"{number:012d}", "type": kind, "data": {**data, "modalities": use}})
    stream.end()
    await soak._follow(cast("Any", _Call(stream)), START)
    assert [miss.split(" at ")[0] for miss in soak.seen.misses] == ["a reading", "a reading", "the window"]


class _Call:
    def __init__(self, stream: Stream) -> None:
        self.stream = stream


@pytest.mark.slow
async def test_nothing_is_decoded_or_read_after_a_no_was_answered() -> None:
    outcome = await stopping(2, 1)
    assert outcome.misses == []
    assert outcome.figures["stops"] == 2
    assert outcome.figures["frames decoded after the answer"] == 0


def test_a_frame_or_a_model_after_the_answer_is_a_miss(tmp_path: Path) -> None:
    notes, found = Notes(tmp_path / "notes"), Found()
    lines = (f"900 {DECODED} p/face", f"1500 {DECODED} p/face", f"2500 {DECODED} p/face", f"2600 {MODEL} p/voice")
    notes.path.write_text("\n".join(lines) + "\n", encoding="ascii")
    Person(cast("Any", None), "/v1/calls/c/participants/p", notes, found)._look(1_000, 1_400, 2_000)
    assert found.misses == ["face: 1 frames decoded after the answer", "voice: a model ran 600 us after the answer"]
    assert (found.after, found.decoded, found.model) == (1, [1_100, 0], [0, 1_200])

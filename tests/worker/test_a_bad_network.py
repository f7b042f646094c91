"""Real packets over a scripted network into a hosted call: each second says why it is unsure, and it recovers."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.capture.network import Camera, Microphone, Network
from tests.worker.rehearsal import PEOPLE, Rehearsal

from countenance.contracts.call import FACE, VOICE, Modality, Track, TrackKind
from countenance.contracts.media import SECOND_US, AudioChunk, Media, Reached, VideoFrame
from countenance.contracts.readings import Reason

ANA = PEOPLE[0].id
TRACKS = (Track(f"{ANA}/video", ANA, TrackKind.VIDEO), Track(f"{ANA}/audio", ANA, TrackKind.AUDIO))
AHEAD_US = 800_000
Change = tuple[int, Mapping[str, object]]
"""At which second what of the network becomes otherwise; a source that is None is silent, `size` is the camera's."""


class NetworkTap:
    """What arrives over the network, as a live tap gives it."""

    def __init__(self, rehearsal: Rehearsal, network: Network, script: Sequence[Change], seconds: int) -> None:
        self.seconds = seconds
        self._rehearsal, self._network, self._script = rehearsal, network, list(script)
        self._open: set[str] = set()

    def tracks(self) -> tuple[Track, ...]:
        return TRACKS

    async def subscribe(self, track: Track, since_us: int | None = None) -> None:
        self._open.add(track.id)

    async def unsubscribe(self, track: Track) -> None:
        self._open.discard(track.id)

    async def media(self) -> AsyncIterator[Media | Reached]:
        network = self._network
        # What is still on its way when the last second ends needs a moment more.
        for _ in network.steps((self.seconds + 1) * SECOND_US):
            self._rehearsal.now_us = network.now_us
            while self._script and self._script[0][0] * SECOND_US <= network.now_us:
                for name, value in self._script.pop(0)[1].items():
                    setattr(network.camera if name == "size" else network, name, value)
            if network.now_us % SECOND_US == AHEAD_US:
                await self._rehearsal.ask_ahead(network.now_us - AHEAD_US + SECOND_US)
            for item in network.read():
                if isinstance(item, VideoFrame | AudioChunk):
                    item = replace(item, track_id=item.track_id.replace("ana", ANA))  # noqa: PLW2901
                if isinstance(item, Reached) or item.track_id in self._open:
                    yield item


async def unsure(script: Sequence[Change], seconds: int = 9, **network: Any) -> Mapping[Modality, set[int]]:  # noqa: ANN401
    """In which seconds a face and a voice were not read, for the reason that says so."""
    rehearsal = Rehearsal((), seconds)
    rehearsal.tap = NetworkTap(rehearsal, Network(**network), script, seconds)  # type: ignore[assignment]
    await rehearsal.run()
    mine = [one for one in rehearsal.plane.signals if one.participant_id == ANA]
    assert [one.start_us // SECOND_US for one in mine] == list(range(len(mine))), "a state for every second"
    assert len(mine) >= seconds
    assert all(one.rightly for one in rehearsal.read)
    said: dict[Modality, set[int]] = {}
    for modality, reason in ((FACE, Reason.NO_FACE), (VOICE, Reason.SILENCE)):
        states = [one.modalities[modality].reason for one in mine[:seconds]]
        assert set(states) <= {None, reason}
        said[modality] = {second for second, state in enumerate(states) if state is not None}
    return said


async def test_over_a_good_network_every_second_is_read() -> None:
    assert await unsure(()) == {FACE: set(), VOICE: set()}


async def test_a_frozen_camera_is_said_and_the_voice_is_read_on() -> None:
    camera = Camera()
    said = await unsure([(2, {"camera": None}), (5, {"camera": camera})], camera=camera)
    assert said == {FACE: {2, 3, 4}, VOICE: set()}


async def test_a_muted_microphone_is_said_and_the_face_is_read_on() -> None:
    microphone = Microphone()
    said = await unsure([(2, {"microphone": None}), (5, {"microphone": microphone})], microphone=microphone)
    assert said == {FACE: set(), VOICE: {2, 3, 4}}


async def test_who_joins_late_is_read_from_then_on() -> None:
    late = [(4, {"camera": Camera(), "microphone": Microphone()})]
    assert await unsure(late, camera=None, microphone=None) == {FACE: {0, 1, 2, 3}, VOICE: {0, 1, 2, 3}}


async def test_who_leaves_and_comes_again_as_another_stream_is_read_again() -> None:
    again = {"camera": Camera(ssrc=70), "microphone": Microphone(ssrc=90)}
    assert await unsure([(2, {"camera": None, "microphone": None}), (5, again)]) == {FACE: {2, 3, 4}, VOICE: {2, 3, 4}}


@pytest.mark.parametrize("loss", [0.05, 0.15, 0.3])
async def test_under_loss_whole_seconds_are_read_again_as_soon_as_it_ends(loss: float) -> None:
    script = [(2, {"loss": loss, "jitter_us": 60_000}), (6, {"loss": 0.0, "jitter_us": 0})]
    said = await unsure(script)
    assert said[FACE] <= {2, 3, 4, 5}
    assert said[VOICE] == set(), "of every second of sound some is heard"


@pytest.mark.parametrize("skew", [0.995, 1.005])
async def test_a_clock_that_runs_wrong_costs_no_second(skew: float) -> None:
    assert await unsure((), seconds=20, skew=skew) == {FACE: set(), VOICE: set()}


async def test_a_camera_that_changes_its_size_costs_no_second() -> None:
    assert await unsure([(3, {"size": (320, 180)}), (6, {"size": (80, 46)})]) == {FACE: set(), VOICE: set()}

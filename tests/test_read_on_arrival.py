"""What need not wait for the end of its window is read as it comes, and nothing that is told changes by it."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.test_session import FrameSampler, World, frames, said

from countenance.capture.samplers import FaceSampler
from countenance.contracts.call import FACE, TEXT
from countenance.contracts.media import SECOND_US, Missing, Sample, VideoFrame
from countenance.contracts.readings import Reason
from countenance.session import Session


class EagerSampler(FrameSampler):
    """Gives each frame as soon as it is asked."""

    def ready(self) -> Sequence[Sample]:
        return self.samples(0, 0)[0]


class Nobody:
    """Finds no face."""

    def find(self, rgb: object) -> tuple[()]:
        return ()

    near = None


def told(folder: Path, monkeypatch: pytest.MonkeyPatch, *, on_arrival: bool) -> World:
    monkeypatch.setattr("tests.test_session.FrameSampler", EagerSampler)
    monkeypatch.setattr("tests.test_session.Session", partial(Session, on_arrival=on_arrival))
    world = World(folder, [*frames("p_1", 4), said("p_1", 1, 2)], given=(FACE, TEXT))
    world.run(4 * SECOND_US)
    return world


def test_readings_and_counts_are_those_of_reading_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    early = told(tmp_path / "early", monkeypatch, on_arrival=True)
    whole = told(tmp_path / "whole", monkeypatch, on_arrival=False)
    assert early.heard.payloads == whole.heard.payloads
    assert early.heard.readings == whole.heard.readings
    assert early.face.calls == whole.face.calls == 20
    counted = [e.body["counts"] for e in early.entries if e.kind == "RESULT"]
    assert counted == [e.body["counts"] for e in whole.entries if e.kind == "RESULT"]
    assert not early.findings


def test_a_window_without_a_face_says_so_once_though_it_was_looked_at_in_pieces() -> None:
    sampler = FaceSampler(Nobody(), "p_1")  # type: ignore[arg-type]
    for at_us in (0, 100_000):
        sampler.take(VideoFrame("p_1/video", at_us, np.full((96, 160, 3), 200, np.uint8)))
        assert sampler.ready() == []
    assert sampler.samples(0, SECOND_US) == ((), (Missing("p_1", FACE, 0, SECOND_US, Reason.NO_FACE),))

"""How late answers come: of a face after its picture, of a voice after the end of its second."""

from collections.abc import Sequence

import numpy as np

from countenance.contracts.call import FACE, VOICE
from countenance.contracts.media import Box, FaceSample, Quality, Sample, SampleSpec, VoiceSample
from countenance.contracts.readings import Observation
from countenance.inference.logmel import unheard
from countenance.worker.timing import AnsweringEncoder, Timings


class Mute:
    """Says nothing of anything."""

    def __init__(self, takes: SampleSpec) -> None:
        self.takes = takes

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        return ()


def face(at_us: int) -> FaceSample:
    return FaceSample(
        "p_1", at_us, np.zeros((112, 112, 3), np.uint8), np.zeros((5, 2), np.float32), Box(0, 0, 9, 9), Quality(1)
    )


def voice(end_us: int, *, glance: bool) -> VoiceSample:
    return VoiceSample("p_1", 0, end_us, np.zeros(0, np.float32), (), unheard(), Quality(1), glance=glance)


def test_a_face_is_late_by_the_time_since_its_picture() -> None:
    timings = Timings(lambda: 0)
    encoder = AnsweringEncoder(Mute(SampleSpec(FACE, FaceSample)), timings, lambda: 950_000)
    assert encoder.encode([face(900_000), face(940_000)]) == ()
    assert timings.take() == {"face_answer": (50_000, 10_000)}


def test_a_voice_is_late_by_the_time_since_the_end_of_its_second_and_glances_do_not_count() -> None:
    timings = Timings(lambda: 0)
    encoder = AnsweringEncoder(Mute(SampleSpec(VOICE, VoiceSample, glances=True)), timings, lambda: 2_030_000)
    encoder.encode([voice(1_500_000, glance=True), voice(1_860_000, glance=False)])
    assert timings.take() == {"voice_answer": (30_000,)}

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.encoders.voices import talk

from countenance.capture.floor import TURN_US, Floor
from countenance.capture.speechgate import FRAME_US, LEAD, Pause, SpeechGate
from countenance.capture.voiceactivity import FRAME
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk

NOISE = np.random.default_rng(1).integers(-6, 7, 8 * SAMPLE_RATE, dtype=np.int16)
CALL = NOISE.copy()
CALL[SAMPLE_RATE : 3 * SAMPLE_RATE] += (talk(2.0, 4.0) * 12_000).astype(np.int16)
CALL[5 * SAMPLE_RATE : 6 * SAMPLE_RATE] += (talk(1.0, 4.0) * 12_000).astype(np.int16)


def at_us(sample: int) -> int:
    return sample * SECOND_US // SAMPLE_RATE


def through(pcm: np.ndarray, cuts: list[int], gate: SpeechGate | None = None) -> list[AudioChunk | Pause]:
    edges = [0, *sorted(set(cuts) - {0, len(pcm)}), len(pcm)]
    gate = gate or SpeechGate("ana")
    return [
        item for a, b in itertools.pairwise(edges) for item in gate.take(AudioChunk("ana/audio", at_us(a), pcm[a:b]))
    ]


def joined(items: list[AudioChunk | Pause]) -> list[tuple[int, bytes]]:
    """Each stretch of speech as when it began and its sound."""
    found: list[tuple[int, bytes]] = []
    fresh = True
    for item in items:
        if isinstance(item, Pause):
            fresh = True
        elif fresh:
            found.append((item.at_us, item.pcm.tobytes()))
            fresh = False
        else:
            found[-1] = (found[-1][0], found[-1][1] + item.pcm.tobytes())
    return found


def test_only_speech_passes_with_a_little_from_before_it() -> None:
    items = through(CALL, list(range(0, len(CALL), 1600)))
    stretches = joined(items)
    assert len(stretches) == 2
    for (start_us, sound), begins_s in zip(stretches, (1, 5), strict=True):
        assert begins_s * SECOND_US - LEAD * FRAME_US <= start_us <= begins_s * SECOND_US
        place = start_us * SAMPLE_RATE // SECOND_US
        assert sound == CALL[place : place + len(sound) // 2].tobytes(), "what passes is the sound itself"
    assert sum(isinstance(item, Pause) for item in items) == 2


def test_silence_and_faint_noise_give_nothing() -> None:
    assert through(NOISE, list(range(0, len(NOISE), 800))) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, len(CALL) - 1), max_size=60))
def test_the_size_of_the_chunks_changes_nothing(cuts: list[int]) -> None:
    assert joined(through(CALL, cuts)) == joined(through(CALL, []))


def test_where_the_sound_breaks_off_speech_ends_and_begins_again() -> None:
    gate = SpeechGate("ana")
    voice = CALL[SAMPLE_RATE : 2 * SAMPLE_RATE]
    first = list(gate.take(AudioChunk("ana/audio", 0, voice)))
    again = list(gate.take(AudioChunk("ana/audio", 4 * SECOND_US, voice)))
    assert not any(isinstance(item, Pause) for item in first)
    assert again[0] == Pause(SECOND_US)
    assert all(item.at_us >= 4 * SECOND_US for item in again[1:])
    assert [start for start, _ in joined([*first, *again])][1] >= 4 * SECOND_US


def test_a_chunk_a_little_out_of_place_follows_the_one_before() -> None:
    gate = SpeechGate("ana")
    for index in range(20):
        late_us = 7_000 if index % 2 else 0
        sound = CALL[SAMPLE_RATE + index * 1600 : SAMPLE_RATE + (index + 1) * 1600]
        items = list(gate.take(AudioChunk("ana/audio", index * 100_000 + late_us, sound)))
        assert not any(isinstance(item, Pause) for item in items)


def test_what_passes_is_in_order_and_ends_before_the_pause() -> None:
    reached_us = 0
    for item in through(CALL, list(range(0, len(CALL), 333))):
        assert item.at_us >= reached_us
        reached_us = item.at_us if isinstance(item, Pause) else item.end_us
        assert isinstance(item, Pause) or len(item.pcm) % FRAME == 0


def test_one_speaker_has_the_floor_until_they_leave_it() -> None:
    floor = Floor()
    assert floor.take("ana", 0)
    assert not floor.take("ben", SECOND_US)
    assert floor.take("ana", 2 * SECOND_US)
    floor.leave("ana")
    assert floor.take("ben", 3 * SECOND_US)
    assert not floor.take("ana", 3 * SECOND_US)


def test_whoever_never_pauses_gives_way_in_the_end() -> None:
    floor = Floor(slots=2)
    assert floor.take("fan", 0)
    assert floor.take("ana", SECOND_US)
    assert not floor.take("ben", TURN_US - 1)
    assert floor.take("ben", TURN_US)
    assert not floor.take("fan", TURN_US)


def test_leaving_without_a_slot_is_no_error() -> None:
    floor = Floor()
    floor.leave("nobody")
    assert floor.take("ana", 0)

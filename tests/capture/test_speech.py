import itertools
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.encoders.voices import talk

from countenance.capture.speech import VoiceSampler, closed, spans
from countenance.capture.voiceactivity import FRAME, VoiceActivity, levels_db
from countenance.contracts.call import VOICE
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, Missing, Sample, Utterance, VoiceSample
from countenance.contracts.readings import Reason
from countenance.contracts.stages import Sampler
from countenance.inference.hearing import measured, part_of

TRACK = "p_1/audio"


@cache
def call() -> np.ndarray:
    """Seconds 1 to 4 and 6 to 7 of eight are speech, the others silence; there is faint noise throughout."""
    voice = (talk(3.0, 4.0) * 12_000).astype(np.int16)
    pcm = np.random.default_rng(1).integers(-6, 7, 8 * SAMPLE_RATE, dtype=np.int16)
    pcm[SAMPLE_RATE : 4 * SAMPLE_RATE] += voice
    pcm[6 * SAMPLE_RATE : 7 * SAMPLE_RATE] += voice[:SAMPLE_RATE]
    return pcm


def at_us(sample: int) -> int:
    return sample * SECOND_US // SAMPLE_RATE


def chunks(pcm: np.ndarray, cuts: list[int], start: int = 0) -> list[AudioChunk]:
    edges = [0, *sorted(set(cuts) - {0, len(pcm)}), len(pcm)]
    return [AudioChunk(TRACK, at_us(start + a), pcm[a:b]) for a, b in itertools.pairwise(edges)]


def hear(sampler: VoiceSampler, media: list[AudioChunk], seconds: int) -> list[Sample | Missing]:
    """Give every window the chunks that begin in it, as the session does."""
    out: list[Sample | Missing] = []
    for second in range(seconds):
        start, end = second * SECOND_US, (second + 1) * SECOND_US
        for chunk in media:
            if start <= chunk.at_us < end:
                sampler.take(chunk)
        samples, missing = sampler.samples(start, end)
        whole = [one for one in samples if isinstance(one, VoiceSample) and not one.glance]
        assert len(whole) + len(missing) == 1
        assert bool(samples) == bool(whole), "a second of silence has no glances"
        out += [*whole, *missing]
    return out


def glances(pcm: np.ndarray, seconds: int) -> list[VoiceSample]:
    """Every answer that is asked for, whole samples too."""
    sampler = VoiceSampler("p_1")
    for chunk in chunks(pcm, []):
        sampler.take(chunk)
    heard = [sampler.samples(k * SECOND_US, (k + 1) * SECOND_US)[0] for k in range(seconds)]
    return [one for samples in heard for one in samples if isinstance(one, VoiceSample)]


def same(one: Sample | Missing, other: Sample | Missing) -> bool:
    if isinstance(one, VoiceSample) and isinstance(other, VoiceSample):
        return (
            (one.start_us, one.end_us, one.speech, one.quality)
            == (other.start_us, other.end_us, other.speech, other.quality)
            and np.array_equal(one.pcm, other.pcm)
            and np.array_equal(one.baseline.mean, other.baseline.mean)
            and np.array_equal(one.baseline.variance, other.baseline.variance)
            and one.baseline.seconds == other.baseline.seconds
        )
    return one == other


@cache
def whole() -> tuple[tuple[Sample | Missing, ...], VoiceSampler]:
    sampler = VoiceSampler("p_1")
    return tuple(hear(sampler, chunks(call(), []), 8)), sampler


def test_how_a_participant_usually_talks_is_learnt_from_the_voice_alone() -> None:
    sampler = VoiceSampler("p_1")
    hear(sampler, chunks(call(), []), 5)
    manner, seconds = sampler.baseline.manner, sampler.baseline.seconds
    assert manner is not None
    assert manner.seconds + manner.waiting_s == pytest.approx(seconds, abs=0.02)
    assert manner.seconds > 1.0
    before = sampler.baseline
    sampler.samples(5 * SECOND_US, 6 * SECOND_US)
    assert sampler.baseline is before, "a second of silence teaches nothing"
    sampler.drop()
    assert sampler.baseline.manner is None


def test_it_is_a_sampler_of_voice() -> None:
    sampler: Sampler = VoiceSampler("p_1")
    assert sampler.modality == VOICE
    assert sampler.state() is None
    sampler.restore(None)


def test_windows_with_voice_give_a_sample_and_the_others_are_silence() -> None:
    kinds = [one.reason if isinstance(one, Missing) else "voice" for one in whole()[0]]
    voice, silence = "voice", Reason.SILENCE
    assert kinds == [silence, voice, voice, voice, silence, silence, voice, silence]
    assert whole()[0][0] == Missing("p_1", VOICE, 0, SECOND_US, Reason.SILENCE)


def test_speech_is_found_where_it_is() -> None:
    stretches = whole()[1].stretches
    assert [(s.participant_id, s.source) for s in stretches] == [("p_1", "voice")] * 2
    for stretch, (start, end) in zip(stretches, [(1, 4), (6, 7)], strict=True):
        assert stretch.start_us == pytest.approx(start * SECOND_US, abs=150_000)
        assert stretch.end_us == pytest.approx(end * SECOND_US, abs=150_000)


def test_a_sample_holds_at_most_three_seconds_ending_in_its_window_and_says_where_the_speech_is() -> None:
    for second, sample in enumerate(whole()[0]):
        if not isinstance(sample, VoiceSample):
            continue
        assert second * SECOND_US < sample.end_us <= (second + 1) * SECOND_US
        assert sample.end_us - sample.start_us == at_us(len(sample.pcm)) <= 3 * SECOND_US
        assert sample.pcm.dtype == np.float32
        assert np.abs(sample.pcm).max() <= 1.0
        assert sample.speech
        assert all(0 <= start < end <= len(sample.pcm) for start, end in sample.speech)
        first = at_us(sample.speech[0][0])
        assert first <= 150_000, "silence before the speech is cut"


def test_the_sound_of_a_sample_is_that_of_its_time() -> None:
    sample = whole()[0][3]
    assert isinstance(sample, VoiceSample)
    begin = sample.start_us * SAMPLE_RATE // SECOND_US
    np.testing.assert_allclose(sample.pcm * 32768, call()[begin : begin + len(sample.pcm)], atol=1e-3)


def test_the_baseline_grows_with_the_speech_and_never_before() -> None:
    seconds = [one.baseline.seconds for one in whole()[0] if isinstance(one, VoiceSample)]
    assert seconds == sorted(seconds)
    assert 0.3 < seconds[0] <= 1.0
    assert seconds[-1] <= 4.1


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, 8 * SAMPLE_RATE), max_size=60))
def test_the_size_of_the_chunks_changes_nothing(cuts: list[int]) -> None:
    sampler = VoiceSampler("p_1")
    heard = hear(sampler, chunks(call(), cuts), 8)
    assert all(same(one, other) for one, other in zip(heard, whole()[0], strict=True))
    assert sampler.stretches == whole()[1].stretches


def test_ten_millisecond_packets_are_the_same_as_one_file() -> None:
    heard = hear(VoiceSampler("p_1"), chunks(call(), list(range(0, len(call()), 160))), 8)
    assert all(same(one, other) for one, other in zip(heard, whole()[0], strict=True))


def test_an_analysis_resumed_after_skipped_windows_goes_on_as_if_never_stopped() -> None:
    sampler = VoiceSampler("p_1")
    for chunk in chunks(call(), []):
        sampler.take(chunk)
    for second in range(3):
        sampler.skip(second * SECOND_US, (second + 1) * SECOND_US)
    samples, _ = sampler.samples(3 * SECOND_US, 4 * SECOND_US)
    assert same(samples[-1], whole()[0][3])


def test_a_late_track_has_its_speech_at_the_right_time() -> None:
    late = 2 * SAMPLE_RATE + 5_000
    sampler = VoiceSampler("p_1")
    hear(sampler, chunks(call(), [], start=late), 11)
    assert sampler.stretches[0].start_us == pytest.approx(3 * SECOND_US + 312_500, abs=150_000)


def test_lost_sound_is_silence_and_moves_nothing() -> None:
    lost = chunks(call(), [2 * SAMPLE_RATE, 3 * SAMPLE_RATE])
    sampler = VoiceSampler("p_1")
    heard = hear(sampler, [lost[0], lost[2]], 8)
    assert isinstance(heard[2], Missing)
    assert [round(s.start_us / SECOND_US) for s in sampler.stretches] == [1, 3, 6]


def test_sound_sent_twice_is_heard_once() -> None:
    media = [*chunks(call(), [3 * SAMPLE_RATE]), *chunks(call(), [])]
    sampler = VoiceSampler("p_1")
    for chunk in media:
        sampler.take(chunk)
    heard = [[*itertools.chain(*sampler.samples(k * SECOND_US, (k + 1) * SECOND_US))][-1] for k in range(8)]
    assert all(same(one, other) for one, other in zip(heard, whole()[0], strict=True))


def test_after_a_withdrawal_nothing_heard_is_left_but_when_somebody_spoke() -> None:
    sampler = VoiceSampler("p_1")
    hear(sampler, chunks(call()[: 3 * SAMPLE_RATE], []), 3)
    sampler.take(AudioChunk(TRACK, 3 * SECOND_US, call()[3 * SAMPLE_RATE : 4 * SAMPLE_RATE]))
    sampler.drop()
    assert sampler.baseline.seconds == 0.0
    assert len(sampler.stretches) == 1
    samples, missing = sampler.samples(3 * SECOND_US, 4 * SECOND_US)
    assert not samples
    assert missing[0].reason == Reason.SILENCE


def test_after_a_new_consent_speech_has_its_own_time() -> None:
    sampler = VoiceSampler("p_1")
    hear(sampler, chunks(call()[: 3 * SAMPLE_RATE], []), 3)
    sampler.drop()
    for chunk in chunks(call()[5 * SAMPLE_RATE :], [], start=5 * SAMPLE_RATE):
        sampler.take(chunk)
    for second in range(5, 8):
        sampler.samples(second * SECOND_US, (second + 1) * SECOND_US)
    assert [round(s.start_us / SECOND_US) for s in sampler.stretches] == [1, 6]


def test_other_media_is_not_queued() -> None:
    sampler = VoiceSampler("p_1")
    sampler.take(Utterance(TRACK, "p_1", 0, SECOND_US, "hello"))
    assert sampler.samples(0, SECOND_US)[0] == ()


@pytest.mark.parametrize("amplitude", [0, 3, 30])
def test_silence_and_faint_noise_are_never_speech(amplitude: int) -> None:
    noise = np.random.default_rng(2).integers(-amplitude, amplitude + 1, 5 * SAMPLE_RATE, dtype=np.int16)
    sampler = VoiceSampler("p_1")
    assert all(isinstance(one, Missing) for one in hear(sampler, chunks(noise, []), 5))
    assert sampler.stretches == ()


def test_a_loud_steady_noise_is_at_most_a_moment_of_speech() -> None:
    noise = np.random.default_rng(2).normal(0, 1_500, 10 * SAMPLE_RATE).astype(np.int16)
    sampler = VoiceSampler("p_1")
    assert all(isinstance(one, Missing) for one in hear(sampler, chunks(noise, []), 10))


def test_a_click_is_not_speech() -> None:
    pcm = np.zeros(2 * SAMPLE_RATE, np.int16)
    pcm[16_000:16_320] = 20_000
    sampler = VoiceSampler("p_1")
    hear(sampler, chunks(pcm, []), 2)
    assert sampler.stretches == ()


def test_noise_lowers_the_quality() -> None:
    rng = np.random.default_rng(4)
    noisy = call() + rng.normal(0, 250, len(call())).astype(np.int16)
    clean = [one.quality.value for one in whole()[0] if isinstance(one, VoiceSample)]
    poor = [
        one.quality.value for one in hear(VoiceSampler("p_1"), chunks(noisy, []), 8) if isinstance(one, VoiceSample)
    ]
    assert poor
    assert max(poor) < min(clean)
    assert min(poor) >= 0.1


def test_speech_still_going_on_is_counted_up_to_its_last_frame() -> None:
    sampler = VoiceSampler("p_1")
    hear(sampler, chunks(call()[: 2 * SAMPLE_RATE], []), 2)
    assert len(sampler.stretches) == 1
    assert sampler.stretches[0].end_us == pytest.approx(2 * SECOND_US, abs=150_000)


def test_a_short_gap_is_closed_and_a_pause_is_kept() -> None:
    speech = np.array([0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0], bool)
    assert spans(closed(speech, 2)) == [(1, 6), (9, 10)]
    assert spans(speech) == [(1, 3), (5, 6), (9, 10)]
    assert not closed(np.zeros(4, bool), 3).any()


def test_levels_are_decibels_of_full_scale() -> None:
    frames = np.stack([np.zeros(FRAME, np.int16), np.full(FRAME, 16_384, np.int16), np.full(FRAME, -32_768, np.int16)])
    np.testing.assert_allclose(levels_db(frames), [-120.0, -6.02, 0.0], atol=0.01)


def test_the_detector_looks_back_only_so_far() -> None:
    activity = VoiceActivity(history=10)
    activity.feed(call().reshape(-1, FRAME)[50:100])
    assert activity.speech.shape == activity.levels.shape == (10,)
    assert activity.speech.any()


def decoded(path: Path) -> np.ndarray:
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def spoken(pcm: np.ndarray) -> np.ndarray:
    """Speech per 10 ms of a whole recording."""
    sampler, seconds = VoiceSampler("a"), len(pcm) // SAMPLE_RATE
    hear(sampler, chunks(pcm, []), seconds)
    flags = np.zeros(seconds * 100, bool)
    for stretch in sampler.stretches:
        flags[stretch.start_us // 10_000 : stretch.end_us // 10_000] = True
    return flags


@pytest.mark.parametrize("name", ["sample", "dev00"])
def test_real_talk_is_found_where_people_marked_it(shared: Path, name: str) -> None:
    folder = shared / "data/audio_meeting_ami"
    found = closed(spoken(decoded(folder / f"{name}.wav")), 100)  # people mark turns, with the pauses inside
    marked = np.zeros_like(found)
    for line in (folder / f"{name}.rttm").read_text().splitlines():
        start, length = (float(part) for part in line.split()[3:5])
        marked[round(start * 100) : round((start + length) * 100)] = True
    assert (found == marked).mean() >= 0.95


def test_a_minute_of_read_speech_is_mostly_speech(shared: Path) -> None:
    found = spoken(decoded(shared / "weights/silero_vad/test.wav"))
    assert 0.75 < found.mean() < 0.97


def test_what_capture_measured_is_what_the_sound_itself_gives() -> None:
    heard = [one for one in whole()[0] if isinstance(one, VoiceSample)]
    assert heard
    for one in heard:
        assert one.sounding is not None
        assert one.look is not None
        kept, own = part_of(one.sounding, one.look), measured(one.pcm)
        np.testing.assert_array_equal(kept.frames, own.frames)
        assert kept.pitch.shape == kept.periodic.shape == own.pitch.shape
        assert (np.abs(kept.pitch - own.pitch) < 5).mean() > 0.9
        assert one.baseline.voiced_s > 0


def test_in_running_speech_there_are_ten_answers_a_second_and_one_of_them_holds_the_sound() -> None:
    third = [one for one in glances(call(), 8) if 2 * SECOND_US < one.end_us <= 3 * SECOND_US]
    assert [one.end_us for one in third] == [2 * SECOND_US + k * 100_000 for k in range(1, 11)]
    assert [one.glance for one in third] == [True] * 9 + [False]
    assert all(len(one.pcm) == 0 and not one.speech for one in third[:-1])
    assert all(one.sounding is third[-1].sounding for one in third), "measured once"


def test_answers_of_a_second_share_a_baseline_once_the_speaker_is_known() -> None:
    voice = (talk(8.0, 4.0) * 12_000).astype(np.int16)
    heard = glances(np.concatenate([call()[:SAMPLE_RATE], voice]), 9)
    known = [one.baseline for one in heard if one.end_us > 6 * SECOND_US]
    young = [one.baseline for one in heard if SECOND_US < one.end_us <= 2 * SECOND_US]
    assert len(known) == 30
    assert len({id(one) for one in known}) == 3
    assert len({id(one) for one in young}) == len(young)


@settings(max_examples=10, deadline=None)
@given(tenth=st.integers(12, 39))
def test_nothing_that_comes_later_changes_an_answer(tenth: int) -> None:
    changed = call().copy()
    end = tenth * SAMPLE_RATE // 10
    changed[end:] = np.random.default_rng(tenth).normal(0, 4_000, len(changed) - end)
    before, after = glances(call(), 4), glances(changed, 4)
    until = [[one for one in heard if one.end_us <= tenth * 100_000] for heard in (before, after)]
    assert until[0] or tenth < 16
    known = {one.end_us: one for one in until[1]}
    for one in until[0]:
        if one.end_us not in known:  # the second as a whole turned out to hold no voice
            assert one.end_us > end // SAMPLE_RATE * SECOND_US
            continue
        other = known[one.end_us]
        assert (one.start_us, one.look, one.quality) == (other.start_us, other.look, other.quality)
        np.testing.assert_array_equal(one.baseline.mean, other.baseline.mean)
        assert one.baseline.pitch == other.baseline.pitch
        assert one.sounding is not None
        assert other.sounding is not None
        assert one.look is not None
        for mine, theirs in ((one.sounding, other.sounding),):
            np.testing.assert_array_equal(mine.frames[: 2 * one.look[1]], theirs.frames[: 2 * one.look[1]])
            np.testing.assert_array_equal(mine.pitch[: one.look[1]], theirs.pitch[: one.look[1]])

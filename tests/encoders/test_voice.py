from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.encoders.faces_drawn import told_bundle
from tests.encoders.voices import SAMPLE_RATE, pulses, talk

from countenance.contracts.call import VOICE
from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.media import Quality, SampleSpec, TextSample, VoiceSample
from countenance.contracts.readings import EMOTIONS, Reason
from countenance.encoders.arousal import arousal
from countenance.encoders.voice import BUNDLE, INPUTS, VoiceEncoder, folded
from countenance.inference.bundle import Bundle
from countenance.inference.functionals import FUNCTIONALS
from countenance.inference.hearing import learnt, measured
from countenance.inference.logmel import MELS, unheard
from countenance.inference.shelf import Profile, Shelf
from countenance.testing.encoders import check_encoder

LABELS = ("neutral", "calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
PRIOR = {"prior": {"mean": [-6.0] * MELS, "variance": [4.0] * MELS}}


class Told:
    """Stands in for the network: says the same of every voice and remembers what it was shown."""

    inputs: tuple[str, ...] = INPUTS
    input_shapes: Mapping[str, tuple[int | str, ...]] = {"present": (1, "looks", "frames")}

    def __init__(self, logits: tuple[float, ...] = (0.0,) * 8) -> None:
        self._logits = np.array(logits, np.float32)
        self.shown: list[Mapping[str, NDArray[np.float32]]] = []

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        self.shown.append(inputs)
        count = inputs["present"].shape[1]
        places = np.tile(np.array([0.25, -0.5], np.float32), (count, 1))
        return {"scores": np.tile(self._logits, (count, 1)), "dimensions": places}


def told(
    said: Told, labels: tuple[str, ...] = LABELS, extra: Mapping[str, object] = PRIOR, temperature: float = 1.0
) -> VoiceEncoder:
    outputs = {"scores": labels, "dimensions": ("valence", "arousal")}
    return VoiceEncoder(told_bundle(cast(Any, said), outputs=outputs, temperature=temperature, extra=extra))


def sample(
    pcm: np.ndarray | None = None, *, speech: tuple[tuple[int, int], ...] | None = None, quality: float = 0.8
) -> VoiceSample:
    wave = talk(3.0, 4.0) if pcm is None else pcm
    return VoiceSample(
        participant_id="ana",
        start_us=2_000_000,
        end_us=2_000_000 + len(wave) * 1_000_000 // SAMPLE_RATE,
        pcm=wave,
        speech=((0, len(wave)),) if speech is None else speech,
        baseline=learnt(unheard(), measured(wave)),
        quality=Quality(quality),
    )


def test_the_emotions_form_one_distribution_and_calm_stands_beside_it() -> None:
    (seen,) = told(Told((1, 2, 0, 0, 0, 0, 0, 0))).encode([sample()])
    whole = np.e + np.e**2 + 6
    assert sum(seen.scores[name] for name in EMOTIONS) == pytest.approx(1, abs=1e-5)
    assert seen.scores["calm"] == pytest.approx(np.e**2 / whole, abs=1e-5)
    assert seen.scores["neutral"] == pytest.approx((np.e + np.e**2) / whole, abs=1e-5)
    assert dict(seen.dimensions) == {"valence": 0.25, "arousal": -0.5}
    assert (seen.participant_id, seen.modality, seen.start_us, seen.end_us) == ("ana", "voice", 2_000_000, 5_000_000)
    assert seen.quality == 0.8
    assert seen.model is not None


def test_temperature_flattens_what_the_network_says() -> None:
    logits = (0.0, 0, 3, 0, 0, 0, 0, 0)
    sharp, flat = told(Told(logits)), told(Told(logits), temperature=3.0)
    assert flat.encode([sample()])[0].scores["happiness"] < sharp.encode([sample()])[0].scores["happiness"]


def test_prosody_is_always_said() -> None:
    for encoder in (told(Told()), VoiceEncoder(None)):
        (seen,) = encoder.encode([sample(pulses(150.0, 2.0))])
        assert seen.cues["pitch_mean_hz"] == pytest.approx(150, rel=0.01)
        assert {"energy_db", "speech_rate_syll_s", "pause_share", "voiced_share"} <= seen.cues.keys()


def test_without_a_bundle_no_emotion_is_claimed_and_arousal_comes_from_the_rule() -> None:
    (seen,) = VoiceEncoder(None).encode([sample()])
    assert not seen.scores
    assert seen.dimensions == arousal(sample(), measured(sample().pcm))
    assert list(seen.dimensions) == ["arousal"]
    assert seen.model is None
    assert seen.abstain is None


def test_the_commercial_profile_measures_and_uses_no_weights() -> None:
    assert VoiceEncoder.from_shelf(Shelf([], Profile.COMMERCIAL)).encode([sample()])[0].model is None
    assert VoiceEncoder.needs == ()


def test_too_little_speech_is_silence_and_never_neutral() -> None:
    said = Told()
    short, long = sample(speech=((0, 3_200),)), sample()
    silent, heard = told(said).encode([short, long])
    assert silent.abstain is not None
    assert silent.abstain.reason == Reason.SILENCE
    assert (silent.quality, dict(silent.scores), dict(silent.cues)) == (0.0, {}, {})
    assert heard.abstain is None
    assert [shown["present"].shape[1] for shown in said.shown] == [1]


def test_a_useless_sample_is_not_read() -> None:
    (seen,) = told(Told()).encode([sample(quality=0.0)])
    assert seen.abstain is not None
    assert seen.abstain.reason == Reason.OUT_OF_DOMAIN


def test_the_network_is_shown_frames_in_units_of_the_speaker_and_which_of_them_are_sound() -> None:
    said = Told()
    told(said).encode([sample(), sample(pulses(120.0, 1.0))])
    long, short = said.shown
    assert long["frames"].shape == (1, 1, MELS, 298)
    assert short["frames"].shape == (1, 1, MELS, 98)
    assert (long["present"].shape, short["present"].shape) == ((1, 1, 298), (1, 1, 98))
    assert short["present"].all()
    assert max(np.abs(shown["frames"]).max() for shown in said.shown) <= 3.0


def test_looks_at_one_stretch_are_read_in_one_pass_and_say_what_each_says_alone() -> None:
    one = sample()
    measures = measured(one.pcm)
    looks = [replace(one, sounding=measures, look=(0, last), glance=last < 149) for last in (60, 100, 149)]
    said = Told()
    seen = told(said).encode(looks)
    assert [shown["present"].shape for shown in said.shown] == [(1, 3, 298)]
    assert said.shown[0]["present"].sum(axis=2).tolist() == [[120.0, 200.0, 298.0]]
    assert [bool(one.cues) for one in seen] == [False, False, True], "a glance has no sound to measure"
    check_encoder(told(Told((0, 1, 2, 3, 0, 1, 2, 3))), looks)


def test_voices_with_another_baseline_are_read_apart() -> None:
    one = replace(sample(), sounding=measured(sample().pcm), look=(0, 149))
    said = Told()
    told(said).encode([one, replace(one, baseline=unheard())])
    assert [shown["seconds"].tolist() for shown in said.shown] == [[pytest.approx(one.baseline.seconds)], [0.0]]


def test_a_bundle_for_one_voice_at_a_time_is_refused() -> None:
    said = Told()
    said.input_shapes = {"present": ("n", 300)}
    with pytest.raises(BundleError, match="looks"):
        told(said)


def test_a_network_is_given_only_what_it_asks_for() -> None:
    said = Told()
    said.inputs = ("frames", "present")
    told(said).encode([sample()])
    assert set(said.shown[0]) == {"frames", "present"}


def test_a_network_that_asks_for_something_else_is_refused() -> None:
    said = Told()
    said.inputs = ("frames", "pixels")
    with pytest.raises(BundleError, match="pixels"):
        told(said)


def test_a_bundle_that_was_taught_other_statistics_is_refused() -> None:
    said = Told()
    said.inputs = ("frames", "functionals", "usual")
    said.input_shapes = {"functionals": ("looks", 179), "usual": ("looks", FUNCTIONALS)}
    with pytest.raises(BundleError, match=f"wants 179 of functionals, and {FUNCTIONALS} are measured"):
        told(said)


def test_what_capture_measured_is_not_measured_again() -> None:
    one = sample()
    marked = replace(measured(one.pcm), pitch=np.full(149, 100.0, np.float32))
    (seen,) = VoiceEncoder(None).encode([replace(one, sounding=marked)])
    assert seen.cues["pitch_mean_hz"] == 100.0


def test_a_long_sample_shows_its_last_three_seconds() -> None:
    said = Told()
    wave = np.concatenate([pulses(100.0, 2.0), talk(3.0, 3.0)])
    told(said).encode([sample(wave)])
    present = said.shown[0]["present"][0, 0]
    assert present.sum() == 300
    assert present[-300:].all()


def test_what_is_usual_for_the_speaker_is_taken_off() -> None:
    said = Told()
    one = sample()
    other = replace(one, baseline=replace(one.baseline, mean=one.baseline.mean + 2.0))
    told(said).encode([one, other])
    first, second = (shown["frames"] for shown in said.shown)
    assert second.mean() < first.mean()


def test_a_batch_says_the_same_as_singles_for_more_voices_than_run_at_once() -> None:
    voices = [sample(pulses(90.0 + 10 * at, 1.0)) for at in range(20)]
    check_encoder(told(Told((0, 1, 2, 3, 0, 1, 2, 3))), voices)


def test_other_samples_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(UsageError, match="not voice"):
        told(Told()).encode([TextSample("ana", 0, 1, "hello", Quality(1.0))])


def test_a_bundle_of_other_emotions_is_refused() -> None:
    with pytest.raises(BundleError, match="boredom"):
        told(Told(), labels=(*LABELS[:-1], "boredom"))


@pytest.mark.parametrize("extra", [{}, {"prior": {"mean": [0.0] * MELS}}, {"prior": [1.0]}])
def test_a_bundle_without_the_speaker_prior_is_refused(extra: Mapping[str, object]) -> None:
    with pytest.raises(BundleError, match="prior"):
        told(Told(), extra=extra)


def test_folding_never_exceeds_certainty() -> None:
    assert folded({"neutral": 0.7, "calm": 0.3000001}) == {"neutral": 1.0, "calm": 0.3000001}


@pytest.fixture(scope="module")
def shipped(root: Path) -> Bundle:
    folder = root / "research/src/countenance_research/models" / BUNDLE
    if not folder.is_dir():
        pytest.skip(f"the research bundle {BUNDLE} is not in this checkout")
    return Bundle.load(folder)


def test_the_shipped_bundle_keeps_the_promises_of_an_encoder(shipped: Bundle) -> None:
    measures, one = measured(sample().pcm), sample()
    looks = [replace(one, sounding=measures, look=(0, last), glance=last < 149) for last in (55, 100, 149)]
    voices = [sample(), *looks, sample(pulses(200.0, 1.0)), sample(talk(2.0, 5.0)), sample(speech=())]
    check_encoder(VoiceEncoder(shipped), voices)


def test_the_shipped_bundle_is_not_for_commercial_use_and_carries_its_licence(shipped: Bundle) -> None:
    assert not shipped.card.licence.commercial
    assert shipped.card.licence.weights == "CC-BY-NC-SA-4.0"
    assert "CC BY-NC-SA 4.0" in (shipped.folder / "LICENSE-WEIGHTS.txt").read_text()
    assert not Shelf([shipped.folder], Profile.COMMERCIAL).has(BUNDLE)


def test_the_shipped_bundle_is_not_fooled_by_the_level_of_the_microphone(shipped: Bundle) -> None:
    encoder = VoiceEncoder(shipped)
    room = np.random.default_rng(0).normal(0, 1e-3, 3 * SAMPLE_RATE).astype(np.float32)
    voice = talk(3.0, 4.0) + room
    loud, quiet = encoder.encode([sample(voice), sample(voice * np.float32(0.1))])
    for name in EMOTIONS:
        assert quiet.scores[name] == pytest.approx(loud.scores[name], abs=0.05)
    assert quiet.dimensions["arousal"] == pytest.approx(loud.dimensions["arousal"], abs=0.05)


def test_encoders_that_want_sound_are_given_no_glances() -> None:
    whole = sample()
    glance = replace(whole, pcm=np.zeros(0, np.float32), speech=(), glance=True)
    assert SampleSpec(VOICE, VoiceSample).of([glance, whole]) == [whole]
    assert VoiceEncoder.takes.of([glance, whole]) == [glance, whole]

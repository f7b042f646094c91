"""The text encoder with the bundles this package ships."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.media import Quality, TextSample, VoiceSample
from countenance.contracts.readings import EMOTIONS, Abstain, Observation, Reason
from countenance.encoders.text import TextEncoder
from countenance.inference.bundle import Bundle
from countenance.inference.shelf import Profile, Shelf
from countenance.testing.encoders import check_encoder

ANGRY = "I have asked three times and nobody fixes it, this is ridiculous"
LOST = "Sorry, I do not understand, what do you mean?"
PLAIN = "The meeting is at ten."


def utterance(text: str, *, quality: float = 1.0, reason: str | None = None, language: str | None = None) -> TextSample:
    return TextSample("ana", 1_000_000, 2_500_000, text, Quality(quality, reason), language)


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf.installed(Profile.COMMERCIAL)


@pytest.fixture(scope="module")
def threshold(shelf: Shelf) -> Mapping[str, float]:
    return shelf.load("text-emotion.v1").calibration.thresholds


@pytest.fixture(scope="module")
def encoder(shelf: Shelf) -> TextEncoder:
    return TextEncoder.from_shelf(shelf)


def read(encoder: TextEncoder, text: str, **more: object) -> Observation:
    return encoder.encode([utterance(text, **more)])[0]  # type: ignore[arg-type]


def test_the_clean_profile_holds_both_bundles(shelf: Shelf) -> None:
    assert shelf.has("text-emotion.v1")
    assert shelf.has("text-vad.v1")


def test_repeated_complaints_read_as_frustration(encoder: TextEncoder, threshold: Mapping[str, float]) -> None:
    scores = read(encoder, ANGRY).scores
    assert scores["frustration"] > threshold["frustration"] + 0.2
    assert scores["confusion"] < threshold["confusion"] / 2
    assert scores["anger"] == max(scores[name] for name in EMOTIONS)


def test_asking_what_was_meant_reads_as_confusion(encoder: TextEncoder, threshold: Mapping[str, float]) -> None:
    scores = read(encoder, LOST).scores
    assert scores["confusion"] > threshold["confusion"]
    assert scores["frustration"] < threshold["frustration"] / 2


def test_a_plain_statement_reads_as_neither(encoder: TextEncoder) -> None:
    scores = read(encoder, PLAIN).scores
    assert scores["confusion"] < 0.1
    assert scores["frustration"] < 0.1
    assert scores["neutral"] > 0.7


@pytest.mark.parametrize(("text", "other"), [(ANGRY, "frustration"), (LOST, "confusion")])
def test_a_transcript_without_case_and_punctuation_reads_the_same_way(
    encoder: TextEncoder, threshold: Mapping[str, float], text: str, other: str
) -> None:
    spoken = text.lower().replace(",", "").replace("?", "")
    assert read(encoder, spoken).scores[other] > threshold[other]


def test_pleasant_words_have_higher_valence_than_unpleasant_ones(encoder: TextEncoder) -> None:
    glad = read(encoder, "This is wonderful, thank you so much, I am delighted!").dimensions
    sad = read(encoder, "My father died last week and I am terribly sad.").dimensions
    assert glad["valence"] > 0.1 > -0.1 > sad["valence"]
    assert set(glad) == {"valence", "arousal"}


def test_the_seven_emotions_form_one_distribution(encoder: TextEncoder) -> None:
    for text in (ANGRY, LOST, PLAIN, "no"):
        scores = read(encoder, text).scores
        assert set(scores) == {*EMOTIONS, "confusion", "frustration"}
        assert sum(scores[name] for name in EMOTIONS) == pytest.approx(1.0, abs=1e-5)
        assert all(0.0 <= score <= 1.0 for score in scores.values())


def test_a_batch_gives_exactly_what_singles_give(encoder: TextEncoder) -> None:
    texts = [PLAIN, ANGRY, "ok", LOST, "", "Thanks a lot, that helps! " * 12]
    together = encoder.encode([utterance(text) for text in texts])
    assert list(together) == [read(encoder, text) for text in texts]


def test_it_keeps_the_promises_of_an_encoder(encoder: TextEncoder) -> None:
    check_encoder(encoder, [utterance(text) for text in (ANGRY, LOST, PLAIN, "", "yes")])


def test_an_observation_keeps_who_when_and_which_weights(encoder: TextEncoder) -> None:
    seen = read(encoder, PLAIN)
    assert (seen.participant_id, seen.start_us, seen.end_us) == ("ana", 1_000_000, 2_500_000)
    assert (seen.modality, seen.quality, seen.abstain) == ("text", 1.0, None)
    assert seen.model is not None
    assert (seen.model.id, seen.model.version) == ("text-emotion", "v1")


@pytest.mark.parametrize("text", ["", "   ", "???", "... 12 :-)", "x q z j k"])
def test_a_line_without_words_is_not_read(encoder: TextEncoder, text: str) -> None:
    seen = read(encoder, text)
    assert seen.abstain == Abstain(Reason.LOW_ASR)
    assert (seen.quality, dict(seen.scores), dict(seen.dimensions)) == (0.0, {}, {})


def test_words_the_transcriber_does_not_trust_are_not_read(encoder: TextEncoder) -> None:
    assert read(encoder, ANGRY, quality=0.2).abstain == Abstain(Reason.LOW_ASR)
    assert read(encoder, ANGRY, quality=0.0, reason="silence").abstain == Abstain(Reason.SILENCE)


def test_doubtful_and_short_lines_have_less_quality(encoder: TextEncoder) -> None:
    assert read(encoder, ANGRY, quality=0.6).quality == pytest.approx(0.6)
    assert [read(encoder, text).quality for text in ("no", "not now", "not right now", "not right now please")] == [
        0.5,
        0.7,
        0.85,
        1.0,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Ich habe schon dreimal angerufen und niemand kümmert sich darum",
        "Ya he preguntado tres veces y nadie me ha dado una respuesta",
        "J'ai déjà demandé trois fois et personne ne s'en occupe",
        "Já perguntei três vezes e ninguém resolveu o meu problema",
        "Üç kere sordum ve kimse ilgilenmedi, bu çok saçma",
        "Я уже трижды спрашивал",
        "我已经问了三次了",
        "何度も聞いたのに誰も直してくれません",
        "سألت ثلاث مرات ولم يصلحه أحد",
    ],
)
def test_other_languages_are_out_of_domain(encoder: TextEncoder, text: str) -> None:
    assert read(encoder, text).abstain == Abstain(Reason.OUT_OF_DOMAIN)


@pytest.mark.parametrize(
    "text",
    [
        "Kubernetes ingress misconfiguration again, please roll back the deployment",
        "Mr. Nguyễn and Ms. Müller-Lüdenscheidt will join us at the café",
        "yeah",
        "Great job everyone",
        "i dunno whats goin on with this",
    ],
)
def test_english_with_names_and_jargon_is_read(encoder: TextEncoder, text: str) -> None:
    assert read(encoder, text).abstain is None


def test_a_stated_language_is_believed(encoder: TextEncoder) -> None:
    assert read(encoder, PLAIN, language="de-AT").abstain == Abstain(Reason.OUT_OF_DOMAIN)
    assert read(encoder, "Ich verstehe das nicht so ganz", language="en-US").abstain is None


def test_without_the_vad_bundle_no_dimensions_are_said(shelf: Shelf) -> None:
    seen = read(TextEncoder(shelf.load("text-emotion.v1")), PLAIN)
    assert dict(seen.dimensions) == {}
    assert seen.scores["neutral"] > 0.5


def test_a_vad_head_of_another_encoder_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    emotion, vad = shelf.load("text-emotion.v1"), shelf.load("text-vad.v1")
    copy = tmp_path / "text-vad.v1"
    shutil.copytree(vad.folder, copy)
    card = (copy / "card.toml").read_text(encoding="utf-8")
    (copy / "card.toml").write_text(card.replace(emotion.card.files["model.onnx"], "0" * 64), encoding="utf-8")
    with pytest.raises(BundleError, match="fitted to another file"):
        TextEncoder(emotion, Bundle.load(copy))


def test_a_bundle_without_its_tokenizer_is_refused(shelf: Shelf) -> None:
    with pytest.raises(BundleError, match=r"tokenizer\.json: the file is missing"):
        TextEncoder(shelf.load("text-vad.v1"))


def test_a_sample_of_another_modality_is_a_mistake_of_the_caller(encoder: TextEncoder) -> None:
    with pytest.raises(UsageError, match="not text"):
        encoder.encode([object.__new__(VoiceSample)])

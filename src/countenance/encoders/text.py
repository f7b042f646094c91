"""Utterances to observations: which emotions, confusion and frustration the words express."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from countenance.contracts.call import TEXT
from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.media import Quality, Sample, SampleSpec, TextSample
from countenance.contracts.readings import EMOTIONS, NOTHING, Abstain, Observation, Reason
from countenance.encoders.wording import appraise
from countenance.inference.bundle import AGAIN, Bundle
from countenance.inference.shelf import Shelf

EMOTION_BUNDLE, VAD_BUNDLE = "text-emotion.v1", "text-vad.v1"
ALONE = ("confusion", "frustration")
DIMENSIONS = ("valence", "arousal")
LEAST_QUALITY = 0.3
"""Below this sample quality (the transcriber's own confidence) the words are not read."""

Array = NDArray[np.float32]


class TextEncoder:
    """Reads one English utterance at a time, without context.

    The seven emotions may hold together in the net (a text can be sad and angry). For fusion they become one
    distribution: each calibrated probability is raised to a power fitted on dev (near 1) and divided by their sum.
    `confusion` and `frustration` stay calibrated probabilities of their own.
    """

    takes = SampleSpec(TEXT, TextSample)
    needs = (EMOTION_BUNDLE,)

    def __init__(self, emotion: Bundle, vad: Bundle | None = None) -> None:
        self._emotion = emotion
        self._vad = vad
        self._tokenizer = _tokenizer(emotion)
        self._power = _power(emotion)
        labels = emotion.card.outputs["scores"]
        self._emotions = [labels.index(name) for name in EMOTIONS]
        self._alone = {name: labels.index(name) for name in ALONE}
        if vad is not None and vad.card.input.get("encoder_sha256") != emotion.card.files["model.onnx"]:
            raise BundleError(
                f"{vad.folder}: fitted to another file than {emotion.folder / 'model.onnx'}",
                "Install both bundles of one release.",
            )

    @classmethod
    def from_shelf(cls, shelf: Shelf) -> "TextEncoder":
        """The encoder with the bundles of a profile; without the V/A head it says no dimensions."""
        return cls(shelf.load(EMOTION_BUNDLE), shelf.load(VAD_BUNDLE) if shelf.has(VAD_BUNDLE) else None)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per utterance.

        Each runs alone: the net takes texts of one length, without padding.
        """
        return [self._observe(sample) for sample in samples]

    def _observe(self, sample: Sample) -> Observation:
        if not isinstance(sample, TextSample):
            raise UsageError("a text encoder was given a sample that is not text", "Send it text samples only.")
        encoding = self._tokenizer.encode(sample.text)
        quality = _quality(sample, encoding)
        if quality.reason is not None:
            return self._observation(sample, 0.0, abstain=Abstain(Reason(quality.reason)))
        outputs = self._emotion.model.run({"ids": np.array([encoding.ids], np.int64)})
        each = self._emotion.calibration.each(outputs["scores"])[0]
        raised = each[self._emotions] ** self._power
        scores = dict(zip(EMOTIONS, map(float, raised / raised.sum()), strict=True))
        scores.update({name: float(each[index]) for name, index in self._alone.items()})
        said = self._observation(sample, quality.value, scores, self._dimensions(outputs))
        return replace(said, embedding=outputs["embedding"][0])

    def _dimensions(self, outputs: Mapping[str, Array]) -> dict[str, float]:
        if self._vad is None:
            return {}
        features = np.concatenate([outputs["layers"], outputs["embedding"]], axis=1)
        values = self._vad.model.run({"features": features})["dimensions"][0]
        said = dict(zip(self._vad.card.outputs["dimensions"], map(float, values), strict=True))
        return {name: said[name] for name in DIMENSIONS}

    def _observation(
        self,
        sample: TextSample,
        quality: float,
        scores: Mapping[str, float] = NOTHING,
        dimensions: Mapping[str, float] = NOTHING,
        abstain: Abstain | None = None,
    ) -> Observation:
        return Observation(
            participant_id=sample.participant_id,
            modality=TEXT,
            start_us=sample.start_us,
            end_us=sample.end_us,
            quality=quality,
            scores=scores,
            dimensions=dimensions,
            abstain=abstain,
            model=self._emotion.ref,
        )


def _quality(sample: TextSample, encoding: Encoding) -> Quality:
    """What the capture says of the sample, times what the words themselves allow."""
    if sample.quality.value < LEAST_QUALITY:
        return Quality(0.0, sample.quality.reason or Reason.LOW_ASR)
    worded = appraise(sample.text, encoding.tokens[1:-1], sample.language)
    return Quality(sample.quality.value * worded.value, worded.reason)


def _power(bundle: Bundle) -> float:
    power = bundle.calibration.extra.get("distribution_power")
    if not isinstance(power, int | float):
        raise BundleError(f"{bundle.folder / 'calibration.json'}: no distribution_power", AGAIN)
    return float(power)


def _tokenizer(bundle: Bundle) -> Tokenizer:
    path = bundle.folder / "tokenizer.json"
    if not path.is_file():
        raise BundleError(f"{path}: the file is missing", AGAIN)
    return Tokenizer.from_file(str(path))

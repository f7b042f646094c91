"""Voice samples to observations: prosody always; emotions, valence and arousal where the bundle is installed."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import VOICE
from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.media import SAMPLE_RATE, Sample, SampleSpec, VoiceSample
from countenance.contracts.readings import EMOTIONS, NOTHING, Abstain, Observation, Reason
from countenance.encoders.prosody import prosody
from countenance.inference.bundle import Bundle
from countenance.inference.logmel import MELS, Floats, SpeakerPrior, log_mel, normalised
from countenance.inference.shelf import Shelf

Said = tuple[Mapping[str, float], Mapping[str, float], Floats | None]

BUNDLE = "voice-emotion.v1"
CONTEXT_FRAMES = 300
"""The net hears the last 3 s at most."""

FOLDED = {"calm": "neutral"}
"""The net has a class that EMOTIONS has not: its probability joins its neighbour, and is also said on its own."""

LEAST_SPEECH_S = 0.3
_BATCH = 16


class VoiceEncoder:
    """Reads voice; no clock, no memory between calls. Without a bundle it says prosody only."""

    takes = SampleSpec(VOICE, VoiceSample)
    needs: tuple[str, ...] = ()

    def __init__(self, bundle: Bundle | None) -> None:
        self._bundle = bundle
        self._spoken = _spoken(bundle) if bundle else None

    @classmethod
    def from_shelf(cls, shelf: Shelf) -> "VoiceEncoder":
        """The encoder with the bundle of a profile, or for prosody only where the profile has none."""
        return cls(shelf.load(BUNDLE) if shelf.has(BUNDLE) else None)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per sample, in order."""
        voices = [sample for sample in samples if isinstance(sample, VoiceSample)]
        if len(voices) != len(samples):
            raise UsageError("the voice encoder was given a sample that is not voice", "Send it voice samples only.")
        heard = [voice for voice in voices if refusal(voice) is None]
        frames = [log_mel(voice.pcm) for voice in heard]
        said = iter(zip(heard, frames, self._emotions(heard, frames), strict=True))
        return [self._observe(*next(said)) if refusal(voice) is None else self._silent(voice) for voice in voices]

    def _emotions(self, voices: Sequence[VoiceSample], frames: Sequence[Floats]) -> list[Said]:
        """Scores, dimensions and embedding of each voice; empty ones without a bundle."""
        if self._bundle is None or self._spoken is None:
            return [(NOTHING, NOTHING, None)] * len(voices)
        labels, dimensions, prior = self._spoken
        said: list[Said] = []
        for at in range(0, len(voices), _BATCH):
            out = self._bundle.model.run(net_input(voices[at : at + _BATCH], frames[at : at + _BATCH], prior))
            chances = self._bundle.calibration.distribution(out["scores"])
            inner = out["embedding"] if "embedding" in out else [None] * len(chances)
            said += [
                (folded(dict(zip(labels, row, strict=True))), dict(zip(dimensions, places, strict=True)), within)
                for row, places, within in zip(chances.tolist(), out["dimensions"].tolist(), inner, strict=True)
            ]
        return said

    def _observe(self, voice: VoiceSample, frames: Floats, said: Said) -> Observation:
        return Observation(
            participant_id=voice.participant_id,
            modality=VOICE,
            start_us=voice.start_us,
            end_us=voice.end_us,
            quality=voice.quality.value,
            scores=said[0],
            dimensions=said[1],
            cues=prosody(voice.pcm, voice.speech, frames),
            model=self._bundle.ref if self._bundle else None,
            embedding=said[2],
        )

    def _silent(self, voice: VoiceSample) -> Observation:
        return Observation(
            participant_id=voice.participant_id,
            modality=VOICE,
            start_us=voice.start_us,
            end_us=voice.end_us,
            quality=0.0,
            abstain=refusal(voice),
            model=self._bundle.ref if self._bundle else None,
        )


def net_input(
    voices: Sequence[VoiceSample], log_mels: Sequence[Floats], prior: SpeakerPrior
) -> dict[str, NDArray[np.float32]]:
    """Normalised log-mel frames (n, 1, 64, 300) and which of the 300 are sound (n, 300)."""
    frames = np.zeros((len(voices), 1, MELS, CONTEXT_FRAMES), np.float32)
    present = np.zeros((len(voices), CONTEXT_FRAMES), np.float32)
    for at, (voice, own) in enumerate(zip(voices, log_mels, strict=True)):
        heard = normalised(own, voice.baseline, prior)[-CONTEXT_FRAMES:]
        frames[at, 0, :, : len(heard)] = heard.T
        present[at, : len(heard)] = 1.0
    return {"frames": frames, "present": present}


def folded(shares: Mapping[str, float]) -> dict[str, float]:
    """One distribution over EMOTIONS, with each folded class beside it."""
    scores = dict(shares)
    for extra, neighbour in FOLDED.items():
        scores[neighbour] = min(1.0, scores[neighbour] + shares[extra])
    return scores


def refusal(voice: VoiceSample) -> Abstain | None:
    """Why a sample cannot be read, or None when it can."""
    speech = sum(end - start for start, end in voice.speech) / SAMPLE_RATE
    if speech < LEAST_SPEECH_S:
        return Abstain(Reason.SILENCE, f"{speech:.2f} s of speech, at least {LEAST_SPEECH_S} s are needed")
    if voice.quality.value <= 0.0:
        return Abstain(Reason(voice.quality.reason) if voice.quality.reason else Reason.OUT_OF_DOMAIN)
    return None


def _spoken(bundle: Bundle) -> tuple[tuple[str, ...], tuple[str, ...], SpeakerPrior]:
    """Labels, dimensions and prior of a bundle, checked."""
    labels, dimensions = bundle.card.outputs.get("scores", ()), bundle.card.outputs.get("dimensions", ())
    if wrong := sorted(set(labels) ^ {*EMOTIONS, *FOLDED}):
        raise BundleError(
            f"{bundle.folder}: its emotions differ from the expected ones in {', '.join(wrong)}",
            "Install a voice bundle made for this version.",
        )
    prior = bundle.calibration.extra.get("prior")
    if not isinstance(prior, dict) or {len(prior.get(part, ())) for part in ("mean", "variance")} != {MELS}:
        raise BundleError(
            f"{bundle.folder / 'calibration.json'}: the speaker prior is missing or not {MELS} bands wide",
            "Install the bundle again from a trusted copy.",
        )
    return labels, dimensions, SpeakerPrior(tuple(prior["mean"]), tuple(prior["variance"]))

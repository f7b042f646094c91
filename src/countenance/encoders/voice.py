"""Voice samples to observations: prosody always; emotions, valence and arousal where the bundle is installed.

Without a bundle, as under the `commercial` profile, arousal is said by a published rule with no weights in it.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from countenance.contracts.call import VOICE
from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.media import SAMPLE_RATE, Sample, SampleSpec, Sounding, VoiceSample
from countenance.contracts.readings import EMOTIONS, NOTHING, Abstain, Observation, Reason
from countenance.encoders.arousal import arousal
from countenance.encoders.functionals import FUNCTIONALS, Heard, functionals
from countenance.encoders.prosody import prosody
from countenance.inference.bundle import Bundle
from countenance.inference.hearing import sounding_of
from countenance.inference.logmel import MELS, Floats, SpeakerPrior, normalised, speech_frames
from countenance.inference.pitch import relative_pitch
from countenance.inference.shelf import Shelf

Said = tuple[Mapping[str, float], Mapping[str, float], Floats | None]
Measured = tuple[VoiceSample, Sounding]

BUNDLE = "voice-emotion.v1"
CONTEXT_FRAMES = 300
"""The net hears the last 3 s at most."""

FOLDED = {"calm": "neutral"}
"""The net has a class that EMOTIONS has not: its probability joins its neighbour, and is also said on its own."""

INPUTS = ("frames", "present", "functionals")
"""What a net may ask for; see `net_input`."""

LEAST_SPEECH_S = 0.3
_BATCH = 16


class VoiceEncoder:
    """Reads voice; no clock, no memory between calls. Without a bundle it says prosody and arousal only."""

    takes = SampleSpec(VOICE, VoiceSample)
    needs: tuple[str, ...] = ()

    def __init__(self, bundle: Bundle | None) -> None:
        self._bundle = bundle
        self._spoken = _spoken(bundle) if bundle else None

    @classmethod
    def from_shelf(cls, shelf: Shelf) -> "VoiceEncoder":
        """The encoder with the bundle of a profile, or for prosody and arousal where the profile has none."""
        return cls(shelf.load(BUNDLE) if shelf.has(BUNDLE) else None)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per sample, in order."""
        voices = [sample for sample in samples if isinstance(sample, VoiceSample)]
        if len(voices) != len(samples):
            raise UsageError("the voice encoder was given a sample that is not voice", "Send it voice samples only.")
        heard = [(voice, sounding_of(voice)) for voice in voices if refusal(voice) is None]
        said = iter(zip(heard, self._read(heard), strict=True))
        return [self._observe(*next(said)) if refusal(voice) is None else self._silent(voice) for voice in voices]

    def _read(self, heard: Sequence[Measured]) -> list[Said]:
        """Scores, dimensions and embedding of each voice; without a bundle, arousal by rule alone."""
        if self._bundle is None or self._spoken is None:
            return [(NOTHING, arousal(*one), None) for one in heard]
        labels, dimensions, prior = self._spoken
        said: list[Said] = []
        for at in range(0, len(heard), _BATCH):
            inputs = net_input(heard[at : at + _BATCH], prior)
            out = self._bundle.model.run({name: inputs[name] for name in self._bundle.model.inputs})
            chances = self._bundle.calibration.distribution(out["scores"])
            inner = out["embedding"] if "embedding" in out else [None] * len(chances)
            said += [
                (folded(dict(zip(labels, row, strict=True))), dict(zip(dimensions, places, strict=True)), within)
                for row, places, within in zip(chances.tolist(), out["dimensions"].tolist(), inner, strict=True)
            ]
        return said

    def _observe(self, heard: Measured, said: Said) -> Observation:
        voice, sounding = heard
        return Observation(
            participant_id=voice.participant_id,
            modality=VOICE,
            start_us=voice.start_us,
            end_us=voice.end_us,
            quality=voice.quality.value,
            scores=said[0],
            dimensions=said[1],
            cues=prosody(voice.pcm, voice.speech, sounding),
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


def net_input(heard: Sequence[Measured], prior: SpeakerPrior) -> dict[str, Floats]:
    """Normalised log-mel frames (n, 1, 64, 300), which of the 300 are sound (n, 300), and functionals (n, k)."""
    frames = np.zeros((len(heard), 1, MELS, CONTEXT_FRAMES), np.float32)
    present = np.zeros((len(heard), CONTEXT_FRAMES), np.float32)
    rows = np.zeros((len(heard), FUNCTIONALS), np.float32)
    for at, (voice, sounding) in enumerate(heard):
        recent = _recent(sounding)
        own = normalised(recent.frames, voice.baseline, prior)
        frames[at, 0, :, : len(own)] = own.T
        present[at, : len(own)] = 1.0
        pitch = relative_pitch(recent.pitch, voice.baseline)
        rows[at] = functionals(Heard(own, speech_frames(recent.frames), pitch, recent.periodic))
    return {"frames": frames, "present": present, "functionals": rows}


def _recent(sounding: Sounding) -> Sounding:
    """The last 3 s."""
    if len(sounding.frames) <= CONTEXT_FRAMES:
        return sounding
    first = (len(sounding.frames) - CONTEXT_FRAMES) // 2
    return Sounding(sounding.frames[-CONTEXT_FRAMES:], sounding.pitch[first:], sounding.periodic[first:])


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
    if stray := [name for name in bundle.model.inputs if name not in INPUTS]:
        raise BundleError(
            f"{bundle.folder / 'model.onnx'}: it wants {', '.join(stray)}, which voices do not give",
            "Install a voice bundle made for this version.",
        )
    return labels, dimensions, SpeakerPrior(tuple(prior["mean"]), tuple(prior["variance"]))

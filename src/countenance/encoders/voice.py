"""Voice samples to observations: prosody always; emotions, valence and arousal where the bundle is installed.

Without a bundle, as under the `commercial` profile, arousal is said by a published rule with no weights in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from countenance.contracts.call import VOICE
from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.media import SAMPLE_RATE, Sample, SampleSpec, Sounding, VoiceSample
from countenance.contracts.readings import EMOTIONS, NOTHING, Abstain, Observation, Reason
from countenance.encoders.arousal import arousal
from countenance.encoders.prosody import prosody
from countenance.inference.bundle import Bundle
from countenance.inference.functionals import FUNCTIONALS
from countenance.inference.hearing import look_of, part_of, sounding_of
from countenance.inference.logmel import MELS, Floats, SpeakerPrior
from countenance.inference.looks import net_input, stretch_of, trimmed
from countenance.inference.shelf import Shelf

Said = tuple[Mapping[str, float], Mapping[str, float], Floats | None]

BUNDLE = "voice-emotion.v1"
FOLDED = {"calm": "neutral"}
"""The net has a class that EMOTIONS has not: its probability joins its neighbour, and is also said on its own."""

INPUTS = ("frames", "present", "functionals", "seconds", "lift", "usual", "usual_square", "usual_seconds")
"""What a net may ask for; see `looks.net_input`."""
STATISTICS = ("functionals", "usual", "usual_square")
"""Of these, what has a place for every statistic."""

LEAST_SPEECH_S = 0.3


class VoiceEncoder:
    """Reads voice; no clock, no memory between calls. Without a bundle it says prosody and arousal only."""

    takes = SampleSpec(VOICE, VoiceSample, glances=True)
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
        readable = [voice for voice in voices if refusal(voice) is None]
        said = iter(self._said(readable))
        return [
            self._observe(voice, *next(said)) if refusal(voice) is None else self._silent(voice) for voice in voices
        ]

    def _said(self, voices: Sequence[VoiceSample]) -> Iterator[tuple[Sounding, Said]]:
        """What was measured of each voice, and what is said of it; looks at one stretch are read in one pass."""
        for sounding, looks in shared(voices):
            if self._bundle is None or self._spoken is None:
                yield from ((sounding, (NOTHING, arousal(one, self._piece(one, sounding)), None)) for one in looks)
            else:
                yield from ((sounding, said) for said in self._read(sounding, looks, *self._spoken, self._bundle))

    @staticmethod
    def _piece(voice: VoiceSample, sounding: Sounding) -> Sounding:
        return part_of(sounding, look_of(voice, sounding))

    def _read(
        self,
        sounding: Sounding,
        looks: Sequence[VoiceSample],
        labels: tuple[str, ...],
        dimensions: tuple[str, ...],
        prior: SpeakerPrior,
        bundle: Bundle,
    ) -> Iterator[Said]:
        inputs = asked_of(sounding, looks, prior)
        out = bundle.model.run({name: inputs[name] for name in bundle.model.inputs})
        chances = bundle.calibration.distribution(out["scores"])
        inner = out["embedding"] if "embedding" in out else [None] * len(chances)
        for row, places, within in zip(chances.tolist(), out["dimensions"].tolist(), inner, strict=True):
            yield folded(dict(zip(labels, row, strict=True))), dict(zip(dimensions, places, strict=True)), within

    def _observe(self, voice: VoiceSample, sounding: Sounding, said: Said) -> Observation:
        return Observation(
            participant_id=voice.participant_id,
            modality=VOICE,
            start_us=voice.start_us,
            end_us=voice.end_us,
            quality=voice.quality.value,
            scores=said[0],
            dimensions=said[1],
            cues=NOTHING if voice.glance else prosody(voice.pcm, voice.speech, self._piece(voice, sounding)),
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


def shared(voices: Sequence[VoiceSample]) -> Iterator[tuple[Sounding, list[VoiceSample]]]:
    """Neighbours that are looks at one stretch, measured and normalised alike, together; nothing else decides."""
    for _, own in groupby(voices, lambda one: (id(one.sounding or one), id(one.baseline))):
        looks = list(own)
        yield sounding_of(looks[0]), looks


def asked_of(sounding: Sounding, looks: Sequence[VoiceSample], prior: SpeakerPrior) -> dict[str, Floats]:
    """What a net may ask for of looks at one stretch, by name."""
    stretch = stretch_of(sounding, looks[0].baseline, prior)
    return net_input(stretch, [trimmed(stretch.heard.spoken, look_of(one, sounding)) for one in looks])


def folded(shares: Mapping[str, float]) -> dict[str, float]:
    """One distribution over EMOTIONS, with each folded class beside it."""
    scores = dict(shares)
    for extra, neighbour in FOLDED.items():
        scores[neighbour] = min(1.0, scores[neighbour] + shares[extra])
    return scores


def refusal(voice: VoiceSample) -> Abstain | None:
    """Why a sample cannot be read, or None when it can."""
    speech = sum(end - start for start, end in voice.speech) / SAMPLE_RATE
    if speech < LEAST_SPEECH_S and not voice.glance:  # capture glances only where it heard enough
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
    shapes = bundle.model.input_shapes
    widths = {name: shapes[name][-1] for name in STATISTICS if name in shapes}
    if other := [f"{width} of {name}" for name, width in widths.items() if width != FUNCTIONALS]:
        raise BundleError(
            f"{bundle.folder / 'model.onnx'}: it wants {', '.join(other)}, and {FUNCTIONALS} are measured",
            "Install a voice bundle made for this version.",
        )
    if len(bundle.model.input_shapes.get("present", (1, 1, 1))) != 3:
        raise BundleError(
            f"{bundle.folder / 'model.onnx'}: it reads one voice at a time, not looks at a stretch",
            "Install a voice bundle made for this version.",
        )
    return labels, dimensions, SpeakerPrior(tuple(prior["mean"]), tuple(prior["variance"]))

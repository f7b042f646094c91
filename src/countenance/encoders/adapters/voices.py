"""Voices read by somebody else's net on raw sound: heads on wav2vec2, WavLM and their like."""

from collections.abc import Sequence

from countenance.contracts.call import VOICE
from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.media import Sample, SampleSpec, VoiceSample
from countenance.contracts.readings import Observation
from countenance.encoders.adapters.saying import Said, said
from countenance.encoders.voice import refusal
from countenance.inference.adapter import Adapter
from countenance.inference.feeding import voice_feed


class AdaptedVoiceEncoder:
    """Reads the last seconds of a voice, one clip at a time: padding would change what such nets say."""

    takes = SampleSpec(VOICE, VoiceSample)

    def __init__(self, adapter: Adapter) -> None:
        if adapter.spec.voice is None or adapter.spec.output is None:
            raise BundleError(f"{adapter.folder}: no adapter for voices", "Give a card with [voice] and [output].")
        self._asked, self._output, self._ref = adapter.spec.voice, adapter.spec.output, adapter.ref
        self._adapter, self._model = adapter, adapter.opened()

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per clip, in order."""
        return [self._observe(sample) for sample in samples]

    def _observe(self, voice: Sample) -> Observation:
        if not isinstance(voice, VoiceSample):
            raise UsageError("a voice encoder was given a sample that is not voice", "Send it voice samples only.")
        why = refusal(voice)
        scores, dimensions = ({}, {}) if why else self._said(voice)
        return Observation(
            participant_id=voice.participant_id,
            modality=VOICE,
            start_us=voice.start_us,
            end_us=voice.end_us,
            quality=0.0 if why else voice.quality.value,
            scores=scores,
            dimensions=dimensions,
            abstain=why,
            model=self._ref,
        )

    def _said(self, voice: VoiceSample) -> Said:
        return said(self._adapter.answer(self._model, voice_feed(voice.pcm, self._asked)), self._output)

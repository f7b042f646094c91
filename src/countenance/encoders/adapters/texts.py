"""Utterances read by somebody else's net: DistilRoBERTa, ModernBERT and their like."""

from collections.abc import Sequence

from tokenizers import Encoding

from countenance.contracts.call import TEXT
from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.media import Quality, Sample, SampleSpec, TextSample
from countenance.contracts.readings import Abstain, Observation, Reason
from countenance.encoders.adapters.saying import Said, said
from countenance.encoders.text import LEAST_QUALITY
from countenance.encoders.wording import appraise
from countenance.inference.adapter import Adapter
from countenance.inference.feeding import read_tokenizer, text_feed

MARKS = "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}\N{LOWER ONE EIGHTH BLOCK}"
"""How byte-level and sentence-piece tokenizers write a space before a word."""


class AdaptedTextEncoder:
    """Reads one English utterance at a time, without context."""

    takes = SampleSpec(TEXT, TextSample)

    def __init__(self, adapter: Adapter) -> None:
        if adapter.spec.text is None or adapter.spec.output is None:
            raise BundleError(f"{adapter.folder}: no adapter for texts", "Give a card with [text] and [output].")
        self._asked, self._output, self._ref = adapter.spec.text, adapter.spec.output, adapter.ref
        self._adapter, self._model = adapter, adapter.opened()
        self._tokenizer = read_tokenizer(adapter.folder, self._asked)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per utterance, in order."""
        return [self._observe(sample) for sample in samples]

    def _observe(self, text: Sample) -> Observation:
        if not isinstance(text, TextSample):
            raise UsageError("a text encoder was given a sample that is not text", "Send it text samples only.")
        encoding = self._tokenizer.encode(text.text)
        quality = _quality(text, encoding)
        scores, dimensions = ({}, {}) if quality.reason else self._said(encoding)
        return Observation(
            participant_id=text.participant_id,
            modality=TEXT,
            start_us=text.start_us,
            end_us=text.end_us,
            quality=0.0 if quality.reason else quality.value,
            scores=scores,
            dimensions=dimensions,
            abstain=Abstain(Reason(quality.reason)) if quality.reason else None,
            model=self._ref,
        )

    def _said(self, encoding: Encoding) -> Said:
        return said(self._adapter.answer(self._model, text_feed(encoding, self._asked)), self._output)


def _quality(text: TextSample, encoding: Encoding) -> Quality:
    """What the capture says of the sample, times what the words themselves allow."""
    if text.quality.value < LEAST_QUALITY:
        return Quality(0.0, text.quality.reason or Reason.LOW_ASR)
    marks = zip(encoding.tokens, encoding.special_tokens_mask, strict=True)
    worded = appraise(text.text, [piece.lstrip(MARKS) for piece, special in marks if not special], text.language)
    return Quality(text.quality.value * worded.value, worded.reason)

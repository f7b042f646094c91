"""The ways in which words come to a live call: its own transcripts, then captions handed in, then a transcriber."""

from collections.abc import Mapping

from countenance.capture.captioned import CaptionedSource
from countenance.capture.mixing import Source
from countenance.capture.transcribed import TranscribedSource
from countenance.contracts.media import Utterance
from countenance.contracts.stages import Transcriber


class Words:
    """The words of one call."""

    def __init__(self, transcriber: Transcriber | None = None, slots: int = 1) -> None:
        """Without a transcriber everybody may be captioned; with one, those for whom captions come."""
        self._transcriber, self._slots = transcriber, slots
        self._captions: CaptionedSource | None = None

    def around(self, source: Source) -> Source:
        """The source of the call, and words beside it."""
        self._captions = CaptionedSource(source, everyone=self._transcriber is None)
        if self._transcriber is None:
            return self._captions
        return TranscribedSource(self._captions, self._transcriber, self._slots)

    def said(self, words: Utterance) -> bool:
        """Captions handed in; False where they may not be read, or the call brings its own."""
        return self._captions is not None and self._captions.say(words)

    def counts(self) -> Mapping[str, int]:
        """Captions that were not taken, by reason."""
        return {} if self._captions is None else dict(self._captions.counts)

"""A real recogniser that needs nothing downloaded: pocketsphinx. Its words are poor; it is here for tests alone."""

import importlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from countenance.capture.recognition import Heard
from countenance.contracts.media import SAMPLE_RATE, SECOND_US


class SphinxRecogniser:
    """English words by pocketsphinx, with the model of its wheel."""

    def __init__(self) -> None:
        package = importlib.import_module("pocketsphinx")
        self._decoder = package.Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")

    def recognise(self, pcm: NDArray[np.int16]) -> Iterator[Heard]:
        """One utterance per stretch; its confidence means little."""
        self._decoder.start_utt()
        self._decoder.process_raw(pcm.tobytes(), full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        if found is not None and found.hypstr:
            yield Heard(0, len(pcm) * SECOND_US // SAMPLE_RATE, found.hypstr, None, "en")

"""Gathering the observations of one participant into one-second windows.

A face or voice observation counts in the window in which its evidence ends. Words last longer than the moment they were
said: an utterance also speaks for the seconds after it, with a quality that fades. Text never holds a window open.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pydantic import ConfigDict, TypeAdapter

from countenance.contracts.call import TEXT, Modality
from countenance.contracts.media import SECOND_US, Missing
from countenance.contracts.readings import Abstain, Observation, Reason, Window

HOLD_US = 6 * SECOND_US
WORDS = TypeAdapter(list[Observation], config=ConfigDict(arbitrary_types_allowed=True))
UNSAVED = {"__all__": {"embedding"}}
FADE_US = 4 * SECOND_US
"""Time constant with which an utterance's quality fades."""


@dataclass(slots=True)
class Windower:
    """The open window of one participant."""

    participant_id: str
    _fresh: list[Observation] = field(default_factory=list)
    _words: list[Observation] = field(default_factory=list)
    _missing: list[Missing] = field(default_factory=list)

    def add(self, observations: Iterable[Observation]) -> None:
        """Take what the encoders said."""
        for seen in observations:
            (self._words if seen.modality == TEXT else self._fresh).append(seen)

    def miss(self, gaps: Iterable[Missing]) -> None:
        """Take stretches in which a permitted modality gave nothing."""
        self._missing.extend(gaps)

    def drop(self, modality: Modality) -> None:
        """Forget what is held of a modality: its consent was withdrawn."""
        self._fresh = [seen for seen in self._fresh if seen.modality != modality]
        self._words = [seen for seen in self._words if seen.modality != modality]
        self._missing = [gap for gap in self._missing if gap.modality != modality]

    def close(self, start_us: int, end_us: int, barred: Mapping[Modality, Abstain]) -> Window:
        """The window's contents; `barred` names modalities that may not be read, and why: nothing of them is in it."""
        for modality in barred:
            self.drop(modality)
        held = tuple(_faded(seen, end_us) for seen in self._words)
        seen = (*self._fresh, *held)
        heard = {observation.modality for observation in seen if observation.abstain is None}
        missing = {gap.modality: Abstain(Reason(gap.reason)) for gap in self._missing if gap.modality not in heard}
        missing |= {o.modality: o.abstain for o in seen if o.abstain is not None and o.modality not in heard}
        missing |= barred
        self._fresh.clear()
        self._missing.clear()
        self._words = [word for word in self._words if word.end_us + HOLD_US > end_us]
        return Window(self.participant_id, start_us, end_us, seen, missing)

    def state(self) -> object:
        """The utterances that still speak for the coming seconds, as plain values; valid between windows.

        Embeddings are not among them: nothing of the kind goes to disk. After an interruption a head reads the scores
        of these utterances alone, for HOLD_US at most.
        """
        return WORDS.dump_python(self._words, mode="json", exclude=UNSAVED)

    def restore(self, state: object) -> None:
        """Go on from a `state`."""
        self._words = WORDS.validate_python(state)


def _faded(seen: Observation, now_us: int) -> Observation:
    age = max(0, now_us - SECOND_US - seen.end_us)
    return replace(seen, quality=seen.quality * math.exp(-age / FADE_US))

"""Rows that the second expert hears, in training and when it is judged, with the extras beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.stand_ins.extras import EXTRAS, extras
from bench.stand_ins.tone import tone
from countenance.contracts.media import Sounding
from countenance.inference.functionals import Look, functionals
from countenance.inference.hearing import learnt
from countenance.inference.lift import lifts
from countenance.inference.logmel import FRAMES_PER_SECOND, MEMORY_SECONDS, Floats, SpeakerPrior, speech_frames, unheard
from countenance.inference.looks import LOOK_STEPS, UNSEEN, Stretch, stretch_of, trimmed
from countenance.training.datasets.ravdess import Clip
from countenance.training.voice_emotion.fit import TrainingSet
from countenance.training.voice_emotion.recipe import StatisticsRecipe
from countenance.training.voice_emotion.sessions import piece, recent
from countenance.training.voice_emotion.sounds import VERSIONS, version, wave_of
from countenance.training.voice_emotion.statistics_fit import _higher, _passes

_SHORTEST, _PRIOR_JITTER = 50, 0.1  # as the trainer has them


@dataclass(frozen=True, slots=True, eq=False)
class Toned(Sounding):
    """A sounding with its tone."""

    tone: Floats


@dataclass(frozen=True, slots=True)
class Rows:
    """What is heard (n rows): functionals then extras, what is usual for the speaker, the rule, and which clip."""

    rows: Floats
    usual: Floats
    square: Floats
    seconds: Floats
    lifts: Floats
    clips: NDArray[np.intp]


def toned(clips: Sequence[Clip], versions: Sequence[Sequence[Sounding]], keep_in: Path) -> list[list[Toned]]:
    """Every version with its tone, which is measured once and kept."""
    if keep_in.exists():
        with np.load(keep_in) as kept:
            tones = [kept[str(at)] for at in range(VERSIONS)]
    else:
        waves, actors = [wave_of(clip) for clip in clips], [clip.actor for clip in clips]
        tones = [
            np.concatenate(
                [
                    tone(wave, one.pitch, one.periodic)
                    for wave, one in zip(version(waves, actors, at), versions[at], strict=True)
                ]
            )
            for at in range(VERSIONS)
        ]
        np.savez(keep_in, **{str(at): one for at, one in enumerate(tones)})
    out = []
    for own, measured in zip(tones, versions, strict=True):
        parts = np.split(own, np.cumsum([len(one.pitch) for one in measured])[:-1])
        out.append([Toned(m.frames, m.pitch, m.periodic, t) for m, t in zip(measured, parts, strict=True)])
    return out


class _Speaker:
    """What is usual for one speaker, the extras too, learnt as capture learns the rest."""

    def __init__(self) -> None:
        self.baseline = unheard()
        self.mean, self.square = np.zeros(EXTRAS, np.float32), np.zeros(EXTRAS, np.float32)

    def hear(self, sounding: Sounding, tones: Floats, prior: SpeakerPrior) -> Stretch:
        before = self.baseline.manner or UNSEEN
        self.baseline = learnt(self.baseline, sounding)
        stretch = stretch_of(sounding, self.baseline, prior)
        after = self.baseline.manner or UNSEEN
        if not after.waiting_s:
            waiting = before.waiting_s + int(speech_frames(sounding.frames).sum()) / FRAMES_PER_SECOND
            share = np.float32(waiting / (before.seconds + waiting))
            steps = len(stretch.heard.spoken)
            look = trimmed(stretch.heard.spoken, (max(0, steps - LOOK_STEPS), steps))
            row = extras(stretch.heard, tones, [look])[0]
            self.mean = self.mean + share * (row - self.mean)
            self.square = self.square + share * (row * row - self.square)
        return stretch


def heard_rows(
    soundings: Sequence[Toned],
    chosen: NDArray[np.intp],
    prior: SpeakerPrior,
    rng: np.random.Generator | None = None,
    forget: bool = False,
) -> Rows:
    """Clips of one speaker in this order; pieces as in training, or the last 3 s of each where nothing is drawn."""
    voice = 1.0 if rng is None else 2 ** rng.normal(0.0, _PRIOR_JITTER)
    speaker, parts = _Speaker(), []
    heard = []
    for at in chosen:
        if forget:
            speaker = _Speaker()
        one = _higher(soundings[at], voice)
        plain = Sounding(np.asarray(one.frames, np.float32), one.pitch, one.periodic)
        heard.append((at, speaker.hear(plain, soundings[at].tone, prior), speaker.mean, speaker.square))
    for at, stretch, mean, square in heard:
        look: list[Look] = [recent(stretch) if rng is None else piece(stretch, _SHORTEST, rng)]
        row = np.concatenate([functionals(stretch.heard, look)[0], extras(stretch.heard, soundings[at].tone, look)[0]])
        manner = stretch.manner
        parts.append(
            (
                row,
                np.concatenate([manner.mean, mean]),
                np.concatenate([manner.square, square]),
                min(manner.seconds, MEMORY_SECONDS),
                lifts(stretch.above, look)[0],
                at,
            )
        )
    return together([Rows(*(np.array(part) for part in zip(*parts, strict=True)))])


def together(parts: Sequence[Rows]) -> Rows:
    """Under one another."""
    return Rows(*(np.concatenate([getattr(one, name) for one in parts]) for name in Rows.__slots__))


def training_rows(data: TrainingSet, asked: StatisticsRecipe, rng: np.random.Generator) -> Rows:
    """Every clip of every pass of the trainer, a piece of each."""
    parts = []
    for chosen, soundings, forget in _passes(data, asked, rng):
        parts.append(heard_rows(soundings, chosen, data.prior, rng, forget))  # type: ignore[arg-type]
    return together(parts)

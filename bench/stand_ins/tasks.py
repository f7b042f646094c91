"""The seven stand-ins: who trains, who is judged, and how the judged are heard. No actor is on both sides of any."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.training.datasets.ravdess import LABELS, Clip
from countenance.training.voice_emotion.sounds import CLEAN_SPEEDS

FOUR = tuple(LABELS.index(name) for name in ("neutral", "happy", "sad", "angry"))
"""The classes that most corpora act; the score is restricted to them."""
PLAIN, DISTURBED = 0, len(CLEAN_SPEEDS)
"""Versions of the recordings: as they are, and from a place with its own room, noise and band."""
NAMES = (
    "sentence",
    "sentence, disturbed",
    "gender",
    "intensity",
    "skewed sessions",
    "gender and sentence, disturbed",
    "gender and sentence, skewed sessions",
)
FAR = NAMES[5:]
"""The two nearest to another corpus."""

_SKEW = 0.7  # of a Dirichlet distribution over the four classes, as in training
_SKEWED_CLIPS, _SKEWED_SESSIONS = 24, 4  # of each actor
_NEUTRAL = LABELS.index("neutral")

Chosen = Callable[[Clip], bool]


@dataclass(frozen=True, slots=True)
class Judge:
    """Clips that a net is judged on."""

    name: str
    chosen: Chosen
    version: int = PLAIN
    skewed: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """One training set and who judges what comes of it."""

    chosen: Chosen
    judges: tuple[Judge, ...]


def tasks(actors: Sequence[int]) -> list[Task]:
    """Sixteen fits; every stand-in is judged from both sides."""
    ordered = sorted(set(actors))
    halves = set(ordered[: len(ordered) // 2]), set(ordered[len(ordered) // 2 :])
    found = []
    for own, other in (halves, halves[::-1]):
        found += [_sentence(own, other, said) for said in (1, 2)]
        found += [_intensity(own, other, strong) for strong in (False, True)]
        found.append(Task(_of(own), (Judge(NAMES[4], _of(other), skewed=True),)))
    women, men = ({one for one in ordered if one % 2 == told} for told in (0, 1))
    for own, other in ((women, men), (men, women)):
        found.append(Task(_of(own), (Judge(NAMES[2], _of(other)),)))
        found += [_both(own, other, said) for said in (1, 2)]
    return found


def fewer(actors: Sequence[int], one_in: int) -> set[int]:
    """One in so many of these actors, women and men alike."""
    return set(sorted(set(actors), key=lambda actor: (actor % 2, actor))[::one_in])


def _of(actors: set[int]) -> Chosen:
    return lambda clip: clip.actor in actors


def _said(actors: set[int], statement: int) -> Chosen:
    return lambda clip: clip.actor in actors and clip.statement == statement


def _acted(actors: set[int], strong: bool) -> Chosen:
    """Neutral is acted in one intensity only and stands on both sides."""
    return lambda clip: clip.actor in actors and (clip.strong == strong or clip.label == _NEUTRAL)


def _sentence(own: set[int], other: set[int], said: int) -> Task:
    new = _said(other, 3 - said)
    return Task(_said(own, said), (Judge(NAMES[0], new), Judge(NAMES[1], new, DISTURBED)))


def _intensity(own: set[int], other: set[int], strong: bool) -> Task:
    return Task(_acted(own, strong), (Judge(NAMES[3], _acted(other, not strong)),))


def _both(own: set[int], other: set[int], said: int) -> Task:
    new = _said(other, 3 - said)
    return Task(_said(own, said), (Judge(NAMES[5], new, DISTURBED), Judge(NAMES[6], new, skewed=True)))


def streams(clips: Sequence[Clip], judge: Judge) -> list[NDArray[np.intp]]:
    """The judged clips (places in `clips`) as each actor is heard; skewed sessions hold four classes only."""
    out = []
    for actor in sorted({clip.actor for clip in clips if judge.chosen(clip)}):
        own = np.array([at for at, clip in enumerate(clips) if clip.actor == actor and judge.chosen(clip)])
        rng = np.random.default_rng([actor, NAMES.index(judge.name)])
        if not judge.skewed:
            out.append(rng.permutation(own))
            continue
        own = own[np.isin([clips[at].label for at in own], FOUR)]
        labels = np.array([clips[at].label for at in own])
        for _ in range(_SKEWED_SESSIONS):
            shares = rng.dirichlet([_SKEW] * len(LABELS))[labels] + 1e-3
            size = min(_SKEWED_CLIPS, len(own)) // 2
            out.append(rng.choice(own, size, replace=False, p=shares / shares.sum()))
    return out

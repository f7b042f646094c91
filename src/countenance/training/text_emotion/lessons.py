"""What a course of training shows: texts, targets, how often each text comes, and what each label weighs."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from countenance.training.datasets.call_lines import CallLines
from countenance.training.datasets.goemotions import GoEmotionsSplit
from countenance.training.text_emotion.labels import coarse_labels
from countenance.training.text_emotion.recipe import Course, Soft

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """One epoch's material, before shuffling and augmentation."""

    texts: tuple[str, ...]
    """The rows of an epoch; those of rare labels stand here several times."""
    fine: Floats
    """Rows x 28, 0 to 1."""
    coarse: Floats
    """Rows x 8, 0 to 1."""
    weights: Floats
    """28, mean 1."""
    shares: tuple[Floats, Floats]
    """Share of texts per fine and per coarse label."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a teacher says of the rows of an epoch, as probabilities."""

    fine: Floats
    coarse: Floats


def shown(data: GoEmotionsSplit, course: Course) -> Rows:
    """Which comments an epoch shows; those of rare labels come several times."""
    rare = (data.labels[:, data.labels.sum(axis=0) < course.rare_below] > 0).any(axis=1)
    rows = np.concatenate([np.arange(len(data.texts)), np.repeat(np.flatnonzero(rare), course.rare_extra)])
    if course.comments is None or course.comments >= len(rows):
        return rows
    return np.sort(np.random.default_rng(course.seed).choice(rows, course.comments, replace=False))


def lessons(data: GoEmotionsSplit, rows: Rows, course: Course, told: Told | None = None) -> Lessons:
    """The material of a course; with a teacher, targets lie between its probabilities and the labels."""
    coarse = coarse_labels(data.labels)
    shares = (data.labels.mean(axis=0), coarse.mean(axis=0))
    counts = data.labels.sum(axis=0)
    fine, coarse = data.labels[rows], coarse[rows]
    if told is not None and course.soft is not None:
        trusted = course.soft.share * trust(counts, course.soft)
        fine = (1 - trusted) * fine + trusted * told.fine
        coarse = (1 - course.soft.share) * coarse + course.soft.share * told.coarse
    texts = tuple(data.texts[row] for row in rows)
    return Lessons(texts, fine.astype(np.float32), coarse.astype(np.float32), _weights(counts, course), shares)


def with_lines(material: Lessons, lines: CallLines, times: int) -> Lessons:
    """The same material with every call line so many times, learnt from its labels alone."""
    return replace(
        material,
        texts=(*material.texts, *lines.texts * times),
        fine=np.concatenate([material.fine, np.tile(lines.labels, (times, 1))]),
        coarse=np.concatenate([material.coarse, np.tile(coarse_labels(lines.labels), (times, 1))]),
    )


def trust(counts: Floats, soft: Soft) -> Floats:
    """0 for labels too rare for the teacher, 1 for common ones, a straight line between."""
    width = max(1, soft.full_from - soft.none_below)
    return np.clip((counts - soft.none_below) / width, 0.0, 1.0)


def _weights(counts: Floats, course: Course) -> Floats:
    least, most = course.weights
    weights = np.clip((np.median(counts) / np.maximum(counts, 1.0)) ** course.rarity, least, most)
    return (weights / weights.mean()).astype(np.float32)

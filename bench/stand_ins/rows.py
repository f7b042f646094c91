"""Rows that the second expert hears, in training and when it is judged."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import Sounding
from countenance.inference.functionals import functionals
from countenance.inference.lift import lifts
from countenance.inference.logmel import SpeakerPrior
from countenance.training.voice_emotion.sessions import hear, recent
from countenance.training.voice_emotion.statistics_fit import Rows


def heard_rows(soundings: Sequence[Sounding], chosen: NDArray[np.intp], prior: SpeakerPrior) -> Rows:
    """Clips of one speaker in this order, the last 3 s of each."""
    heard = hear([soundings[at] for at in chosen], prior)
    looks = [[recent(one)] for one in heard]
    return Rows(
        np.concatenate([functionals(one.heard, look) for one, look in zip(heard, looks, strict=True)]),
        [one.manner for one in heard],
        np.concatenate([lifts(one.above, look) for one, look in zip(heard, looks, strict=True)]),
        np.asarray(chosen),
    )


def only(rows: Rows, kept: NDArray[np.bool_]) -> Rows:
    """The kept rows."""
    manners = [one for one, stays in zip(rows.manners, kept, strict=True) if stays]
    return Rows(rows.rows[kept], manners, rows.lifts[kept], rows.clips[kept])


def together(parts: Sequence[Rows]) -> Rows:
    """Under one another."""
    return Rows(
        np.concatenate([one.rows for one in parts]),
        [manner for one in parts for manner in one.manners],
        np.concatenate([one.lifts for one in parts]),
        np.concatenate([one.clips for one in parts]),
    )

"""What a trained fusion sees of one modality in one window: calibrated logits, dimensions, presence, quality, age.

Shared by the fusions and by their training, so that both see the same numbers.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Observation
from countenance.fusion.weighing import TINY, distribution, mean
from countenance.inference.calibration import logit

Floats = NDArray[np.float32]

MODALITIES = (FACE, VOICE, TEXT)
"""Order of the modalities in every input; what a fourth one says reaches the reading past the network."""
ALONE = ("confusion", "frustration")
DIMENSIONS = ("valence", "arousal")
SAID = len(EMOTIONS) + len(ALONE) + len(DIMENSIONS)

SUMMARY = SAID + 3
"""Numbers per modality of `late`: what it says, whether it states a distribution, that it is there, its quality."""
TOKEN = SAID + 3
"""Numbers per observation of `crossmodal`: what it says, whether it states a distribution, its quality, its age."""
TOKENS = 10
"""Observations of one modality that `crossmodal` sees, the newest ones; face gives at most ten a second."""
OLDEST_S = 6.0


def summary(group: Sequence[Observation]) -> Floats:
    """One modality's usable observations as SUMMARY numbers; all zero when there is none."""
    row = np.zeros(SUMMARY, np.float32)
    if group:
        row[:SAID], row[SAID] = _said(group)
        row[SAID + 1], row[SAID + 2] = 1.0, mean((o.quality, 1.0) for o in group)
    return row


def tokens(group: Sequence[Observation], end_us: int) -> tuple[Floats, Floats]:
    """One modality's usable observations as TOKENS x TOKEN numbers, and which of the TOKENS rows are there."""
    rows, present = np.zeros((TOKENS, TOKEN), np.float32), np.zeros(TOKENS, np.float32)
    newest = sorted(group, key=lambda o: (o.end_us, o.start_us))[-TOKENS:]
    for at, seen in enumerate(newest):
        rows[at, :SAID], rows[at, SAID] = _said([seen])
        age_s = (end_us - seen.end_us) / SECOND_US
        rows[at, SAID + 1], rows[at, SAID + 2] = seen.quality, min(max(age_s / OLDEST_S, 0.0), 1.0)
        present[at] = 1.0
    return rows, present


def _said(group: Sequence[Observation]) -> tuple[list[float], float]:
    """Centred log-probabilities, log-odds and dimensions, 0 where unsaid; and whether there is a distribution."""
    spread = distribution(group)
    logs = [math.log(max(spread[name], TINY)) for name in EMOTIONS] if spread else [0.0] * len(EMOTIONS)
    middle = sum(logs) / len(logs)
    alone = [_mean_of(group, name, odds=True) for name in ALONE]
    places = [_mean_of(group, name, odds=False) for name in DIMENSIONS]
    return [*(value - middle for value in logs), *alone, *places], float(bool(spread))


def _mean_of(group: Sequence[Observation], name: str, odds: bool) -> float:
    tables = [(o.scores if odds else o.dimensions, o.quality) for o in group]
    return mean((logit(table[name]) if odds else table[name], quality) for table, quality in tables if name in table)

"""Whether the same speaker's previous words help: one rule, stated before it was measured, and never tuned.

The log-odds of an utterance become three quarters of its own and one quarter of those of what the same speaker said
just before in the same dialogue; the first utterance keeps its own. No corpus at hand that may be tuned on holds
dialogues, so the weight is a guess, both figures are reported, and the product reads each utterance alone.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PREVIOUS = 0.25


def with_previous(logits: NDArray[np.float64], who: Sequence[str]) -> NDArray[np.float64]:
    """Mix each row (n x k, in the order of speaking) with the row before of the same speaker in the same dialogue."""
    mixed = logits.copy()
    last: dict[str, int] = {}
    for row, speaker in enumerate(who):
        if speaker in last:
            mixed[row] = (1.0 - PREVIOUS) * logits[row] + PREVIOUS * logits[last[speaker]]
        last[speaker] = row
    return mixed

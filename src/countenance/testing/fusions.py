"""Conformance of fusion: run it against your own."""

import math
from itertools import combinations

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Abstain, Observation, Prediction, Reason, Window
from countenance.contracts.stages import Fusion

MODALITIES = (FACE, VOICE, TEXT)


def check_fusion(fusion: Fusion) -> None:
    """Hold a fusion to its promises over every subset of modalities; raises AssertionError."""
    windows = [window_of(subset) for size in range(4) for subset in combinations(MODALITIES, size)]
    predictions = list(fusion.fuse(windows))
    assert len(predictions) == len(windows), "one prediction per window"
    assert list(fusion.fuse(windows)) == predictions, "no memory between calls"
    for window, prediction in zip(windows, predictions, strict=True):
        _check(window, prediction)


def window_of(modalities: tuple[str, ...]) -> Window:
    """A window in which each of these modalities says mostly `happiness`; the others are silent."""
    spread = dict.fromkeys(EMOTIONS, 0.05) | {"happiness": 0.7}
    seen = tuple(Observation("p_1", m, 0, SECOND_US, 0.8, spread, {"valence": 0.5}) for m in modalities)
    silent = {m: Abstain(Reason.SILENCE) for m in MODALITIES if m not in modalities}
    return Window("p_1", 0, SECOND_US, seen, silent)


def _check(window: Window, prediction: Prediction) -> None:
    present = {o.modality for o in window.observations}
    used = {m for m, use in prediction.modalities.items() if use.used}
    assert (prediction.participant_id, prediction.start_us) == (window.participant_id, window.start_us)
    assert used == present, "what is there is used, what is not is absent"
    assert 0.0 <= prediction.certainty <= 1.0, "certainty is 0..1"
    assert all(prediction.modalities[m].reason for m in window.missing), "a silent modality says why"
    if not present:
        assert prediction.abstain is not None, "nothing there: abstain"
        assert not prediction.scores, "nothing there: no made-up number"
        return
    weights = [use.weight for use in prediction.modalities.values() if use.used]
    assert math.isclose(sum(weights), 1.0, abs_tol=1e-9), "weights sum to one"
    total = sum(prediction.scores[name] for name in EMOTIONS)
    assert math.isclose(total, 1.0, abs_tol=1e-6), "the emotions form one distribution"

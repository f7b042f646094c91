"""Conformance of encoders: run it against your own."""

import math
from collections.abc import Sequence

from countenance.contracts.media import Sample
from countenance.contracts.readings import EMOTIONS, Observation
from countenance.contracts.stages import Encoder

CLOSE = 1e-4


def check_encoder(encoder: Encoder, samples: Sequence[Sample]) -> None:
    """Hold an encoder to its promises on at least two samples of its kind; raises AssertionError."""
    assert len(samples) >= 2, "give at least two samples"
    assert all(isinstance(s, encoder.takes.sample) for s in samples), "the samples are not of the kind it takes"
    assert not encoder.encode([]), "an empty batch gives nothing"
    batch = list(encoder.encode(samples))
    assert len(batch) == len(samples), "one observation per sample"
    again = list(encoder.encode(samples))
    for sample, seen, repeated in zip(samples, batch, again, strict=True):
        assert seen.participant_id == sample.participant_id, "the observation is of another participant"
        assert seen.modality == encoder.takes.modality, "the observation is of another modality"
        _check_observation(seen)
        _check_equal(seen, repeated, "the same batch twice gives the same")
        _check_equal(seen, encoder.encode([sample])[0], "a batch gives the same as singles")


def _check_observation(seen: Observation) -> None:
    assert 0.0 <= seen.quality <= 1.0, "quality is 0..1"
    assert seen.start_us <= seen.end_us, "time runs forward"
    assert seen.abstain is None or seen.quality == 0.0, "an abstention has no quality"
    assert all(0.0 <= p <= 1.0 for p in seen.scores.values()), "scores are probabilities"
    assert all(-1.0 <= v <= 1.0 for v in seen.dimensions.values()), "dimensions are -1..1"
    assert all(math.isfinite(v) for v in seen.cues.values()), "cues are finite"
    named = [seen.scores[name] for name in EMOTIONS if name in seen.scores]
    assert not named or math.isclose(sum(named), 1.0, abs_tol=1e-3), "the emotions form one distribution"


def _check_equal(one: Observation, other: Observation, promise: str) -> None:
    assert one.abstain == other.abstain, promise
    for mine, theirs in ((one.scores, other.scores), (one.dimensions, other.dimensions), (one.cues, other.cues)):
        assert mine.keys() == theirs.keys(), promise
        assert all(math.isclose(mine[k], theirs[k], rel_tol=CLOSE, abs_tol=CLOSE) for k in mine), promise

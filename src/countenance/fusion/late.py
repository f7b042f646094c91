"""Calibrated late fusion: a quality-weighted opinion pool over whichever modalities are there.

Each modality's frames are averaged first. Across modalities the emotion distributions meet in a logarithmic opinion
pool whose weights sum to one: one modality alone passes through unchanged, so it keeps its calibration, and agreement
is not counted twice. Scores outside the distribution (`confusion`, `frustration`) are pooled in log-odds over the
modalities that state them. A silent modality is absent, never zero.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from countenance.contracts.call import FACE, TEXT, VOICE, Modality
from countenance.contracts.readings import (
    EMOTIONS,
    Abstain,
    ModalityUse,
    Observation,
    Prediction,
    Reason,
    Window,
)
from countenance.inference.calibration import expit, logit

RELIABILITY: Mapping[Modality, float] = MappingProxyType({FACE: 0.7, VOICE: 0.45, TEXT: 0.6})
"""Prior trust in a modality at full quality: a judgement, not a measurement, since no free data has all three.

Faces and words were learnt from natural material; the voice net from acted speech, and it carries over to another
corpus least (see the figures in its card).
"""

UNKNOWN_RELIABILITY = 0.3
MIN_QUALITY = 0.05
TINY = 1e-6
SPLIT = 0.6
"""Jensen-Shannon divergence, as a share of its maximum, from which modalities count as contradicting each other."""

DISPUTED = Abstain(Reason.DISAGREEMENT, "face, voice and words point to different labels")

REASONS = tuple(Reason)
BARRED = (Reason.NO_CONSENT, Reason.POLICY)


class LateFusion:
    """One prediction per window from any subset of modalities; no state."""

    def __init__(self, reliability: Mapping[Modality, float] = RELIABILITY) -> None:
        self._reliability = dict(reliability)

    def fuse(self, windows: Sequence[Window]) -> Sequence[Prediction]:
        """One prediction per window, in order."""
        return [self._one(window) for window in windows]

    def _one(self, window: Window) -> Prediction:
        groups = _usable(window.observations)
        quality = {m: _mean((o.quality, 1.0) for o in group) for m, group in groups.items()}
        trust = {m: self._reliability.get(m, UNKNOWN_RELIABILITY) * quality[m] for m in groups}
        total = sum(trust.values())
        weights = {m: value / total for m, value in trust.items()}
        spread = {m: dist for m, group in groups.items() if (dist := _distribution(group))}
        split = _divergence(spread, weights)
        emotions = _pool(spread, weights) if split < SPLIT else {}
        return Prediction(
            participant_id=window.participant_id,
            start_us=window.start_us,
            end_us=window.end_us,
            scores=emotions | _pool_single(groups, weights),
            dimensions=_dimensions(groups, weights),
            cues=_cues(groups),
            certainty=(1.0 - math.prod(1.0 - t for t in trust.values())) * (1.0 - 0.5 * split),
            modalities=_uses(window, weights, quality),
            models=tuple(sorted({o.model for g in groups.values() for o in g if o.model}, key=lambda ref: ref.id)),
            abstain=None if groups else _abstain(window),
            disputed=DISPUTED if split >= SPLIT else None,
        )


def _usable(observations: Iterable[Observation]) -> dict[Modality, list[Observation]]:
    groups: dict[Modality, list[Observation]] = {}
    for seen in observations:
        if seen.abstain is None and seen.quality >= MIN_QUALITY:
            groups.setdefault(seen.modality, []).append(seen)
    return dict(sorted(groups.items()))


def _distribution(group: Iterable[Observation]) -> dict[str, float]:
    telling = [o for o in group if any(name in o.scores for name in EMOTIONS)]
    if not telling:
        return {}
    mean = {name: _mean((o.scores.get(name, 0.0), o.quality) for o in telling) for name in EMOTIONS}
    total = sum(mean.values()) or 1.0
    return {name: value / total for name, value in mean.items()}


def _pool(spread: Mapping[Modality, Mapping[str, float]], weights: Mapping[Modality, float]) -> dict[str, float]:
    if not spread:
        return {}
    total = sum(weights[m] for m in spread)
    logs = {
        name: sum(weights[m] / total * math.log(max(dist[name], TINY)) for m, dist in spread.items())
        for name in EMOTIONS
    }
    scale = sum(math.exp(value) for value in logs.values())
    return {name: math.exp(value) / scale for name, value in logs.items()}


def _pool_single(groups: Mapping[Modality, list[Observation]], weights: Mapping[Modality, float]) -> dict[str, float]:
    names = {name for group in groups.values() for o in group for name in o.scores} - set(EMOTIONS)
    pooled = {}
    for name in sorted(names):
        said = [(o.scores[name], o.quality * weights[m]) for m, g in groups.items() for o in g if name in o.scores]
        pooled[name] = expit(_mean((logit(p), weight) for p, weight in said))
    return pooled


def _dimensions(groups: Mapping[Modality, list[Observation]], weights: Mapping[Modality, float]) -> dict[str, float]:
    names = {name for group in groups.values() for o in group for name in o.dimensions}
    return {
        name: _mean(
            (_mean((o.dimensions[name], o.quality) for o in g if name in o.dimensions), weights[m])
            for m, g in groups.items()
            if any(name in o.dimensions for o in g)
        )
        for name in sorted(names)
    }


def _cues(groups: Mapping[Modality, list[Observation]]) -> dict[str, float]:
    seen = [o for group in groups.values() for o in group]
    names = {name for o in seen for name in o.cues}
    return {name: _mean((o.cues[name], o.quality) for o in seen if name in o.cues) for name in sorted(names)}


def _divergence(spread: Mapping[Modality, Mapping[str, float]], weights: Mapping[Modality, float]) -> float:
    """Generalised Jensen-Shannon divergence between the modalities, as a share of its maximum, 0..1."""
    if len(spread) < 2:
        return 0.0
    total = sum(weights[m] for m in spread)
    share = {m: weights[m] / total for m in spread}
    mixture = {name: sum(share[m] * dist[name] for m, dist in spread.items()) for name in EMOTIONS}
    between = _entropy(mixture.values()) - sum(share[m] * _entropy(dist.values()) for m, dist in spread.items())
    return max(0.0, between / max(_entropy(share.values()), TINY))


def _entropy(values: Iterable[float]) -> float:
    return -sum(p * math.log2(p) for p in values if p > 0)


def _uses(
    window: Window, weights: Mapping[Modality, float], quality: Mapping[Modality, float]
) -> dict[Modality, ModalityUse]:
    uses = {m: ModalityUse(True, weights[m], quality[m]) for m in weights}
    for modality, abstain in sorted(window.missing.items()):
        uses.setdefault(modality, ModalityUse(False, 0.0, 0.0, abstain.reason.value))
    return dict(sorted(uses.items()))


def _abstain(window: Window) -> Abstain:
    """Nothing was usable: the signal that failed is named before the permission that was never there."""
    reasons = sorted(window.missing.values(), key=lambda a: (a.reason in BARRED, REASONS.index(a.reason)))
    return reasons[0] if reasons else Abstain(Reason.SILENCE, "nothing was observed")


def _mean(pairs: Iterable[tuple[float, float]]) -> float:
    rows = list(pairs)
    total = sum(weight for _, weight in rows)
    return sum(value * weight for value, weight in rows) / total if total else 0.0

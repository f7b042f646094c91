"""What one window holds, modality by modality, and the part of a prediction that every fusion shares.

A modality counts when one of its observations is usable. Its trust is a prior reliability times its quality; shares of
trust are its weights. A silent modality is absent, never zero. Dimensions, cues, certainty, dispute and the reasons of
absent modalities are the same for every fusion; only the scores are its own.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from countenance.contracts.call import FACE, TEXT, VOICE, Modality
from countenance.contracts.readings import (
    EMOTIONS,
    Abstain,
    ModalityUse,
    ModelRef,
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


@dataclass(frozen=True, slots=True)
class Weighed:
    """The usable observations of one window, weighed."""

    window: Window
    groups: Mapping[Modality, list[Observation]]
    quality: Mapping[Modality, float]
    """Mean quality of each usable modality."""
    trust: Mapping[Modality, float]
    weights: Mapping[Modality, float]
    """Shares of trust; they sum to one."""
    spread: Mapping[Modality, Mapping[str, float]]
    """The mean emotion distribution of each modality that states one."""
    split: float
    """How far these contradict each other, 0..1."""
    dispute_from: float = SPLIT

    @classmethod
    def of(
        cls, window: Window, reliability: Mapping[Modality, float] = RELIABILITY, dispute_from: float = SPLIT
    ) -> "Weighed":
        """Gather and weigh the observations of a window."""
        groups = _usable(window.observations)
        quality = {m: _quality(group) for m, group in groups.items()}
        trust = {m: reliability.get(m, UNKNOWN_RELIABILITY) * quality[m] for m in groups}
        total = sum(trust.values())
        weights = {m: value / total for m, value in trust.items()}
        spread = {m: dist for m, group in groups.items() if (dist := distribution(group))}
        return cls(window, groups, quality, trust, weights, spread, _divergence(spread, weights), dispute_from)

    @property
    def disputed(self) -> bool:
        """Whether the modalities contradict each other so far that no distribution is given."""
        return self.split >= self.dispute_from

    def pooled(self) -> dict[str, float]:
        """The logarithmic opinion pool of the distributions, disputed or not; empty when no modality states one."""
        if not self.spread:
            return {}
        total = sum(self.weights[m] for m in self.spread)
        logs = {
            name: sum(self.weights[m] / total * math.log(max(dist[name], TINY)) for m, dist in self.spread.items())
            for name in EMOTIONS
        }
        scale = sum(math.exp(value) for value in logs.values())
        return {name: math.exp(value) / scale for name, value in logs.items()}

    def alone(self) -> dict[str, float]:
        """Scores outside the distribution, pooled in log-odds over the modalities that state them.

        A modality counts once, however often it spoke in the window.
        """
        names = {name for group in self.groups.values() for o in group for name in o.scores} - set(EMOTIONS)
        pooled = {}
        for name in sorted(names):
            telling = {m: [o for o in group if name in o.scores] for m, group in self.groups.items()}
            said = [
                (mean((logit(o.scores[name]), o.quality) for o in group), self.weights[m] * _quality(group))
                for m, group in telling.items()
                if group
            ]
            pooled[name] = expit(mean(said))
        return pooled

    def prediction(self, emotions: Mapping[str, float], alone: Mapping[str, float], *by: ModelRef) -> Prediction:
        """The prediction with these scores; the distribution is left out when the modalities contradict each other."""
        models = {o.model for group in self.groups.values() for o in group if o.model} | set(by if self.groups else ())
        return Prediction(
            participant_id=self.window.participant_id,
            start_us=self.window.start_us,
            end_us=self.window.end_us,
            scores={**({} if self.disputed else emotions), **alone},
            dimensions=self._dimensions(),
            cues=self._cues(),
            certainty=(1.0 - math.prod(1.0 - t for t in self.trust.values())) * (1.0 - 0.5 * self.split),
            modalities=self._uses(),
            models=tuple(sorted(models, key=lambda ref: ref.id)),
            abstain=None if self.groups else _abstain(self.window),
            disputed=DISPUTED if self.disputed else None,
        )

    def _dimensions(self) -> dict[str, float]:
        names = {name for group in self.groups.values() for o in group for name in o.dimensions}
        return {
            name: mean(
                (mean((o.dimensions[name], o.quality) for o in g if name in o.dimensions), self.weights[m])
                for m, g in self.groups.items()
                if any(name in o.dimensions for o in g)
            )
            for name in sorted(names)
        }

    def _cues(self) -> dict[str, float]:
        seen = [o for group in self.groups.values() for o in group]
        names = {name for o in seen for name in o.cues}
        return {name: mean((o.cues[name], o.quality) for o in seen if name in o.cues) for name in sorted(names)}

    def _uses(self) -> dict[Modality, ModalityUse]:
        uses = {m: ModalityUse(True, self.weights[m], self.quality[m]) for m in self.weights}
        for modality, abstain in sorted(self.window.missing.items()):
            uses.setdefault(modality, ModalityUse(False, 0.0, 0.0, abstain.reason.value))
        return dict(sorted(uses.items()))


def mean(pairs: Iterable[tuple[float, float]]) -> float:
    """Weighted mean of (value, weight); 0 without weight."""
    rows = list(pairs)
    total = sum(weight for _, weight in rows)
    return sum(value * weight for value, weight in rows) / total if total else 0.0


def _usable(observations: Iterable[Observation]) -> dict[Modality, list[Observation]]:
    groups: dict[Modality, list[Observation]] = {}
    for seen in observations:
        if seen.abstain is None and seen.quality >= MIN_QUALITY:
            groups.setdefault(seen.modality, []).append(seen)
    return dict(sorted(groups.items()))


def distribution(group: Iterable[Observation]) -> dict[str, float]:
    """The mean emotion distribution of one modality's observations, weighed by quality; empty when none states one."""
    telling = [o for o in group if any(name in o.scores for name in EMOTIONS)]
    if not telling:
        return {}
    shares = {name: mean((o.scores.get(name, 0.0), o.quality) for o in telling) for name in EMOTIONS}
    total = sum(shares.values()) or 1.0
    return {name: value / total for name, value in shares.items()}


def _quality(group: Sequence[Observation]) -> float:
    return mean((o.quality, 1.0) for o in group)


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


def _abstain(window: Window) -> Abstain:
    """Nothing was usable: the signal that failed is named before the permission that was never there."""
    reasons = sorted(window.missing.values(), key=lambda a: (a.reason in BARRED, REASONS.index(a.reason)))
    return reasons[0] if reasons else Abstain(Reason.SILENCE, "nothing was observed")

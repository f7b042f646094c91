"""From per-second predictions to signals and events: smoothing, bands, abstention, hysteresis.

Smoothing is a causal exponential mean of log-odds, so a step is seen after about one time constant and never before it
happened. The band is an 80 % normal band in log-odds: the spread a reading of this certainty is given, and how much the
last seconds moved. It widens when modalities are missing. It describes evidence; its coverage on real calls is unknown
until labelled calls exist.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from countenance.aggregation.taxonomy import EventRule, Taxonomy
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import (
    Abstain,
    Estimate,
    Event,
    Evidence,
    Phase,
    Prediction,
    Reading,
    Reason,
    Signal,
)
from countenance.inference.calibration import expit

BAND = 1.2816
"""Standard deviations of an 80 % normal band."""
SPREAD_AT_FULL = 0.45
"""Log-odds spread given to a reading of certainty 1; it grows with the root of the missing certainty."""
SCALE_SPREAD = 0.2
"""The same for a dimension, in units of its -1..1 scale."""
MIN_CERTAINTY = 0.02
FORGET_S = 5
"""Seconds without a reading after which a mean starts anew and an open event ends."""


@dataclass(slots=True)
class Mean:
    """A running mean of one quantity and of its square."""

    value: float
    square: float

    def update(self, value: float, share: float) -> None:
        """Move towards a new value by a share of the way."""
        self.value += share * (value - self.value)
        self.square += share * (value * value - self.square)

    @property
    def spread(self) -> float:
        """Standard deviation of the last time constant."""
        return math.sqrt(max(0.0, self.square - self.value * self.value))


@dataclass(slots=True)
class Watch:
    """Where one event stands for one participant."""

    above_s: int = 0
    onset_us: int = 0
    open_id: str | None = None


@dataclass(slots=True)
class Person:
    """What one taxonomy remembers of one participant."""

    means: dict[str, Mean] = field(default_factory=dict)
    watches: dict[str, Watch] = field(default_factory=dict)
    silent_s: int = 0
    last: Signal | None = None


NOT_SAID = Abstain(Reason.OUT_OF_DOMAIN, "no installed model says these labels from what is there")
PEOPLE = TypeAdapter(dict[str, Person])


class TaxonomyAggregator:
    """One call, one taxonomy: a signal per prediction, and paired events."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self._people: dict[str, Person] = {}

    def update(self, prediction: Prediction) -> Sequence[Reading]:
        """The smoothed signal of this tick, then any event it raises or ends."""
        person = self._people.setdefault(prediction.participant_id, Person())
        signal = self._signal(person, prediction)
        person.last = signal
        return [signal, *self._events(person, signal, prediction.certainty)]

    def finish(self) -> Sequence[Reading]:
        """End whatever is still open."""
        ended: list[Reading] = []
        for person in self._people.values():
            for rule in self.taxonomy.event:
                watch = person.watches.get(rule.name, Watch())
                if watch.open_id is not None and person.last is not None:
                    ended.append(_event(rule, Phase.ENDED, watch, person.last))
                    watch.open_id = None
        return ended

    def state(self) -> object:
        """Everything remembered, as plain values."""
        return PEOPLE.dump_python(self._people, mode="json")

    def restore(self, state: object) -> None:
        """Go on from a `state`."""
        self._people = PEOPLE.validate_python(state)

    def _signal(self, person: Person, prediction: Prediction) -> Signal:
        odds, evidence = self.taxonomy.read(prediction)
        scales = self.taxonomy.scales(prediction)
        abstain = prediction.abstain
        if abstain is None and not odds and not scales:
            abstain = prediction.unsaid.get(self.taxonomy.name) or prediction.disputed or NOT_SAID
        if abstain is None and prediction.certainty < self.taxonomy.min_certainty:
            abstain = Abstain(_weakest(prediction), "too little usable evidence")
        if abstain is not None:
            person.silent_s += 1
            if person.silent_s >= FORGET_S:
                person.means.clear()
            return self._made(prediction, {}, {}, abstain, {})
        person.silent_s = 0
        share = 1.0 - math.exp(-1.0 / self.taxonomy.smoothing_s)
        certainty = max(prediction.certainty, MIN_CERTAINTY)
        labels = {n: _label(_follow(person.means, n, v, share), certainty, share) for n, v in odds.items()}
        dimensions = {n: _scale(_follow(person.means, n, v, share), certainty, share) for n, v in scales.items()}
        return self._made(prediction, labels, dimensions, None, evidence)

    def _made(
        self,
        prediction: Prediction,
        labels: Mapping[str, Estimate],
        dimensions: Mapping[str, Estimate],
        abstain: Abstain | None,
        evidence: Mapping[str, tuple[Evidence, ...]],
    ) -> Signal:
        enter = {label.name: label.enter for label in self.taxonomy.label}
        leading = [name for name, estimate in labels.items() if estimate.value >= enter[name]]
        label = max(leading, key=lambda name: labels[name].value - enter[name], default=None)
        return Signal(
            participant_id=prediction.participant_id,
            start_us=prediction.start_us,
            end_us=prediction.end_us,
            taxonomy=self.taxonomy.name,
            calibration_id=self.taxonomy.calibration_id,
            labels=labels,
            dimensions=dimensions,
            label=label,
            modalities=prediction.modalities,
            evidence=evidence.get(label, ()) if label else (),
            models=prediction.models,
            abstain=abstain,
        )

    def _events(self, person: Person, signal: Signal, certainty: float) -> list[Event]:
        raised = []
        for rule in self.taxonomy.event:
            watch = person.watches.setdefault(rule.name, Watch())
            event = _step(rule, watch, signal, certainty, person.silent_s)
            if event is not None:
                raised.append(event)
        return raised


def _follow(means: dict[str, Mean], name: str, value: float, share: float) -> Mean:
    mean = means.get(name)
    if mean is None:
        mean = means[name] = Mean(value, value * value)
    else:
        mean.update(value, share)
    return mean


def _label(mean: Mean, certainty: float, share: float) -> Estimate:
    half = BAND * math.hypot(SPREAD_AT_FULL / math.sqrt(certainty), mean.spread * math.sqrt(share))
    return Estimate(expit(mean.value), expit(mean.value - half), expit(mean.value + half))


def _scale(mean: Mean, certainty: float, share: float) -> Estimate:
    half = BAND * math.hypot(SCALE_SPREAD / math.sqrt(certainty), mean.spread * math.sqrt(share))
    return Estimate(mean.value, max(-1.0, mean.value - half), min(1.0, mean.value + half))


def _weakest(prediction: Prediction) -> Reason:
    reasons = [use.reason for use in prediction.modalities.values() if use.reason is not None]
    return Reason(reasons[0]) if reasons else Reason.OUT_OF_DOMAIN


def _step(rule: EventRule, watch: Watch, signal: Signal, certainty: float, silent_s: int) -> Event | None:
    estimate = signal.labels.get(rule.label)
    if watch.open_id is not None:
        left = estimate is not None and estimate.value <= rule.leave
        if left or silent_s >= FORGET_S:
            event = _event(rule, Phase.ENDED, watch, signal)
            watch.open_id, watch.above_s = None, 0
            return event
        return None
    if estimate is None or estimate.value < rule.enter or certainty < rule.min_certainty:
        watch.above_s = 0
        return None
    if watch.above_s == 0:
        watch.onset_us = signal.start_us
    watch.above_s += (signal.end_us - signal.start_us) // SECOND_US
    if watch.above_s < rule.hold_s:
        return None
    watch.open_id = f"s_{signal.participant_id}_{rule.name}_{watch.onset_us}"
    return _event(rule, Phase.STARTED, watch, signal)


def _event(rule: EventRule, phase: Phase, watch: Watch, signal: Signal) -> Event:
    if watch.open_id is None:
        raise ValueError(f"event {rule.name} is not open")
    return Event(rule.name, phase, watch.open_id, watch.onset_us, signal.end_us, signal, rule.label)

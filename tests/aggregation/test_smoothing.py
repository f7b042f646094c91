import json
import math
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from countenance.aggregation.smoothing import FORGET_S, TaxonomyAggregator
from countenance.aggregation.taxonomy import Taxonomy, load
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import Abstain, Event, ModalityUse, Phase, Prediction, Reading, Reason, Signal

RULE = {"name": "spike", "label": "loud", "enter": 0.6, "leave": 0.4, "hold_s": 2}
LOUD = Taxonomy.model_validate(
    {
        "name": "loud.v1",
        "calibration_id": "loud",
        "denotes": "a test",
        "outputs": ["engagement"],
        "smoothing_s": 1.0,
        "label": [{"name": "loud", "direct": "score.loud", "enter": 0.6}],
        "dimension": [{"name": "arousal", "feature": "dimension.arousal"}],
        "event": [RULE],
    }
)


def prediction(second: int, loud: float | None, certainty: float = 0.8) -> Prediction:
    scores = {} if loud is None else {"loud": loud}
    abstain = Abstain(Reason.SILENCE) if loud is None else None
    uses = {"voice": ModalityUse(loud is not None, 1.0, 0.8)}
    return Prediction("p_1", second * SECOND_US, (second + 1) * SECOND_US, scores, {}, {}, certainty, uses, (), abstain)


def run(aggregator: TaxonomyAggregator, values: Sequence[float | None]) -> list[Reading]:
    return [r for second, value in enumerate(values) for r in aggregator.update(prediction(second, value))]


def events(readings: list[Reading]) -> list[tuple[str, Phase, int]]:
    return [(r.name, r.phase, r.end_us // SECOND_US) for r in readings if isinstance(r, Event)]


def signals(readings: list[Reading]) -> list[Signal]:
    return [r for r in readings if isinstance(r, Signal)]


def test_a_steady_score_is_shown_as_it_is() -> None:
    last = signals(run(TaxonomyAggregator(LOUD), [0.7] * 5))[-1]
    assert math.isclose(last.labels["loud"].value, 0.7, abs_tol=1e-6)
    assert last.label == "loud"


def test_smoothing_is_causal_and_follows_a_step() -> None:
    values = [s.labels["loud"].value for s in signals(run(TaxonomyAggregator(LOUD), [0.1] * 3 + [0.9] * 6))]
    assert all(math.isclose(v, 0.1, abs_tol=1e-6) for v in values[:3])
    assert values[3:] == sorted(values[3:])
    assert values[-1] > 0.85


def test_an_event_needs_to_hold_and_to_fall_below_a_lower_bound_to_leave() -> None:
    readings = run(TaxonomyAggregator(LOUD), [0.1, 0.9, 0.9, 0.9, 0.55, 0.55, 0.1, 0.1, 0.1])
    assert [(name, phase) for name, phase, _ in events(readings)] == [("spike", Phase.STARTED), ("spike", Phase.ENDED)]


def test_a_single_loud_second_raises_nothing() -> None:
    assert events(run(TaxonomyAggregator(LOUD), [0.1, 0.1, 0.75, 0.1, 0.1, 0.1])) == []


def test_started_and_ended_share_one_id_and_the_onset() -> None:
    pair = [r for r in run(TaxonomyAggregator(LOUD), [0.9] * 4 + [0.05] * 5) if isinstance(r, Event)]
    assert len({e.signal_id for e in pair}) == 1
    assert {e.start_us for e in pair} == {0}


def test_an_abstention_has_no_number_and_a_reason() -> None:
    signal = signals(run(TaxonomyAggregator(LOUD), [0.7, None]))[-1]
    assert signal.abstain == Abstain(Reason.SILENCE)
    assert not signal.labels
    assert signal.label is None


def test_a_long_silence_ends_the_event_and_forgets_the_mean() -> None:
    aggregator = TaxonomyAggregator(LOUD)
    readings = run(aggregator, [0.9] * 3 + [None] * (FORGET_S + 1))
    assert [phase for _, phase, _ in events(readings)] == [Phase.STARTED, Phase.ENDED]
    fresh = aggregator.update(prediction(20, 0.2))[0]
    assert isinstance(fresh, Signal)
    assert math.isclose(fresh.labels["loud"].value, 0.2, abs_tol=1e-6)


def test_hang_up_ends_what_is_open() -> None:
    aggregator = TaxonomyAggregator(LOUD)
    run(aggregator, [0.9] * 4)
    assert [(r.name, r.phase) for r in aggregator.finish() if isinstance(r, Event)] == [("spike", Phase.ENDED)]
    assert not aggregator.finish()


def test_less_certainty_gives_a_wider_band() -> None:
    def width(certainty: float) -> float:
        reading = TaxonomyAggregator(LOUD).update(prediction(0, 0.7, certainty))[0]
        assert isinstance(reading, Signal)
        return reading.labels["loud"].high - reading.labels["loud"].low

    assert width(0.9) < width(0.5) < width(0.1)


@given(st.lists(st.one_of(st.none(), st.floats(0.01, 0.99)), min_size=1, max_size=40), st.integers(0, 40))
def test_an_interruption_anywhere_changes_nothing(values: list[float | None], cut: int) -> None:
    whole = TaxonomyAggregator(LOUD)
    expected = [*run(whole, values), *whole.finish()]
    first, second = TaxonomyAggregator(LOUD), TaxonomyAggregator(LOUD)
    found = run(first, values[:cut])
    second.restore(json.loads(json.dumps(first.state())))
    for number, value in enumerate(values[cut:], start=min(cut, len(values))):
        found += second.update(prediction(number, value))
    assert [*found, *second.finish()] == expected


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=30))
def test_events_come_in_pairs_and_bands_hold_the_value(values: list[float]) -> None:
    aggregator = TaxonomyAggregator(LOUD)
    readings = [*run(aggregator, values), *aggregator.finish()]
    phases = [phase for _, phase, _ in events(readings)]
    assert phases == [Phase.STARTED, Phase.ENDED] * (len(phases) // 2)
    for signal in signals(readings):
        estimate = signal.labels["loud"]
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_too_little_certainty_is_said_as_such() -> None:
    taxonomy = load("engagement.v1")
    faint = Prediction("p_1", 0, SECOND_US, {"confusion": 0.9}, {}, {}, 0.01, {"text": ModalityUse(True, 1.0, 0.1)})
    signal = TaxonomyAggregator(taxonomy).update(faint)[0]
    assert isinstance(signal, Signal)
    assert signal.abstain is not None


def test_a_dispute_silences_the_emotions_and_not_the_words() -> None:
    dispute = Abstain(Reason.DISAGREEMENT)
    uses = {"text": ModalityUse(True, 1.0, 0.9)}
    disputed = Prediction("p_1", 0, SECOND_US, {"confusion": 0.9}, {}, {}, 0.6, uses, disputed=dispute)
    emotions = TaxonomyAggregator(load("ekman7.v1")).update(disputed)[0]
    states = TaxonomyAggregator(load("engagement.v1")).update(disputed)[0]
    assert isinstance(emotions, Signal)
    assert isinstance(states, Signal)
    assert emotions.abstain == dispute
    assert states.label == "confused"

"""How long stages take is noted around them, and what they say is the same."""

from countenance.aggregation.smoothing import TaxonomyAggregator
from countenance.aggregation.taxonomy import load
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import Prediction
from countenance.testing.clocks import ManualClock
from countenance.worker.parts import Parts, Recipe
from countenance.worker.timing import MOST, TimedAggregator, TimedEncoder, Timings


def test_each_call_of_a_stage_is_noted_once() -> None:
    clock = ManualClock()
    timings = Timings(clock.mono_us)
    for took_us in (5, 7):
        with timings.of("encode"):
            clock.pass_us(took_us)
    assert timings.take() == {"encode": (5, 7)}
    assert timings.take() == {}


def test_what_nobody_asks_for_does_not_pile_up() -> None:
    timings = Timings(ManualClock().mono_us)
    for _ in range(MOST + 10):
        with timings.of("fuse"):
            pass
    assert len(timings.take()["fuse"]) == MOST


def test_every_stage_of_a_worker_is_timed_and_takes_what_it_took() -> None:
    plain = Parts.load(Recipe())
    timed = plain.timed(Timings(ManualClock().mono_us))
    assert [one.takes for one in timed.encoders] == [one.takes for one in plain.encoders]
    assert all(isinstance(one, TimedEncoder) for one in timed.encoders)
    assert timed.digests == plain.digests


def test_an_aggregator_says_what_it_said_without_a_clock() -> None:
    prediction = Prediction("p", 0, SECOND_US, {}, {}, {}, 0.0, {})
    clock, taxonomy = ManualClock(), load("engagement.v1")
    timings = Timings(clock.mono_us)
    timed, plain = TimedAggregator(TaxonomyAggregator(taxonomy), timings), TaxonomyAggregator(taxonomy)
    assert timed.update(prediction) == plain.update(prediction)
    assert timed.finish() == plain.finish()
    assert timings.take() == {"aggregate": (0,)}

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.aggregation.telemetry import (
    TurnRules,
    count_words,
    find_interruptions,
    find_silences,
    find_turns,
    measure,
    union,
    words_per_minute,
)
from countenance.contracts.media import Utterance
from countenance.contracts.telemetry import CallTelemetry, Stretch, TalkMeasures, Turn

MS = 1_000
S = 1_000_000
CALL = 60 * S


def said(who: str, start: float, end: float, source: str = "voice") -> Stretch:
    return Stretch(round(start * S), round(end * S), who, source)


def of(telemetry: CallTelemetry, who: str) -> TalkMeasures:
    return next(one for one in telemetry.talk if one.participant_id == who)


SCRIPT = [
    said("ana", 1, 5),
    said("ana", 6, 10),
    said("ben", 11, 14),
    said("ana", 16, 20),
    said("ben", 19, 25),
    said("ana", 35, 40),
    said("ana", 42, 44),
]


def test_a_scripted_call_gives_exactly_the_scripted_numbers() -> None:
    telemetry = measure(CALL, ["ana", "ben"], SCRIPT)
    ana, ben = of(telemetry, "ana"), of(telemetry, "ben")
    assert (ana.talk_us, ben.talk_us) == (19 * S, 9 * S)
    assert ana.talk_share == pytest.approx(19 / 28)
    assert (ana.turns, ben.turns) == (4, 2)
    assert ana.monologue == Turn(1 * S, 10 * S, "ana")
    assert ben.monologue == Turn(19 * S, 25 * S, "ben")
    assert (ana.pauses, ana.longest_pause_us) == (2, 2 * S)
    assert (ben.pauses, ben.longest_pause_us) == (0, 0)
    assert (ana.response.count, ana.response.median_us, ana.response.p90_us) == (2, 6 * S, 10 * S)
    assert (ben.response.count, ben.response.median_us, ben.response.overlaps) == (1, 1 * S, 1)
    assert (ana.interrupted, ben.interruptions) == (1, 1)
    assert (ana.interruptions, ben.interrupted) == (0, 0)
    assert telemetry.silences == ((25 * S, 35 * S), (44 * S, 60 * S))
    assert telemetry.dead_air_us == 26 * S


def test_own_silence_is_bridged_below_the_limit_and_not_at_it() -> None:
    below = {"ana": ((0, 1 * S), (2 * S + 499 * MS, 3 * S))}
    at = {"ana": ((0, 1 * S), (2 * S + 500 * MS, 3 * S))}
    assert find_turns(below) == (Turn(0, 3 * S, "ana"),)
    assert len(find_turns(at)) == 2


def test_a_word_of_another_inside_the_silence_ends_the_turn() -> None:
    telemetry = measure(CALL, ["ana", "ben"], [said("ana", 0, 4), said("ben", 4.2, 4.5), said("ana", 5, 8)])
    assert of(telemetry, "ana").monologue == Turn(0, 4 * S, "ana")
    assert of(telemetry, "ana").pauses == 0


def test_a_listening_noise_inside_speech_ends_nothing_and_interrupts_nobody() -> None:
    telemetry = measure(CALL, ["ana", "ben"], [said("ana", 0, 8), said("ben", 3, 3.6)])
    assert of(telemetry, "ana").monologue == Turn(0, 8 * S, "ana")
    assert of(telemetry, "ben").interruptions == 0
    assert of(telemetry, "ben").response.overlaps == 1
    assert of(telemetry, "ben").response.median_us is None


@pytest.mark.parametrize(
    ("other_stops_after", "is_cut"),
    [(299 * MS, False), (300 * MS, True), (2_000 * MS, True), (2_001 * MS, False)],
)
def test_an_interruption_needs_an_overlap_and_a_yield_within_the_limits(other_stops_after: int, is_cut: bool) -> None:
    turns = (Turn(0, 5 * S + other_stops_after, "ana"), Turn(5 * S, 10 * S, "ben"))
    assert bool(find_interruptions(turns)) is is_cut


def test_an_immediate_answer_has_a_lag_of_zero() -> None:
    telemetry = measure(CALL, ["ana", "ben"], [said("ana", 0, 4), said("ben", 4, 8)])
    assert of(telemetry, "ben").response.median_us == 0


def test_resuming_after_own_silence_is_no_response() -> None:
    telemetry = measure(CALL, ["ana", "ben"], [said("ben", 0, 1), said("ana", 2, 3), said("ana", 9, 10)])
    assert of(telemetry, "ana").response.count == 1


def test_the_ninetieth_percentile_is_the_nearest_rank() -> None:
    stretches = []
    for turn in range(10):
        stretches += [
            said("ana", 20 * turn, 20 * turn + 2),
            said("ben", 20 * turn + 3 + turn, 20 * turn + 14),
        ]
    response = of(measure(200 * S, ["ana", "ben"], stretches), "ben").response
    assert (response.count, response.median_us, response.p90_us) == (10, 5_500 * MS, 9 * S)


def test_a_silent_call_is_dead_air_from_end_to_end() -> None:
    telemetry = measure(CALL, ["ana", "ben"], [])
    assert telemetry.silences == ((0, CALL),)
    assert [one.talk_share for one in telemetry.talk] == [0.0, 0.0]
    assert of(telemetry, "ana").sources == ()


def test_dead_air_starts_at_its_limit() -> None:
    spoken = {"ana": ((0, 1 * S), (4 * S, 6 * S), (9 * S - 1, 10 * S))}
    assert find_silences(spoken, 10 * S) == ((1 * S, 4 * S),)
    assert find_silences({"ana": ((0, 5),)}, 5, TurnRules(dead_air_us=0)) == ()


def test_speech_outside_the_call_or_of_strangers_is_left_out() -> None:
    telemetry = measure(10 * S, ["ana"], [said("ana", -2, 3), said("ana", 8, 14), said("eve", 4, 5)])
    assert of(telemetry, "ana").talk_us == 5 * S
    assert telemetry.turns == (Turn(0, 3 * S, "ana"), Turn(8 * S, 10 * S, "ana"))


def test_voice_and_transcript_of_one_moment_count_once() -> None:
    telemetry = measure(CALL, ["ana"], [said("ana", 0, 4), said("ana", 2, 6, "transcript")])
    assert of(telemetry, "ana").talk_us == 6 * S
    assert of(telemetry, "ana").sources == ("transcript", "voice")


def test_words_per_minute_is_said_only_where_words_may_be_read() -> None:
    line = Utterance("t", "ana", 0, 30 * S, "so, that is - well - five words")
    telemetry = measure(CALL, ["ana", "ben"], [said("ana", 0, 30), said("ben", 31, 40)], [line])
    assert of(telemetry, "ana").words_per_minute == pytest.approx(12.0)
    assert of(telemetry, "ben").words_per_minute is None


def test_an_utterance_without_length_gives_no_pace() -> None:
    assert words_per_minute([Utterance("t", "ana", 5, 5, "well")]) == {}
    assert count_words("— 3 don't , ok") == 3


spans = st.tuples(st.integers(0, 40_000), st.integers(0, 6_000)).map(lambda one: (one[0], one[0] + one[1]))
scripts = st.lists(
    st.builds(lambda who, span: Stretch(span[0] * MS, span[1] * MS, who), st.sampled_from("abc"), spans),
    max_size=24,
)


@given(scripts, st.randoms())
def test_the_order_of_the_stretches_does_not_matter(script: list[Stretch], random: Random) -> None:
    shuffled = script.copy()
    random.shuffle(shuffled)
    assert measure(CALL, ["a", "b", "c"], shuffled) == measure(CALL, ["a", "b", "c"], script)


@given(scripts)
def test_the_order_of_the_participants_changes_no_measure(script: list[Stretch]) -> None:
    one, other = measure(CALL, ["a", "b", "c"], script), measure(CALL, ["c", "a", "b"], script)
    assert sorted(one.talk, key=lambda talk: talk.participant_id) == sorted(
        other.talk, key=lambda talk: talk.participant_id
    )
    assert (one.turns, one.silences) == (other.turns, other.silences)


@given(scripts)
def test_talk_adds_up_and_nothing_is_negative(script: list[Stretch]) -> None:
    telemetry = measure(CALL, ["a", "b", "c"], script)
    everybody = union((one.start_us, one.end_us) for one in script)
    spoken = sum(talk.talk_us for talk in telemetry.talk)
    assert sum(end - start for start, end in everybody) <= spoken <= 3 * CALL
    assert sum(talk.talk_share for talk in telemetry.talk) == pytest.approx(1.0 if spoken else 0.0)
    assert telemetry.dead_air_us <= CALL - sum(end - start for start, end in everybody)
    for talk in telemetry.talk:
        own = [turn for turn in telemetry.turns if turn.participant_id == talk.participant_id]
        assert len(own) == talk.turns
        assert sum(turn.length_us for turn in own) >= talk.talk_us >= 0
        assert min(talk.pauses, talk.longest_pause_us, talk.interruptions, talk.interrupted) >= 0
        assert talk.response.count + talk.response.overlaps <= talk.turns
        assert talk.response.median_us is None or 0 <= talk.response.median_us <= (talk.response.p90_us or 0)
    assert sum(talk.interruptions for talk in telemetry.talk) == sum(talk.interrupted for talk in telemetry.talk)


@given(scripts)
def test_turns_of_one_participant_never_overlap(script: list[Stretch]) -> None:
    for who in "abc":
        own = [turn for turn in measure(CALL, ["a", "b", "c"], script).turns if turn.participant_id == who]
        assert all(one.end_us < two.start_us for one, two in itertools.pairwise(own))

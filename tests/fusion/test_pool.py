import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Abstain, Observation, Reason, Window
from countenance.fusion.pool import PoolFusion
from countenance.testing.fusions import check_fusion, window_of

SHARES = st.lists(st.floats(0.01, 1.0), min_size=7, max_size=7)


def spread(shares: list[float]) -> dict[str, float]:
    return {name: share / sum(shares) for name, share in zip(EMOTIONS, shares, strict=True)}


def one(*observations: Observation, **missing: Reason) -> Window:
    return Window("p_1", 0, SECOND_US, observations, {m: Abstain(r) for m, r in missing.items()})


def seen(modality: str, scores: dict[str, float], quality: float = 1.0) -> Observation:
    return Observation("p_1", modality, 0, SECOND_US, quality, scores)


def test_the_pool_keeps_the_promises() -> None:
    check_fusion(PoolFusion())


@given(SHARES, st.floats(0.05, 1.0), st.sampled_from([FACE, VOICE, TEXT]))
def test_one_modality_alone_passes_unchanged(shares: list[float], quality: float, modality: str) -> None:
    prediction = PoolFusion().fuse([one(seen(modality, spread(shares), quality))])[0]
    for name, value in spread(shares).items():
        assert math.isclose(prediction.scores[name], value, abs_tol=1e-6)


@given(SHARES, SHARES)
def test_a_pooled_score_lies_between_what_the_modalities_say_in_odds_of_any_two_labels(
    face: list[float], voice: list[float]
) -> None:
    prediction = PoolFusion(dispute_from=2.0).fuse([one(seen(FACE, spread(face)), seen(VOICE, spread(voice)))])[0]
    a, b = EMOTIONS[0], EMOTIONS[1]
    ratios = [math.log(spread(s)[a] / spread(s)[b]) for s in (face, voice)]
    pooled = math.log(prediction.scores[a] / prediction.scores[b])
    assert min(ratios) - 1e-6 <= pooled <= max(ratios) + 1e-6


def test_a_modality_of_low_quality_weighs_less() -> None:
    happy, sad = spread([0.5, 2, 0.5, 0.5, 0.5, 0.5, 0.5]), spread([0.5, 0.5, 0.5, 2, 0.5, 0.5, 0.5])
    clear = PoolFusion().fuse([one(seen(FACE, happy), seen(TEXT, sad))])[0]
    dim = PoolFusion().fuse([one(seen(FACE, happy, 0.2), seen(TEXT, sad))])[0]
    assert dim.scores["happiness"] < clear.scores["happiness"]
    assert dim.modalities[FACE].weight < clear.modalities[FACE].weight


def test_ten_answers_of_one_modality_weigh_no_more_than_one() -> None:
    said = {**spread([1.0] * 7), "tired": 0.9}
    other = {**spread([2.0, *[1.0] * 6]), "tired": 0.2}
    once, often = (PoolFusion().fuse([one(seen(FACE, other), *[seen(VOICE, said)] * count)])[0] for count in (1, 10))
    assert often.certainty == pytest.approx(once.certainty)
    assert often.modalities == once.modalities
    for name, value in once.scores.items():
        assert often.scores[name] == pytest.approx(value), name


def test_a_missing_modality_lowers_certainty() -> None:
    both = PoolFusion().fuse([window_of((FACE, TEXT))])[0]
    single = PoolFusion().fuse([window_of((TEXT,))])[0]
    assert single.certainty < both.certainty


def test_modalities_that_contradict_each_other_leave_the_distribution_out_and_keep_the_rest() -> None:
    happy, sad = spread([0.01, 9, 0.01, 0.01, 0.01, 0.01, 0.01]), spread([0.01, 0.01, 0.01, 9, 0.01, 0.01, 0.01])
    prediction = PoolFusion().fuse([one(seen(FACE, happy), seen(TEXT, sad | {"confusion": 0.7}))])[0]
    assert prediction.disputed is not None
    assert prediction.disputed.reason is Reason.DISAGREEMENT
    assert prediction.scores == pytest.approx({"confusion": 0.7})


def test_an_observation_that_abstains_is_absent_not_zero() -> None:
    dark = Observation("p_1", FACE, 0, SECOND_US, 0.0, abstain=Abstain(Reason.LOW_LIGHT))
    prediction = PoolFusion().fuse([one(dark, face=Reason.LOW_LIGHT)])[0]
    assert prediction.abstain == Abstain(Reason.LOW_LIGHT)
    assert not prediction.modalities[FACE].used


@pytest.mark.parametrize(("quiet", "expected"), [({"voice": Reason.SILENCE}, Reason.SILENCE), ({}, Reason.NO_CONSENT)])
def test_the_reason_given_is_the_signal_that_failed_before_the_permission_that_was_never_there(
    quiet: dict[str, Reason], expected: Reason
) -> None:
    prediction = PoolFusion().fuse([one(**quiet, face=Reason.NO_CONSENT)])[0]
    assert prediction.abstain is not None
    assert prediction.abstain.reason is expected


def test_scores_outside_the_distribution_are_pooled_over_those_who_say_them() -> None:
    words = seen(TEXT, spread([1] * 7) | {"confusion": 0.8})
    prediction = PoolFusion().fuse([one(words, seen(FACE, spread([1] * 7)))])[0]
    assert math.isclose(prediction.scores["confusion"], 0.8, abs_tol=1e-6)

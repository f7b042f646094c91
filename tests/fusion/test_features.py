import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.call import FACE, TEXT
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Observation
from countenance.fusion.features import ALONE, OLDEST_S, SAID, TOKENS, summary, tokens

SHARES = st.lists(st.floats(0.01, 1.0), min_size=7, max_size=7)


def seen(shares: list[float], end_us: int = SECOND_US, quality: float = 1.0, **more: float) -> Observation:
    spread = {name: share / sum(shares) for name, share in zip(EMOTIONS, shares, strict=True)}
    return Observation("p_1", FACE, 0, end_us, quality, {**spread, **more}, {"valence": 0.5})


@given(SHARES)
def test_logits_of_a_distribution_sum_to_zero_and_keep_every_ratio(shares: list[float]) -> None:
    row = summary([seen(shares)])
    assert abs(float(row[:7].sum())) < 1e-4
    assert math.isclose(float(row[0] - row[1]), math.log(shares[0] / shares[1]), abs_tol=1e-4)


def test_what_is_absent_is_all_zero_and_what_is_there_says_so() -> None:
    assert not summary([]).any()
    assert summary([seen([1.0] * 7, quality=0.4)])[SAID:].tolist() == pytest.approx([1.0, 1.0, 0.4])


def test_a_modality_that_states_no_distribution_is_there_all_the_same() -> None:
    row = summary([Observation("p_1", FACE, 0, SECOND_US, 0.8)])
    assert row[SAID:].tolist() == pytest.approx([0.0, 1.0, 0.8])
    assert not row[:SAID].any()


def test_scores_beside_the_distribution_come_as_log_odds() -> None:
    row = summary([seen([1.0] * 7, confusion=0.8)])
    assert math.isclose(float(row[7 + ALONE.index("confusion")]), math.log(4), abs_tol=1e-5)
    assert row[7 + ALONE.index("frustration")] == 0.0


def test_the_newest_observations_become_tokens_with_their_age() -> None:
    group = [seen([1.0] * 7, end_us=at * SECOND_US) for at in range(TOKENS + 3)]
    rows, present = tokens(group, (TOKENS + 2) * SECOND_US)
    assert present.sum() == TOKENS
    assert rows[-1, -1] == 0.0
    assert rows[0, -1] == 1.0, f"older than {OLDEST_S} s counts as that old"
    assert np.all(np.diff(rows[:, -1]) <= 0)


def test_the_order_in_which_observations_arrive_does_not_matter() -> None:
    group = [seen([at + 1.0, 1, 1, 1, 1, 1, 1], end_us=at * 100_000) for at in range(4)]
    one, other = tokens(group, SECOND_US), tokens(group[::-1], SECOND_US)
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_words_said_earlier_are_older() -> None:
    words = Observation("p_1", TEXT, 0, 2 * SECOND_US, 1.0, dict.fromkeys(EMOTIONS, 1 / 7))
    rows, _ = tokens([words], 5 * SECOND_US)
    assert math.isclose(float(rows[0, -1]), 3 / OLDEST_S, abs_tol=1e-6)

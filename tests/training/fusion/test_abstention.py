"""The measurement behind ADR 13: windows with and without what the nets are unsure of."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench.abstention import RESULT, aurc, brier, compared, macro_f1, measured, surer, unsure
from tests.training.fusion.made import side

from countenance.contracts.call import FACE, TEXT
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Observation, Window
from countenance.inference.bundle import Bundle
from countenance.training.fusion.parts import write_part

BARS = {FACE: 0.5, TEXT: 0.5}
TRUTH = np.array([0, 1, 1])
ONES = np.ones(3)


def saying(*names: str | None, share: float = 0.7) -> np.ndarray:
    rest = (1 - share) / (len(EMOTIONS) - 1)
    rows = [[math.nan if name is None else share if e == name else rest for e in EMOTIONS] for name in names]
    return np.array(rows)


def seen(share: float, modality: str = FACE, **more: float) -> Observation:
    scores = dict(zip(EMOTIONS, saying(EMOTIONS[0], share=share)[0].tolist(), strict=True)) | more
    return Observation("p_1", modality, 0, SECOND_US, 1.0, scores)


def test_what_lies_below_its_bar_is_unsure_and_leaves_the_window() -> None:
    window = Window("p_1", 0, SECOND_US, (seen(0.4), seen(0.8), seen(0.3, "voice")), {})
    assert [round(one.scores[EMOTIONS[0]], 1) for one in surer(window, BARS).observations] == [0.8, 0.3]


def test_the_bar_of_faces_is_over_eight_classes() -> None:
    joined = replace(seen(0.1), scores={**seen(0.1).scores, "disgust": 0.6, "contempt": 0.3})
    assert unsure(joined, {FACE: 0.5})
    assert not unsure(replace(joined, scores={**joined.scores, "contempt": 0.01}), {FACE: 0.5})


def test_a_silent_window_is_missed_answers_at_the_rates_and_comes_last() -> None:
    right = saying(EMOTIONS[0], EMOTIONS[1], EMOTIONS[1])
    silent = saying(EMOTIONS[0], EMOTIONS[1], None)
    assert macro_f1(right, TRUTH, ONES) == 1.0
    assert macro_f1(silent, TRUTH, ONES) == pytest.approx((1.0 + 2 / 3) / 2)
    rates = np.array([1 / 3, 2 / 3])
    assert brier(silent, TRUTH, ONES) - 2 / 3 * brier(right, TRUTH, ONES) == pytest.approx(
        (rates[0] ** 2 + (1 - rates[1]) ** 2) / 3
    )
    assert aurc(right, TRUTH, ONES) == 0.0
    assert aurc(silent, TRUTH, ONES) == pytest.approx(1 / 9)


def test_where_nothing_is_unsure_nothing_changes() -> None:
    windows = [Window("p_1", 0, SECOND_US, (seen(0.8),), {})] * 4
    found = compared(windows, [EMOTIONS[0]] * 4, [np.array(list("abcd"))], BARS)
    assert found["left"] == 1.0
    assert all(found[name]["change"] == 0.0 for name in ("macro_f1", "brier", "aurc"))


def test_every_kind_of_window_is_measured_from_the_dev_side(tmp_path: Path) -> None:
    for part in side("dev").values():
        write_part(part, tmp_path)
    found = measured(tmp_path, BARS)
    assert found["side"] == "dev"
    assert {"three utterances", "face, voice and words", "a second of a face, occlusion"} <= set(found["windows"])


def test_the_committed_measurement_is_of_the_shipped_words_and_says_what_the_decision_says(root: Path) -> None:
    """If leaving out ever helps, this fails and ADR 13 is to be taken up again."""
    found = json.loads(RESULT.read_text(encoding="utf-8"))
    words = Bundle.load(root / "src/countenance/models/text-emotion.v1")
    assert found["models"]["text-emotion.v1"] == words.ref.sha256
    assert found["bars"][TEXT] == words.calibration.extra["abstain_below"]
    for row in found["windows"].values():
        assert row["macro_f1"]["low"] <= 0.0
        assert row["aurc"]["high"] >= 0.0

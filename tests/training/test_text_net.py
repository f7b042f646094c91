"""The text net and its batches; needs torch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from countenance.training.text_emotion.batches import augment, batches, pad, transcript_style  # noqa: E402
from countenance.training.text_emotion.labels import COARSE, FINE  # noqa: E402
from countenance.training.text_emotion.net import TextNet  # noqa: E402
from countenance.training.text_emotion.onnx_export import SCORES, OneText, gather_scores  # noqa: E402


def test_padding_changes_nothing() -> None:
    torch.manual_seed(0)
    net = TextNet().eval()
    rows = [np.array([101, 7592, 102]), np.array([101, 2054, 2079, 2017, 2812, 1029, 102])]
    ids, mask = (torch.from_numpy(array) for array in pad(rows))
    with torch.inference_mode():
        fine, coarse, features = net(ids, mask)
        for index, row in enumerate(rows):
            scores, labels, alone = OneText(net)(torch.from_numpy(row[None]))
            torch.testing.assert_close(alone[0], features[index], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(labels[0], fine[index], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(scores, gather_scores(fine, coarse)[index : index + 1], atol=1e-5, rtol=1e-4)


def test_scores_stand_under_their_own_names() -> None:
    fine = torch.arange(len(FINE), dtype=torch.float32)[None]
    coarse = 100 + torch.arange(len(COARSE), dtype=torch.float32)[None]
    named = dict(zip(SCORES, gather_scores(fine, coarse)[0].tolist(), strict=True))
    assert named["confusion"] == FINE.index("confusion")
    assert {name: named[name] for name in COARSE} == {name: 100 + i for i, name in enumerate(COARSE)}


def test_embeddings_stay_as_they_came() -> None:
    net = TextNet()
    assert not net.words.weight.requires_grad
    assert not net.positions.weight.requires_grad


def test_transcript_style_has_no_case_and_no_punctuation_but_keeps_apostrophes() -> None:
    assert transcript_style("Wait, I DON’T know... 'really'?! [NAME]") == "wait i don't know really name"


def test_augmentation_repeats_with_its_seed_and_touches_about_a_third() -> None:
    texts = ["Well, this IS odd."] * 1000
    once = augment(texts, np.random.default_rng(3))
    assert once == augment(texts, np.random.default_rng(3))
    assert 300 < sum(text == "well this is odd" for text in once) < 400


def test_masked_names_are_given_back_as_names_half_of_the_time() -> None:
    told = augment(["Ask [NAME]!"] * 1000, np.random.default_rng(0))
    assert 400 < sum("name" not in text.lower() for text in told) < 600


def test_batches_hold_every_row_once_and_like_lengths() -> None:
    random = np.random.default_rng(0)
    rows = [np.zeros(length, np.int64) for length in random.integers(3, 40, 6400)]
    found = list(batches(rows, 64, random))
    assert sorted(np.concatenate(found)) == list(range(6400))
    spread = [max(len(rows[i]) for i in batch) - min(len(rows[i]) for i in batch) for batch in found]
    assert np.mean(spread) < 3

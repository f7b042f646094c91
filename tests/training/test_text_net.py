"""The text net and its batches; needs torch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from countenance.training.text_emotion.batches import augment, batches, hide, pad, transcript_style  # noqa: E402
from countenance.training.text_emotion.labels import COARSE, FINE  # noqa: E402
from countenance.training.text_emotion.net import HEADS, WIDTH, Layer, TextNet  # noqa: E402
from countenance.training.text_emotion.onnx_export import DEPTHS, SCORES, OneText, gather_scores  # noqa: E402


def test_padding_changes_nothing() -> None:
    torch.manual_seed(0)
    net = TextNet().eval()
    rows = [np.array([101, 7592, 102]), np.array([101, 2054, 2079, 2017, 2812, 1029, 102])]
    ids, mask = (torch.from_numpy(array) for array in pad(rows))
    with torch.inference_mode():
        fine, coarse = net(ids, mask)
        for index, row in enumerate(rows):
            scores, labels, embedding, layers = OneText(net)(torch.from_numpy(row[None]))
            torch.testing.assert_close(labels[0], fine[index], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(scores, gather_scores(fine, coarse)[index : index + 1], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(net.fine(embedding), labels)
            assert layers.shape == (1, WIDTH * len(DEPTHS))


def test_attention_by_hand_is_the_attention_that_torch_knows() -> None:
    torch.manual_seed(0)
    layer = Layer(0.0).eval()
    x, mask = torch.randn(2, 5, WIDTH), torch.tensor([[True] * 5, [True] * 3 + [False] * 2])[:, None, None, :]
    q, k, v = layer.qkv(x).view(2, 5, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
    known = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    mixed = layer.mix_norm(x + layer.mix(known.transpose(1, 2).reshape(2, 5, WIDTH)))
    expected = layer.down_norm(mixed + layer.down(torch.nn.functional.gelu(layer.up(mixed))))
    torch.testing.assert_close(layer(x, mask), expected, atol=1e-5, rtol=1e-4)


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


def test_hidden_pieces_are_never_the_marks_or_the_padding() -> None:
    ids, mask = pad([np.array([101, *[2054] * 400, 102]), np.array([101, 2054, 102])])
    hidden = hide(ids, mask, 0.25, np.random.default_rng(0))
    changed = hidden != ids
    assert set(ids[changed]) == {2054}
    assert set(hidden[changed]) == {103}
    assert 0.2 < changed[0].mean() < 0.3

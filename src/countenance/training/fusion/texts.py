"""GoEmotions comments with one Ekman label, through the product's text encoder; and with words lost on the way."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from countenance.capture.samplers import TextSampler
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.readings import EMOTIONS
from countenance.contracts.stages import Encoder
from countenance.training.datasets.goemotions import read_goemotions
from countenance.training.fusion.parts import Item, rates_of, said
from countenance.training.text_emotion.labels import COARSE, coarse_labels

LOST = 0.3
"""Share of words that the transcript lacks in `words_lost`."""


def labelled(folder: Path, split: str, most: int, seed: int) -> tuple[list[tuple[str, str, str]], dict[str, float]]:
    """Id, text and label of comments with exactly one of the seven classes, at most so many; and the shares of all."""
    corpus = read_goemotions(folder, split)
    coarse = coarse_labels(corpus.labels)[:, [COARSE.index(name) for name in EMOTIONS]]
    order = np.random.default_rng(seed).permutation(len(coarse))
    single = order[coarse[order].sum(axis=1) == 1]
    labels = [EMOTIONS[at] for at in coarse[single].argmax(axis=1)]
    counts = dict.fromkeys(EMOTIONS, 0)
    chosen = []
    for at, label in zip(single, labels, strict=True):
        if counts[label] < most:
            counts[label] += 1
            chosen.append((corpus.ids[at], corpus.texts[at], label))
    return chosen, rates_of(labels)


def read(comments: Iterable[tuple[str, str, str]], encoder: Encoder) -> Iterator[list[Item]]:
    """Per comment one item for each condition, in the order of CONDITIONS."""
    for number, (name, text, label) in enumerate(comments):
        yield [_item(name, words, label, encoder) for words in (text, _fewer(text, number))]


def _item(name: str, text: str, label: str, encoder: Encoder) -> Item:
    sampler = TextSampler("p_1")
    if text:
        sampler.take(Utterance("p_1/words", "p_1", 0, SECOND_US, text))
    seen, missing = said(encoder, *sampler.samples(0, SECOND_US))
    return Item(name, label, name, seen, missing)


def _fewer(text: str, seed: int) -> str:
    words = text.split()
    kept = np.random.default_rng(seed).random(len(words)) >= LOST
    return " ".join(word for word, stays in zip(words, kept, strict=True) if stays)

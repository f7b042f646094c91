"""Texts to batches: transcript style, other names for masked ones, and batches of like length."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

MAX_TOKENS = 40
TRANSCRIPT_SHARE = 0.35
NAME_SHARE = 0.5
_BATCHES_PER_POOL = 50
_START, _END, _HIDDEN = 101, 102, 103
"""Ids of [CLS], [SEP] and [MASK] in the vocabulary of the base."""

# Many origins, drawn evenly and blind to the label: a name must not say anything about the person.
_NAMES = (
    "Ana", "Amina", "Ahmed", "Anders", "Aiko", "Bongani", "Carlos", "Chen", "Chloe", "Deepa", "Diego",
    "Elif", "Emeka", "Emma", "Fatima", "Hans", "Ingrid", "Ivan", "Jamal", "John", "Kofi", "Lakshmi",
    "Liam", "Linh", "Maria", "Mei", "Mohammed", "Ngozi", "Noah", "Olga", "Pedro", "Priya", "Rachel",
    "Ravi", "Sara", "Sofia", "Tariq", "Thabo", "Wei", "Yuki",
)  # fmt: skip
_NOT_SPOKEN = re.compile(r"[^\w\s']|_")
_LOOSE_APOSTROPHE = re.compile(r"(?<!\w)'|'(?!\w)")


def load_tokenizer(folder: Path, longest: int = MAX_TOKENS) -> Tokenizer:
    """The tokenizer of the MiniLM folder without padding; longer texts are cut."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer


def transcript_style(text: str) -> str:
    """The text as a plain speech recogniser would write it: no case and no punctuation."""
    plain = _NOT_SPOKEN.sub(" ", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return " ".join(_LOOSE_APOSTROPHE.sub(" ", plain).lower().split())


def augment(texts: Sequence[str], random: np.random.Generator) -> list[str]:
    """Give some masked names back a name, and put some texts in transcript style."""
    return [_augmented(text, random) for text in texts]


def _augmented(text: str, random: np.random.Generator) -> str:
    if "[NAME]" in text and random.random() < NAME_SHARE:
        text = text.replace("[NAME]", _NAMES[random.integers(len(_NAMES))])
    if random.random() < TRANSCRIPT_SHARE:
        text = transcript_style(text) or text
    return text


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[NDArray[np.int64]]:
    """Token ids of each text, without padding."""
    return [np.array(row.ids, np.int64) for row in tokenizer.encode_batch(list(texts))]


def batches(rows: Sequence[NDArray[np.int64]], size: int, random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Indices of batches of like length, in random order: little padding, and still a fair shuffle."""
    order = random.permutation(len(rows))
    lengths = np.array([len(row) for row in rows])
    found = []
    for start in range(0, len(order), size * _BATCHES_PER_POOL):
        pool = order[start : start + size * _BATCHES_PER_POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        found += [pool[i : i + size] for i in range(0, len(pool), size)]
    for index in random.permutation(len(found)):
        yield found[index]


def pad(rows: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Stack rows of ids with zeros at the end; the mask is true where a token stands."""
    width = max(len(row) for row in rows)
    ids = np.zeros((len(rows), width), np.int64)
    mask = np.zeros((len(rows), width), bool)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = True
    return ids, mask


def hide(
    ids: NDArray[np.int64], mask: NDArray[np.bool_], share: float, random: np.random.Generator
) -> NDArray[np.int64]:
    """Put [MASK] in the place of a share of the word pieces, never of the start and end marks."""
    hidden = (random.random(ids.shape) < share) & mask & (ids != _START) & (ids != _END)
    return np.where(hidden, _HIDDEN, ids)

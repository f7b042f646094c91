"""Phrases and questions in what was said, by language; plain matching of whole words, nothing is inferred."""

import re
from collections.abc import Iterable, Mapping, Sequence

from countenance.contracts.media import Utterance

WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")
OPENERS: Mapping[str, tuple[str, ...]] = {
    "en": ("what", "why", "how", "when", "where", "who", "which", "could you", "can you", "would you", "do you"),
    "de": ("was", "warum", "wieso", "wie", "wann", "wo", "wer", "welche", "welches", "können sie", "könnten sie"),
    "es": ("qué", "por qué", "cómo", "cuándo", "dónde", "quién", "cuál", "cuáles", "puede", "podría"),
    "fr": ("que", "quoi", "pourquoi", "comment", "quand", "où", "qui", "quel", "quelle", "est-ce que", "pouvez-vous"),
}  # fmt: skip
"""How questions begin, for transcripts that are written without marks."""
MARKED = re.compile(r"[.!?…]")


def normal(text: str) -> str:
    """Words in small letters with single spaces between and around them."""
    return f" {' '.join(WORDS.findall(text.casefold().replace('’', chr(39)).replace('-', ' ')))} "


def says(said: Utterance, phrases: Mapping[str, Sequence[str]]) -> str | None:
    """The first of the phrases of its language that was said; of any language where none is known."""
    words = normal(said.text)
    for phrase in _of(said.language, phrases):
        if normal(phrase) in words:
            return phrase
    return None


def questions(said: Utterance) -> int:
    """Sentences with a question mark; where nothing is marked at all, whether it begins as questions do."""
    if MARKED.search(said.text):
        return sum("?" in sentence for sentence in SENTENCE.findall(said.text))
    words = normal(said.text)
    return int(any(words.startswith(normal(opener)) for opener in _of(said.language, OPENERS)))


def _of(language: str | None, table: Mapping[str, Sequence[str]]) -> Iterable[str]:
    known = (language or "").partition("-")[0].lower()
    if known in table:
        return table[known]
    return (phrase for phrases in table.values() for phrase in phrases) if not known else ()

"""Whether a text can be read at all: are there words, enough of them, and are they English?"""

import re
from collections.abc import Sequence

from countenance.contracts.media import Quality
from countenance.contracts.readings import Reason

# Words that carry grammar rather than matter, found in nearly every English sentence. Those that are also common words
# of neighbouring languages ("a", "in", "so", "was", "me", "no", "as", "do", "am", "on", "all") are left out on purpose.
_FUNCTION_WORDS = (
    "the and to of is it that you i for this are with be have not but my what they your we if just like how can "
    "would at or from there when about she who his her him their them our out up get got has had been were will "
    "could should did does because why where which than then some any more very too please thanks thank sorry yes "
    "yeah okay ok hello hi hey don't it's i'm that's i've you're can't didn't doesn't isn't wasn't we're they're "
    "he's what's let's there's these those here know think want need going really good great right well now still "
    "only other into over after before by one people time never always something nothing much many "
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")

# Set on GoEmotions dev: 0.3 % of its English comments of four words or more are refused.
_ENOUGH_WORDS = 4
_LEAST_FUNCTION_WORDS = 0.1
_MOST_PIECES_PER_WORD = 1.4
_MOST_FOREIGN_LETTERS = 0.2
_MOST_SINGLE_PIECES = 0.6
_QUALITY_BY_WORDS = (0.0, 0.5, 0.7, 0.85)
"""Few words say little, and a wrong guess at one of them changes everything; from four words on 1."""


def appraise(text: str, pieces: Sequence[str], language: str | None) -> Quality:
    """Quality 0 with `low_asr` where no words stand, with `out_of_domain` where they are not English.

    `pieces` are the word pieces of the text without its start and end marks. A stated language is believed; without
    one the rule is cautious: it refuses only texts with many letters outside ASCII, or texts of four words and more
    in which almost no English function word stands and the words fall into many pieces.
    """
    words = [word.lower() for word in _WORD.findall(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))]
    if not words:
        return Quality(0.0, Reason.LOW_ASR)
    if not _english(words, pieces, language):
        return Quality(0.0, Reason.OUT_OF_DOMAIN)
    if _spelled_out(pieces):
        return Quality(0.0, Reason.LOW_ASR)
    return Quality(1.0 if len(words) >= _ENOUGH_WORDS else _QUALITY_BY_WORDS[len(words)])


def _english(words: Sequence[str], pieces: Sequence[str], language: str | None) -> bool:
    if language is not None:
        return language.replace("_", "-").split("-")[0].lower() in ("en", "eng", "english")
    return not (_foreign_letters(words) or _foreign_words(words, pieces))


def _spelled_out(pieces: Sequence[str]) -> bool:
    """Single letters and unknown pieces only, as in a badly heard or mistyped line."""
    worded = [piece for piece in pieces if piece == "[UNK]" or any(c.isalpha() for c in piece)]
    odd = [piece for piece in worded if piece == "[UNK]" or len(piece.removeprefix("##")) == 1]
    return len(worded) > 2 and len(odd) > _MOST_SINGLE_PIECES * len(worded)


def _foreign_letters(words: Sequence[str]) -> bool:
    letters = "".join(words).replace("'", "")
    return sum(not letter.isascii() for letter in letters) > _MOST_FOREIGN_LETTERS * len(letters)


def _foreign_words(words: Sequence[str], pieces: Sequence[str]) -> bool:
    if len(words) < _ENOUGH_WORDS:
        return False
    known = sum(word in FUNCTION_WORDS for word in words)
    worded = sum(any(c.isalpha() for c in piece) for piece in pieces)
    return known < _LEAST_FUNCTION_WORDS * len(words) and worded > _MOST_PIECES_PER_WORD * len(words)

"""The words of the pages in each language: one catalogue per screen and language, English stands in the pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import BytesIO

from babel.core import negotiate_locale
from babel.messages.pofile import read_po
from starlette.requests import Request

from countenance.server.cookies import cookie_of

ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français"}
"""By code, as its speakers write it; all are written from left to right."""
COMMON = "common"
"""The catalogue of words that several screens use."""
CHOSEN = "countenance-language"
"""The cookie with the language somebody chose; it holds nothing else."""


@dataclass(frozen=True, slots=True)
class Words:
    """What one screen says in one language."""

    language: str
    by_id: Mapping[str, Sequence[str]]
    """By English words: the translation, or the singular and the plural."""

    def one(self, words: str) -> str:
        """A translation; English where there is none."""
        return self.by_id.get(words, (words,))[0]

    def many(self, single: str, plural: str, count: int) -> str:
        """A translation that depends on a number; all our languages know one and many."""
        found = self.by_id.get(single, (single, plural))
        # French counts nothing as one.
        alone = count < 2 if self.language == "fr" else count == 1
        return found[0] if alone else found[-1]


@cache
def words_of(language: str, screen: str) -> Words:
    """The words of a screen, those that all screens share included."""
    return Words(language, _read(language, COMMON) | _read(language, screen))


def language_of(request: Request) -> str:
    """The language to answer in: as the address asks, as was chosen before, or as the browser prefers."""
    for asked in (request.query_params.get("language"), request.cookies.get(cookie_of(request, CHOSEN))):
        if asked in LANGUAGES:
            return str(asked)
    stated = request.headers.get("accept-language", "")[:200]
    preferred = [part.split(";")[0].strip() for part in stated.split(",")]
    return negotiate_locale([one for one in preferred if one], [*LANGUAGES], sep="-") or ENGLISH


def _read(language: str, screen: str) -> dict[str, tuple[str, ...]]:
    file = resources.files("countenance.server") / "locale" / language / f"{screen}.po"
    if language == ENGLISH or not file.is_file():
        return {}
    catalogue = read_po(BytesIO(file.read_bytes()), locale=language)
    found: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        name, said = (message.id, message.string) if isinstance(message.id, str) else (message.id[0], message.string)
        texts = (said,) if isinstance(said, str) else tuple(said)
        if name and all(texts):
            found[str(name)] = texts
    return found

"""Every word of every page in every language."""

import pytest

from countenance.server.pages.catalogues import in_script, missing, said_by_screen
from countenance.server.words import LANGUAGES, words_of


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_every_word_is_translated(language: str) -> None:
    assert not missing(language), "run: python -m countenance.server.pages.catalogues, and translate what is empty"


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_what_is_put_into_sentences_stays_in_their_translations(language: str) -> None:
    for screen in said_by_screen():
        for name, texts in words_of(language, screen).by_id.items():
            for text in texts:
                assert _places(text) == _places(name), (screen, name)


def test_no_page_says_what_nobody_can_know() -> None:
    said = " ".join(str(one) for words in said_by_screen().values() for one in words).lower()
    assert "feels" not in said
    assert "true emotion" not in said


def test_words_within_the_values_of_other_words_are_found() -> None:
    script = (
        't("{who}: off", { who: name ?? t("nobody") }) + n("{count} \\"day\\"", "{count} days", { count }); at("x");'
    )
    assert list(in_script(script)) == ["{who}: off", "nobody", ('{count} "day"', "{count} days")]


def test_one_and_many() -> None:
    german, french = words_of("de", "home"), words_of("fr", "home")
    assert [german.many("{count} person", "{count} people", count) for count in (0, 1, 2)] == [
        "{count} Personen",
        "{count} Person",
        "{count} Personen",
    ]
    assert french.many("{count} person", "{count} people", 0) == "{count} personne"
    assert words_of("en", "home").many("{count} person", "{count} people", 2) == "{count} people"


def _places(text: str) -> set[str]:
    return {part.partition("}")[0] for part in text.split("{")[1:]}

"""Words of prompts in every language: how sure, and what was measured. The table is `words.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from countenance.coaching.conditions import Certainty
from countenance.coaching.playbook import Texts
from countenance.contracts.features import feature_words
from countenance.inference.tables import Table, checked


class Words(Table):
    """The whole table."""

    certainty: Mapping[Certainty, Texts]
    feature: Mapping[str, Texts]


@cache
def words() -> Words:
    """The shipped table."""
    text = (files("countenance.coaching") / "words.toml").read_text(encoding="utf-8")
    return checked(Words, tomllib.loads(text), "words.toml")


def certain(sure: Certainty, language: str) -> str:
    """How sure, in a word."""
    return words().certainty[sure].in_language(language)


def counted(language: str) -> Mapping[str, str]:
    """What rules count and compare, by name; what is measured of a person is named in `contracts/features.toml`."""
    return {name: texts.in_language(language) for name, texts in words().feature.items()}


def feature(name: str, language: str) -> str:
    """What was measured or counted, in plain words."""
    known = words().feature.get(name)
    return feature_words(name, language) if known is None else known.in_language(language)

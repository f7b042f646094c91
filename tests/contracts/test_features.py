"""Whatever is measured has its words in every language."""

import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from countenance.aggregation.taxonomy import load
from countenance.coaching.conditions import Side
from countenance.coaching.wording import feature, words
from countenance.contracts.features import feature_words, named_features
from countenance.contracts.media import SAMPLE_RATE
from countenance.contracts.readings import EMOTIONS
from countenance.encoders import face, voice
from countenance.encoders.cues import CUES
from countenance.encoders.prosody import prosody
from countenance.fusion.features import ALONE, DIMENSIONS

LANGUAGES = ("en", "de", "es", "fr")
TAXONOMIES = ("engagement.v1", "ekman7.v1", "va.v1")
COUNTED = re.compile(r'f?"((?:talk|words|estimate|before)\.(?!toml)[\w.{}]+)"')
"""What coaching calls the features of its conditions, in its source."""


def measured() -> set[str]:
    """Every feature that an encoder or a shipped taxonomy names."""
    at = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    buzz = (np.sign(np.sin(2 * np.pi * 140 * at)) * (0.2 + 0.1 * np.sin(2 * np.pi * 4 * at))).astype(np.float32)
    stretches = [(0, SAMPLE_RATE), (SAMPLE_RATE * 5 // 4, 2 * SAMPLE_RATE)]
    cues = {*CUES, "head_yaw_deg", "head_pitch_deg", "head_roll_deg", *prosody(buzz, stretches)}
    scores = {*EMOTIONS, *ALONE, *face.FOLDED, *voice.FOLDED}
    found = {f"cue.{name}" for name in cues} | {f"score.{name}" for name in scores}
    found |= {f"dimension.{name}" for name in (*DIMENSIONS, "dominance")}
    for taxonomy in map(load, TAXONOMIES):
        found |= {term.feature for label in taxonomy.label for term in label.terms}
        found |= {label.direct for label in taxonomy.label if label.direct}
    return found


def counted() -> set[str]:
    """Every feature that a rule of a playbook names, for labels of the shipped taxonomies."""
    labels = [label.name for name in TAXONOMIES for label in load(name).label]
    found = set()
    for file in Path(str(files("countenance.coaching"))).glob("*.py"):
        for name in COUNTED.findall(file.read_text("utf-8")):
            bare = re.sub(r"\{.*\}", "{}", name)
            inside = labels if bare.startswith(("estimate", "before")) else [side.value for side in Side]
            found |= {bare.format(one) for one in inside}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_an_encoder_or_a_taxonomy_names_has_its_words(language: str) -> None:
    assert measured() == set(named_features(language)), "what nobody measures needs no words"
    assert all(named_features(language).values())


def test_what_a_rule_counts_has_its_words() -> None:
    assert counted() == set(words().feature)
    assert {"talk.share.coach", "talk.silence_seconds", "estimate.engaged", "before.anger"} <= counted()


def test_prompts_call_what_is_measured_as_every_page_does() -> None:
    assert feature("cue.smile", "de") == feature_words("cue.smile", "de") == "Lächeln"
    assert feature("talk.silence_seconds", "fr") == "secondes de silence"


def test_what_only_a_deployers_own_head_says_is_called_by_its_own_word() -> None:
    assert feature_words("score.lost_thread", "es") == "lost thread en palabras, voz o rostro"
    assert feature_words("cue.nod_rate", "de") == "nod rate"
    assert feature_words("nods", "fr") == "nods"

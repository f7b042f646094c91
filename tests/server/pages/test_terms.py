"""The product's own words are there for every name that a page can meet, on pages and on paper."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from countenance.aggregation.taxonomy import load
from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE, Purpose, Role
from countenance.contracts.readings import Reason
from countenance.server.kinds import KINDS
from countenance.server.pages.catalogues import said_by_screen
from countenance.surface.wording import Wording

TAXONOMIES = [load(name) for name in ("engagement.v1", "ekman7.v1")]
NAMES = {
    "modality": {FACE, VOICE, TEXT, TELEMETRY},
    "state": {label.name for taxonomy in TAXONOMIES for label in taxonomy.label},
    "event": {event.name for taxonomy in TAXONOMIES for event in taxonomy.event},
    "reason": {reason.value for reason in Reason},
    "role": {role.value for role in Role},
    "purpose": {purpose.value for purpose in Purpose},
}
STATIC = Path(str(files("countenance.server"))) / "static"
SCRIPT = (STATIC / "terms.js").read_text("utf-8")


@pytest.mark.parametrize("kind", NAMES)
def test_pages_have_a_word_for_every_name(kind: str) -> None:
    table = re.search(rf"^  {kind}: {{(.*?)}},$", SCRIPT, re.MULTILINE | re.DOTALL)
    assert table is not None
    assert set(re.findall(r"(\w+): t\(", table[1])) == NAMES[kind]


@pytest.mark.parametrize("kind", NAMES)
def test_paper_has_a_word_for_every_name(kind: str) -> None:
    asked: list[str] = []

    def ask(said: str) -> str:
        asked.append(said)
        return said

    wording = Wording("de", ask)
    for name in NAMES[kind]:
        said = getattr(wording, kind)(name)
        assert said in asked, "a name without words is never asked for"
        assert "_" not in said


def test_what_the_shipped_probabilities_denote_is_said_as_the_taxonomies_say_it() -> None:
    said = said_by_screen()["settings"]
    assert {" ".join(load(name).denotes.split()) for name in ("engagement.v1", "ekman7.v1", "va.v1")} <= said


def test_pages_have_a_word_for_every_kind_of_problem_but_those_that_programs_alone_meet() -> None:
    script = (STATIC / "api_words.js").read_text("utf-8").partition("};")[0]
    named = {one or other for one, other in re.findall(r'^  (?:"([\w-]+)"|(\w+)): t\(', script, re.MULTILINE)}
    assert set(KINDS) - named == {"method-not-allowed", "unsupported-media", "precondition-required"}
    assert not named - set(KINDS)

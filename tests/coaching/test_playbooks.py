"""Every shipped playbook is what its own examples say, in four languages, in modest words."""

import itertools
import re
from pathlib import Path

import pytest

from countenance.coaching.conditions import LANGUAGES
from countenance.coaching.examples import check_examples
from countenance.coaching.playbook import Playbook, load, shipped
from countenance.coaching.scene import Estimated, certainty
from countenance.coaching.wording import words
from countenance.contracts.errors import UsageError

NAMES = sorted(shipped())
FORBIDDEN = re.compile(r"\bfeel|true emotion|\bangry\b|\bsad\b|\bhappy\b|\blies?\b", re.IGNORECASE)

HEAD = """
name = "own.v1"
coach = ["agent"]
other = ["customer"]
title = { en = "Own", de = "Eigen", es = "Propio", fr = "Propre" }
called = { en = "They", de = "Sie", es = "Ellos", fr = "Ils" }
[[rule]]
id = "one_rule"
text = { en = "a", de = "a", es = "a", fr = "a" }
reason = { en = "{who}", de = "a", es = "a", fr = "a" }
"""
EXAMPLES = """
[[rule.example]]
says = "They are silent"
speaks = false
length_s = 5
[[rule.example]]
says = "They talk"
speaks = true
length_s = 9
talks = [{ who = "other", from_s = 0, to_s = 9 }]
"""


def own(tmp_path: Path, when: str, extra: str = "", examples: str = EXAMPLES) -> Playbook:
    path = tmp_path / "own.toml"
    path.write_text(HEAD + f"when = {when}\n{extra}\n" + examples, encoding="utf-8")
    return load(str(path))


@pytest.mark.parametrize("name", NAMES)
def test_every_example_of_a_shipped_playbook_holds(name: str) -> None:
    assert check_examples(load(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_playbook_has_enough_rules_and_not_too_many(name: str) -> None:
    playbook = load(name)
    assert playbook.name == name
    assert 6 <= len(playbook.rule) <= 10
    assert len({len(text) > 0 for rule in playbook.rule for text in rule.text.model_dump().values()}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_no_rule_claims_to_know_what_somebody_has_inside(name: str) -> None:
    for rule, language in itertools.product(load(name).rule, LANGUAGES):
        said = f"{rule.reason.in_language(language)} {rule.text.in_language(language)}"
        assert not FORBIDDEN.search(said), said


@pytest.mark.parametrize("name", NAMES)
def test_the_languages_say_the_same_about_the_same_measures(name: str) -> None:
    for rule in load(name).rule:
        places = {frozenset(re.findall(r"\{(\w+)\}", text)) for text in rule.reason.model_dump().values()}
        assert len(places) == 1, rule.id
        assert len(set(rule.text.model_dump().values())) == len(LANGUAGES), rule.id


def test_only_what_concerns_safety_is_urgent() -> None:
    urgent = {(name, rule.id): rule.tags for name in NAMES for rule in load(name).rule if rule.urgent}
    assert urgent
    assert all("safety" in tags for tags in urgent.values())


def test_a_playbook_is_found_by_its_use_case_alone() -> None:
    assert load("sales") == load("sales.v1")


def test_a_playbook_of_ones_own_is_read_and_checked(tmp_path: Path) -> None:
    assert check_examples(own(tmp_path, '{ speaks = { who = "other", at_least_s = 5 } }')) == []


def test_an_example_that_does_not_hold_is_named(tmp_path: Path) -> None:
    wrong = check_examples(own(tmp_path, '{ speaks = { who = "other", at_least_s = 60 } }'))
    assert wrong == ["one_rule: expected to speak: They talk"]
    assert check_examples(own(tmp_path, '{ not = { speaks = { who = "coach", at_least_s = 60 } } }'))


def test_a_behaviour_that_no_example_shows_is_named(tmp_path: Path) -> None:
    talk = '{ speaks = { who = "other", at_least_s = 5 } }'
    wrong = check_examples(own(tmp_path, talk, f"acted_when = {talk}"))
    assert wrong == ["one_rule: no example shows the behaviour that it asks for"]
    shown = EXAMPLES.replace("speaks = true", "speaks = true\nacted = true")
    assert check_examples(own(tmp_path, talk, f"acted_when = {talk}", shown)) == [
        "one_rule: acted is None, not True: They talk"
    ]


def test_a_rule_needs_an_example_of_each_kind(tmp_path: Path) -> None:
    silent = EXAMPLES.replace("speaks = true", "speaks = false").replace('"other", from_s = 0', '"coach", from_s = 0')
    wrong = check_examples(own(tmp_path, '{ speaks = { who = "other", at_least_s = 5 } }', examples=silent))
    assert wrong == ["one_rule: its examples must show it speaking and being silent"]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ('{ sate = { label = "engaged" } }', "Did you mean state?"),
        ('{ nto = { speaks = { who = "other", at_least_s = 5 } } }', "Did you mean not?"),
        ('{ speaks = { who = "other", at_least = 5 } }', "Did you mean at_least_s?"),
        ('{ any = [{ speaks = { who = "other", at_least = 5 } }] }', "Did you mean at_least_s?"),
        ('{ speaks = { who = "coahc", at_least_s = 5 } }', "Did you mean coach?"),
        ("{}", "says nothing"),
        ('{ silence = { at_least_s = 5 }, speaks = { who = "other", at_least_s = 5 } }', "says speaks, silence"),
        ('{ state = { label = "engaged", for_s = 5, of_s = 5 } }', "either at_least or at_most"),
        ('{ state = { label = "engaged", at_most = 0.4, for_s = 5, of_s = 4 } }', "raise of_s"),
        ('{ state = { label = "engaged", at_most = 0.4, leave = 0.3, for_s = 5, of_s = 5 } }', "wrong side"),
        ('{ state = { label = "engaged", at_least = 0.4, leave = 0.5, for_s = 5, of_s = 5 } }', "wrong side"),
        ('{ talk = { who = "coach", over_s = 60 } }', "share_at_least"),
        ('{ questions = { who = "coach" } }', "at_least, at_most"),
    ],
)
def test_a_condition_that_is_wrong_says_what_to_mend(tmp_path: Path, when: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        own(tmp_path, when)


@pytest.mark.parametrize("about", ["coach", "call"])
def test_no_rule_reads_estimates_of_the_coach(tmp_path: Path, about: str) -> None:
    state = '{ any = [{ not = { state = { label = "engaged", at_most = 0.4, for_s = 5, of_s = 5 } } }] }'
    with pytest.raises(UsageError, match="must be about the other side"):
        own(tmp_path, state, f'about = "{about}"')


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"{who}"', '"{mood}"', "nothing that is measured"),
        ('other = ["customer"]', 'other = ["agent"]', "both sides"),
        ('other = ["customer"]', 'other = ["custmer"]', "Did you mean customer?"),
        ('id = "one_rule"', 'id = "one_rule"\ntgas = []', "Did you mean tags?"),
    ],
)
def test_a_playbook_that_is_wrong_says_what_to_mend(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "own.toml"
    whole = HEAD + 'when = { speaks = { who = "other", at_least_s = 5 } }\n' + EXAMPLES
    path.write_text(whole.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(said)):
        load(str(path))


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    rule = HEAD[HEAD.index("[[rule]]") :] + 'when = { speaks = { who = "other", at_least_s = 5 } }\n' + EXAMPLES
    path.write_text(HEAD[: HEAD.index("[[rule]]")] + rule + rule, encoding="utf-8")
    with pytest.raises(UsageError, match="two rules are named"):
        load(str(path))


def test_what_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(UsageError, match=r"sales\.v1"):
        load("saels")
    with pytest.raises(UsageError, match="engagement_fell"):
        load("sales").find("engagement_rose")
    assert load("sales").find("engagement_fell").tags == ("engagement",)


def test_what_prompts_call_things_is_there_in_every_language() -> None:
    for texts in (*words().certainty.values(), *words().feature.values()):
        assert all(texts.in_language(language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0.6, 0.8, "high"), (0.5, 0.9, "medium"), (0.5, 0.900001, "low")]
)
def test_a_band_as_wide_as_the_limit_is_within_it_whatever_subtraction_leaves(
    low: float, high: float, expected: str
) -> None:
    assert certainty(Estimated(0.7, low, high).width).value == expected

"""The law files: their own examples, one place per law, and files that are wrong."""

from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from shutil import copytree

import pytest
from tests.policy.cases import case

from countenance.contracts.errors import PolicyError
from countenance.contracts.trust import Effect, Layer
from countenance.policy.examples import check_examples
from countenance.policy.gate import Gate

NEW_LAW = """
[law]
id = "us_maryland"
name = "A law made up for a test"
layer = "law"
source = "a test"
certainty = "unverified"
checked_on = 2026-11-22

[case]
purpose = "support_qa"
role = "customer"
modality = "voice"
output = "engagement"
consequence = "individual"
jurisdictions = ["US-NY"]
on = 2026-11-22
facts = { minor = "adult" }

[[rule]]
id = "MD1"
effect = "deny"
applies_from = 2026-01-01
reason = "voices are not read"
citation = "Test Act 1"
when = { jurisdiction = ["US-NY"], modality = ["biometric"] }
[[rule.example]]
speaks = true
ruling = "deny"
on = 2026-01-01
[[rule.example]]
speaks = false
ruling = "allow"
on = 2025-12-31
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with as_file(files("countenance.policy") / "laws") as shipped:
        return Path(copytree(shipped, tmp_path / "laws"))


def test_all_examples_in_the_laws_hold(gate: Gate) -> None:
    assert sum(len(rule.examples) for rule in gate.rules) > 200
    assert check_examples(gate) == []


def test_every_law_shows_a_case_that_is_allowed_and_one_that_is_refused(gate: Gate) -> None:
    for law in gate.laws:
        rulings = {example.ruling for rule in law.rules for example in rule.examples}
        assert rulings == {Effect.ALLOW, Effect.DENY}, law.id


def test_every_rule_shows_where_it_is_silent_too(gate: Gate) -> None:
    everywhere = {"D01"}
    for rule in gate.rules:
        assert rule.id in everywhere or not all(example.speaks for example in rule.examples), rule.id


def test_laws_allow_and_the_charter_only_refuses_and_requires(gate: Gate) -> None:
    assert {rule.layer for rule in gate.rules if rule.effect is Effect.ALLOW} == {Layer.LAW}
    assert {law.layer for law in gate.laws} == {Layer.LAW, Layer.PRODUCT}


def test_adding_a_law_touches_one_place(gate: Gate, folder: Path) -> None:
    (folder / "us_maryland.toml").write_text(NEW_LAW, encoding="utf-8")
    more = Gate.load(folder)
    asked = case("support_qa", "customer", "face", "US-NY")
    elsewhere = case("support_qa", "customer", "face", "US-CA")
    assert check_examples(more) == []
    assert gate.rule(asked).allowed
    assert [v.rule_id for v in more.rule(asked).verdicts] == ["MD1"]
    assert more.rule(elsewhere).verdicts == gate.rule(elsewhere).verdicts
    assert more.digest != gate.digest


def test_the_digest_follows_the_content_and_not_the_layout(gate: Gate, folder: Path) -> None:
    file = folder / "gdpr.toml"
    file.write_text("# A comment more.\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert Gate.load(folder).digest == gate.digest
    charter = folder / "charter.toml"
    text = charter.read_text(encoding="utf-8")
    charter.write_text(text.replace("retention_days = 90", "retention_days = 89"), encoding="utf-8")
    assert Gate.load(folder).digest != gate.digest


def test_examples_that_do_not_hold_are_named(folder: Path) -> None:
    wrong = NEW_LAW.replace("speaks = false", "speaks = true").replace('ruling = "allow"', 'ruling = "deny"')
    (folder / "us_maryland.toml").write_text(wrong, encoding="utf-8")
    lines = "\n".join(check_examples(Gate.load(folder)))
    assert "MD1: no example on the day before it starts" in lines
    assert "MD1: expected to speak" in lines
    assert "MD1: expected the gate to deny" in lines


def test_rules_without_telling_examples_are_named(folder: Path) -> None:
    late = NEW_LAW.replace("on = 2026-01-01", "on = 2025-06-01").replace("speaks = true", "speaks = false")
    (folder / "us_maryland.toml").write_text(late, encoding="utf-8")
    lines = "\n".join(check_examples(Gate.load(folder)))
    assert "MD1: no example shows the rule speaking" in lines
    assert "MD1: no example on the day it starts" in lines
    silent = NEW_LAW.replace("on = 2026-01-01", "on = 2026-01-02").replace("speaks = true", "speaks = false")
    (folder / "us_maryland.toml").write_text(silent, encoding="utf-8")
    assert "MD1: expected silence" in "\n".join(check_examples(Gate.load(folder)))


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def cut(line: str) -> Callable[[str], str]:
    return swap(line + "\n", "")


WHEN = 'when = { jurisdiction = ["US-NY"], modality = ["biometric"] }'
WRONG = {
    "unknown key, nearest": (swap("reason =", "reson ="), "unknown key `reson`. Did you mean reason?"),
    "unknown key, none near": (swap("reason =", "zzz ="), "unknown key `zzz`. Known: id, effect"),
    "unknown key in the head": (swap("certainty =", "certain ="), "unknown key `certain`"),
    "unknown table": (swap("[case]", "[cases]"), "unknown key `cases`"),
    "no head": (lambda _: "[[rule]]\nid = 'x'", "`law` is missing"),
    "head no table": (lambda _: "law = 1", "`law` must be a table"),
    "no rule": (lambda text: text.split("[[rule]]")[0], "`rule` is missing"),
    "empty rules": (lambda text: "rule = []\n" + text.split("[[rule]]")[0], "`rule` must be a list of tables"),
    "rule no table": (lambda text: "rule = [1]\n" + text.split("[[rule]]")[0], "`rule` must be a list of tables"),
    "no examples": (lambda text: text.split("[[rule.example]]")[0], "`example` is missing"),
    "unknown effect": (swap('effect = "deny"', 'effect = "denies"'), "`effect` cannot be `denies`. Did you mean deny?"),
    "unknown layer": (swap('layer = "law"', 'layer = "god"'), "`layer` cannot be `god`"),
    "charter allows": (
        lambda text: swap('effect = "deny"', 'effect = "allow"')(swap('layer = "law"', 'layer = "product"')(text)),
        "only a law may allow",
    ),
    "empty text": (swap('"voices are not read"', '" "'), "`reason` must be a text"),
    "no text": (swap('"voices are not read"', "3"), "`reason` must be a text"),
    "empty when": (swap(WHEN, "when = {}"), "`when` is empty"),
    "empty list": (swap('modality = ["biometric"]', "modality = []"), "`modality` must be a list with at least one"),
    "no list": (swap('modality = ["biometric"]', 'modality = "biometric"'), "`modality` must be a list"),
    "unknown word": (swap('["biometric"]', '["biometrics"]'), "cannot hold `biometrics`. Did you mean biometric?"),
    "unknown condition": (swap("modality =", "modalty ="), "unknown key `modalty`"),
    "place by negation": (swap("jurisdiction =", "jurisdiction_not ="), "unknown key `jurisdiction_not`"),
    "unknown fact": (swap("modality = [", "facts = { height = ['tall'] }, modality = ["), "unknown key `height`"),
    "unknown value": (swap("modality = [", "facts = { minor = ['old'] }, modality = ["), "`minor` cannot hold `old`"),
    "unknown known": (swap("modality = [", "known = { height = ['x'] }, modality = ["), "unknown key `height`"),
    "date in quotes": (swap("applies_from = 2026-01-01", "applies_from = '2026-01-01'"), "must be a date"),
    "date with time": (swap("checked_on = 2026-11-22", "checked_on = 2026-11-22T10:00:00"), "must be a date"),
    "recommended, no date": (
        lambda text: cut("applies_from = 2026-01-01")(swap(WHEN, "recommended_before = true\n" + WHEN)(text)),
        "recommended_before needs applies_from",
    ),
    "recommended denial": (swap(WHEN, "recommended_before = true\n" + WHEN), "recommended_before needs"),
    "flag in quotes": (swap(WHEN, "recommended_before = 'yes'\n" + WHEN), "must be true or false"),
    "unknown certainty": (swap(WHEN, "certainty = 'sure'\n" + WHEN), "`certainty` cannot be `sure`"),
    "unknown duty": (swap(WHEN, "duties = { pay = 3 }\n" + WHEN), "unknown key `pay`"),
    "unknown consent": (swap(WHEN, "duties = { consent = 'nod' }\n" + WHEN), "`consent` cannot be `nod`"),
    "negative days": (swap(WHEN, "duties = { retention_days = -1 }\n" + WHEN), "must be a whole number"),
    "days as a flag": (swap(WHEN, "duties = { retention_days = true }\n" + WHEN), "must be a whole number"),
    "days in words": (swap(WHEN, "duties = { aggregate_k = 'ten' }\n" + WHEN), "must be a whole number"),
    "names no list": (swap(WHEN, "duties = { names = 'dpia' }\n" + WHEN), "`names` must be a list"),
    "empty name": (swap(WHEN, "duties = { names = [''] }\n" + WHEN), "`names` must be a list"),
    "example, unknown key": (swap("speaks = true", "speak = true"), "unknown key `speak`. Did you mean speaks?"),
    "example, no answer": (cut("speaks = true"), "`speaks` is missing"),
    "example, unknown place": (swap('jurisdictions = ["US-NY"]', 'jurisdictions = ["XX"]'), "`jurisdictions` must"),
    "example, no place": (swap('jurisdictions = ["US-NY"]', 'jurisdictions = "EU"'), "`jurisdictions` must"),
    "example, unknown role": (swap('role = "customer"', 'role = "custmer"'), "Did you mean customer?"),
    "example, unknown fact": (swap("{ minor =", "{ age ="), "unknown key `age`"),
    "example, required": (swap('ruling = "deny"', 'ruling = "require"'), "`ruling` cannot be `require`"),
    "twice the same": (lambda text: text + "[[rule]]" + text.split("[[rule]]")[1], "two rules are called MD1"),
    "no TOML": (lambda text: text + "]", "is not readable TOML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_law_file_is_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    change, message = WRONG[name]
    text = change(NEW_LAW)
    assert text != NEW_LAW
    (tmp_path / "new.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        Gate.load(tmp_path)
    assert message in caught.value.diagnosis
    assert "\n" not in caught.value.diagnosis


def test_an_example_may_leave_out_the_shared_case(tmp_path: Path) -> None:
    shared = (
        NEW_LAW.split("[case]")[1]
        .split("[[rule]]")[0]
        .replace("on = 2026-11-22", "")
        .replace('facts = { minor = "adult" }', "")
    )
    alone = NEW_LAW.replace(NEW_LAW.split("[[rule]]")[0].split("checked_on = 2026-11-22")[1], "\n")
    alone = alone.replace("speaks =", shared.strip() + "\nspeaks =").replace(
        WHEN, "certainty = 'read'\nduties = { human_role = 'coach' }\n" + WHEN.replace("}", ", role_not = ['agent'] }")
    )
    (tmp_path / "new.toml").write_text(alone, encoding="utf-8")
    rule = Gate.load(tmp_path).rules[0]
    assert rule.certainty == "read"
    assert [dict(example.case.facts) for example in rule.examples] == [{}, {}]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "new.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match=r"new.toml is not readable TOML"):
        Gate.load(tmp_path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "new.toml").mkdir()
    with pytest.raises(PolicyError, match=r"new.toml cannot be read"):
        Gate.load(tmp_path)


def test_a_folder_without_laws_is_an_error_and_not_a_free_pass(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no law was found"):
        Gate.load(tmp_path)
    with pytest.raises(PolicyError, match="is not a folder"):
        Gate.load(tmp_path / "nowhere")


def test_where_no_rule_names_a_duty_the_strict_one_holds(tmp_path: Path) -> None:
    only = NEW_LAW.replace('effect = "deny"', 'effect = "allow"')
    (tmp_path / "new.toml").write_text(only, encoding="utf-8")
    ruling = Gate.load(tmp_path).rule(case("support_qa", "customer", "face", "US-NY"))
    assert ruling.allowed
    assert (ruling.duties.consent, ruling.duties.retention_days) == ("explicit", 0)

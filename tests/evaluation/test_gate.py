"""The release gate: what it blocks, what it lets through, what it declines to say."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.gate_cases import in_group, made_report, made_scores, nested, right, written

from countenance.contracts.errors import EvaluationError, UsageError
from countenance.evaluation.gate import judge
from countenance.evaluation.gate_evidence import Estimate, Evidence, How, aligned, apart, lost_rows
from countenance.evaluation.gate_files import Measured, Pair, pair_up
from countenance.evaluation.gate_limits import Gates, limits, shipped_gates, tightened
from countenance.evaluation.gate_verdict import SEVERITY, Asked, Check, Outcome, Verdict, decide
from countenance.evaluation.gate_words import lines, told
from countenance.evaluation.scores import Scores

GATES = shipped_gates()
PATH = Path("metrics.json")


def compared(old: Scores, new: Scores, *, with_scores: bool = True, gates: Gates = GATES) -> Outcome:
    before = Measured(PATH, made_report(old), old if with_scores else None)
    after = Measured(PATH, made_report(new, "new"), new if with_scores else None)
    return judge([Pair("made", before, after)], gates)


def of_group(outcome: Outcome, value: str, measure: str = "accuracy") -> list[Check]:
    return [check for check in outcome.checks if check.value == value and check.measure == measure]


def verdicts(checks: Iterable[Check]) -> set[Verdict]:
    return {check.verdict for check in checks}


@pytest.mark.parametrize("with_scores", [True, False])
def test_a_candidate_whose_scores_were_damaged_for_one_group_is_blocked(with_scores: bool) -> None:
    outcome = compared(made_scores(), made_scores(nested("south", 0.5)), with_scores=with_scores)
    assert outcome.exit_code == 3
    blocked = [check for check in outcome.checks if check.verdict is Verdict.BLOCKED]
    assert {check.value for check in blocked} <= {"south", "", "many"}
    assert Verdict.BLOCKED in verdicts(of_group(outcome, "south"))
    assert any("south" in line and line.startswith("blocked") for line in lines(outcome))


def test_an_equal_candidate_passes_wherever_there_is_enough_data() -> None:
    outcome = compared(made_scores(), made_scores())
    assert outcome.exit_code == 0
    assert verdicts(check for check in outcome.checks if check.value != "few") == {Verdict.PASS}


def test_a_group_of_one_person_says_not_enough_data_and_never_pass() -> None:
    for new in (made_scores(), made_scores(in_group("few", "size"))):
        outcome = compared(made_scores(), new)
        assert verdicts(of_group(outcome, "few")) == {Verdict.NOT_ENOUGH_DATA}
        assert outcome.verdict is not Verdict.PASS


def test_a_candidate_better_overall_but_worse_in_one_group_is_blocked() -> None:
    old = made_scores()
    healed = in_group("north") | in_group("west")
    new = made_scores()
    better = np.where((healed & ~right(new))[:, None], np.roll(new.probabilities, -1, axis=1), new.probabilities)
    harmed = nested("south", 0.15)
    better = np.where(harmed[:, None], made_scores(harmed).probabilities, better)
    candidate = replace(new, probabilities=better)
    assert right(candidate).mean() > right(old).mean() + 0.05
    assert right(candidate)[in_group("south")].mean() < right(old)[in_group("south")].mean()
    outcome = compared(old, candidate)
    assert outcome.exit_code == 3
    assert Verdict.BLOCKED in verdicts(of_group(outcome, "south"))
    assert Verdict.BLOCKED not in verdicts(of_group(outcome, ""))


def test_dragging_everybody_down_is_no_way_out_of_a_gap() -> None:
    everybody = np.random.default_rng(5).random(len(made_scores())) < 0.3
    outcome = compared(made_scores(), made_scores(everybody))
    gaps = [check for check in of_group(outcome, "south") if check.asked is Asked.GAP]
    assert verdicts(gaps) <= {Verdict.PASS, Verdict.NOT_ENOUGH_DATA}
    assert outcome.exit_code == 3


def test_calibration_that_worsens_is_blocked_though_every_answer_stays_the_same() -> None:
    outcome = compared(made_scores(), made_scores(confidence=0.95))
    assert verdicts(of_group(outcome, "")) == {Verdict.PASS}
    assert Verdict.BLOCKED in verdicts(of_group(outcome, "", "ece_15"))
    assert outcome.exit_code == 3


def test_paired_scores_see_what_published_intervals_cannot() -> None:
    old, new = made_scores(), made_scores(nested("south", 0.06))
    sharp, blunt = (of_group(compared(old, new, with_scores=with_scores), "south") for with_scores in (True, False))
    assert Verdict.BLOCKED in verdicts(sharp)
    assert Verdict.BLOCKED not in verdicts(blunt)
    for one, two in zip(sorted(sharp, key=str), sorted(blunt, key=str), strict=True):
        assert one.asked is two.asked
        assert one.evidence is not None
        assert two.evidence is not None
        assert one.evidence.change == pytest.approx(two.evidence.change, abs=2e-6)


def test_a_group_that_vanished_is_blocked() -> None:
    report = made_report(made_scores(), "new")
    fewer = report.model_copy(update={"slices": [row for row in report.slices if row.value != "west"]})
    outcome = judge(
        [Pair("made", Measured(PATH, made_report(made_scores()), None), Measured(PATH, fewer, None))], GATES
    )
    assert outcome.exit_code == 3
    assert verdicts(of_group(outcome, "west")) == {Verdict.BLOCKED}


def test_a_measure_that_vanished_is_blocked() -> None:
    report = made_report(made_scores(), "new")
    left = {name: one for name, one in report.metrics.items() if name != "uar"}
    fewer = report.model_copy(update={"metrics": left})
    outcome = judge(
        [Pair("made", Measured(PATH, made_report(made_scores()), None), Measured(PATH, fewer, None))], GATES
    )
    assert verdicts(of_group(outcome, "", "uar")) == {Verdict.BLOCKED}


def test_refusing_the_hard_rows_of_a_group_is_no_way_to_look_better() -> None:
    old = made_scores()
    kept = right(old) | ~in_group("south")
    outcome = compared(old, old.only(kept))
    refused = [check for check in outcome.checks if check.asked is Asked.ROWS and check.value == "south"]
    assert verdicts(refused) == {Verdict.BLOCKED}
    assert outcome.exit_code == 3


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": "another way"},
        {"labels": ["calm", "cross", "glad"]},
        {"kind": "multilabel"},
        {"self_reported": True},
    ],
)
def test_what_was_measured_in_another_way_is_not_comparable(change: dict[str, object]) -> None:
    other = made_report(made_scores(), "new").model_copy(update=change)
    outcome = judge(
        [Pair("made", Measured(PATH, made_report(made_scores()), None), Measured(PATH, other, None))], GATES
    )
    assert outcome.verdict is Verdict.NOT_COMPARABLE
    assert outcome.exit_code == 2


def test_other_data_is_not_comparable() -> None:
    report = made_report(made_scores(), "new")
    other = report.model_copy(update={"data": report.data.model_copy(update={"split": "dev"})})
    outcome = judge(
        [Pair("made", Measured(PATH, made_report(made_scores()), None), Measured(PATH, other, None))], GATES
    )
    assert outcome.exit_code == 2
    assert "split" in outcome.checks[0].reason


def test_people_who_stood_in_training_make_a_candidate_not_comparable() -> None:
    report = made_report(made_scores(), "new")
    other = report.model_copy(update={"identities": report.identities.model_copy(update={"shared": 3})})
    outcome = judge(
        [Pair("made", Measured(PATH, made_report(made_scores()), None), Measured(PATH, other, None))], GATES
    )
    assert outcome.exit_code == 2


def test_nothing_compared_is_no_pass() -> None:
    assert judge([], GATES).exit_code == 2


def test_a_bundle_that_was_not_measured_again_is_not_comparable_and_a_new_one_is_said_to_be_new() -> None:
    one = Measured(PATH, made_report(made_scores()), None)
    assert judge([Pair("made", one, None)], GATES).exit_code == 2
    fresh = judge([Pair("made", None, one)], GATES)
    assert fresh.exit_code == 0
    assert fresh.verdict is Verdict.NOT_ENOUGH_DATA


def test_the_same_weights_that_say_the_same_need_no_interval() -> None:
    report = made_report(made_scores())
    outcome = judge([Pair("made", Measured(PATH, report, None), Measured(PATH, report, None))], GATES)
    assert verdicts(of_group(outcome, "south")) == {Verdict.PASS}
    assert verdicts(of_group(outcome, "few")) == {Verdict.NOT_ENOUGH_DATA}


def test_the_order_of_rows_groups_and_bundles_changes_nothing() -> None:
    old, new = made_scores(), made_scores(nested("south", 0.2))
    before, after = Measured(PATH, made_report(old), old), Measured(PATH, made_report(new, "new"), new)
    shuffled = new.only(np.random.default_rng(1).permutation(len(new)))
    turned = after.report.model_copy(update={"slices": after.report.slices[::-1]})
    pairs = [Pair("made", before, after), Pair("other", before, before)]
    mixed = [Pair("other", before, before), Pair("made", before, Measured(PATH, turned, shuffled))]
    assert judge(pairs, GATES) == judge(mixed, GATES)


@settings(max_examples=5, deadline=None)
@given(first=st.floats(0.0, 1.0), second=st.floats(0.0, 1.0), with_scores=st.booleans())
def test_more_damage_to_the_same_group_never_turns_a_block_into_a_pass(
    first: float, second: float, with_scores: bool
) -> None:
    light, heavy = sorted((first, second))
    milder, worse = (
        compared(made_scores(), made_scores(nested("south", share)), with_scores=with_scores)
        for share in (light, heavy)
    )
    if milder.exit_code == 3:
        assert worse.exit_code == 3


numbers = st.floats(-0.5, 0.5)


@given(change=numbers, down=st.floats(0, 0.5), up=st.floats(0, 0.5), more=st.floats(0, 0.5))
def test_a_verdict_never_becomes_milder_when_the_harm_grows(change: float, down: float, up: float, more: float) -> None:
    def verdict(harm: float) -> int:
        return SEVERITY.index(decide(Evidence(harm, harm - down, harm + up, How.APART), 0.02, 0.05))

    assert verdict(change) <= verdict(change + more)


@given(change=numbers, down=st.floats(0, 0.5), up=st.floats(0, 0.5))
def test_a_pass_rules_out_harm_beyond_limit_and_doubt_and_a_block_is_sure(
    change: float, down: float, up: float
) -> None:
    verdict = decide(Evidence(change, change - down, change + up, How.APART), 0.02, 0.05)
    if verdict is Verdict.PASS:
        assert change + up <= 0.02 + 0.05
    if verdict is Verdict.BLOCKED:
        assert change - down > 0.02


def test_no_interval_is_not_enough_data() -> None:
    assert decide(Evidence(0.5, None, None, How.APART), 0.02, 0.05) is Verdict.NOT_ENOUGH_DATA


@given(
    value=st.floats(0.2, 0.8),
    other=st.floats(0.2, 0.8),
    arms=st.tuples(*[st.floats(0.0, 0.2)] * 4),
    better=st.booleans(),
)
def test_the_change_lies_within_its_interval_and_turning_the_sides_turns_it(
    value: float, other: float, arms: tuple[float, ...], better: bool
) -> None:
    before = Estimate(value, value - arms[0], value + arms[1])
    after = Estimate(other, other - arms[2], other + arms[3])
    one, two = apart(before, after, better), apart(after, before, better)
    assert one.low is not None
    assert one.high is not None
    assert one.change is not None
    assert two.low is not None
    assert one.low <= one.change <= one.high
    assert two.low == pytest.approx(-one.high)


def test_rows_that_are_refused_are_counted_with_an_interval() -> None:
    assert lost_rows(1000, 1000).low == 0.0
    found = lost_rows(1000, 900)
    assert found.change == pytest.approx(0.1)
    assert found.low is not None
    assert 0.08 < found.low < 0.1
    assert lost_rows(0, 0).low is None


def test_tables_of_other_rows_are_not_paired_and_of_another_truth_are_an_error() -> None:
    old = made_scores()
    assert aligned(old, old.only(right(old))) is None
    with pytest.raises(UsageError, match="another truth"):
        aligned(old, replace(made_scores(seed=8), clusters=old.clusters))


def test_every_measure_has_limits_and_lengths_are_judged_by_their_own_scale() -> None:
    assert limits(GATES, "accuracy", 0.8).gap == 0.02
    assert limits(GATES, "ece_15", 0.03).fall == 0.01
    assert limits(GATES, "mean_point_error", 0.035).gap == pytest.approx(0.0035)
    assert limits(GATES, "something_new", 2.0).gap == pytest.approx(0.2)
    assert all(rule.reason for rule in GATES.rule.values())


def test_a_deployer_may_tighten_and_not_loosen(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('not_enough_data = "block"\n[rule.shares]\ngap = 0.01\n[refusals]\nrows = 0.01\n', encoding="utf-8")
    gates = tightened(GATES, file)
    assert gates.of("accuracy").gap == 0.01
    assert gates.of("accuracy").fall == GATES.of("accuracy").fall
    assert gates.refusals.rows == 0.01
    assert compared(made_scores(), made_scores(), gates=gates).exit_code == 3
    for text, wrong in (
        ("[rule.shares]\ngap = 0.5\n", "looser"),
        ("[rule.share]\ngap = 0.01\n", "Did you mean shares"),
        ("[rule.shares]\ngab = 0.01\n", "Did you mean gap"),
        ("[least]\nrows = 20\n", "unknown key 'least'"),
        ("[refusals]\nrows = 0.2\n", "looser"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=wrong):
            tightened(GATES, file)


def test_files_and_folders_are_paired_by_bundle_and_data(tmp_path: Path) -> None:
    old = written(tmp_path / "old" / "made.v1", made_scores())
    new = written(tmp_path / "new" / "made.v1", made_scores(nested("south", 0.5)), "new")
    for pairs in (pair_up(old, new), pair_up(tmp_path / "old", tmp_path / "new")):
        (pair,) = pairs
        assert pair.baseline is not None
        assert pair.baseline.scores is not None
        assert judge(pairs, GATES).exit_code == 3
    with pytest.raises(UsageError, match="nothing here"):
        pair_up(tmp_path / "old", tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no file of the schema"):
        pair_up(tmp_path / "old", tmp_path / "empty")


def test_scores_that_are_not_those_of_the_report_are_an_error(tmp_path: Path) -> None:
    path = written(tmp_path / "one", made_scores())
    made_scores(nested("south", 0.5)).write(path.with_name("scores.npz"))
    with pytest.raises(EvaluationError, match=r"accuracy"):
        pair_up(path, path)


def test_the_answer_for_machines_says_all_that_the_table_says() -> None:
    outcome = compared(made_scores(), made_scores(nested("south", 0.5)))
    said = json.loads(json.dumps(told(outcome, GATES.version)))
    assert said["verdict"] == "blocked"
    assert said["exit_code"] == 3
    assert len(said["slices"]) == len(list(lines(outcome))) - 1
    assert {check["verdict"] for check in said["checks"]} == {"blocked", "pass", "not enough data"}

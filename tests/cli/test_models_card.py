"""`models card` and `eval gate`, as an operator meets them."""

import json
from pathlib import Path

import pytest
from tests.evaluation.gate_cases import made_scores, nested, written
from typer.testing import CliRunner, Result

from countenance.cli import app
from countenance.contracts.errors import EvaluationError, UsageError
from countenance.evaluation.cards.skeleton import skeleton


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_a_card_goes_to_standard_output_as_markdown() -> None:
    done = run("models", "card", "face-finder.v1")
    assert done.exit_code == 0
    assert done.stdout.startswith("# face-finder.v1\n")
    assert "nobody's chance of a job is read from face, voice or words" in done.stdout
    assert "emotion recognition is a high-risk system" in done.stdout


def test_the_refusals_of_a_card_are_those_of_its_modality() -> None:
    words = run("models", "card", "text-emotion.v1").stdout
    assert "the words of people at work are never scored person by person" in words
    assert "face and voice of children under 13 are not read" not in words


def test_a_card_as_a_page_goes_to_a_file(tmp_path: Path) -> None:
    out = tmp_path / "new" / "card.html"
    done = run("models", "card", "text-vad.v1", "--format", "html", "--out", str(out))
    assert done.exit_code == 0
    assert "fields wait for the operator" in done.stderr
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_strict_fails_and_writes_nothing_until_the_operator_has_filled_every_field(tmp_path: Path) -> None:
    out, operator = tmp_path / "card.md", tmp_path / "operator.toml"
    done = run("models", "card", "face-finder.v1", "--strict", "--out", str(out))
    assert isinstance(done.exception, EvaluationError)
    assert "risk.dpia_reference" in done.exception.problem
    assert not out.exists()
    lines = (f'{field.key} = "said of {field.key}"\n' for field in skeleton().field)
    operator.write_text("".join(lines), encoding="utf-8")
    done = run("models", "card", "face-finder.v1", "--strict", "--out", str(out), "--operator", str(operator))
    assert done.exit_code == 0
    assert "said of risk.dpia_reference" in out.read_text(encoding="utf-8")


def test_an_unknown_bundle_is_named_with_its_nearest() -> None:
    done = run("models", "card", "face-findr.v1")
    assert isinstance(done.exception, UsageError)
    assert "Did you mean face-finder.v1?" in str(done.exception)
    assert isinstance(run("models", "card").exception, UsageError)


def test_a_blank_operator_file_can_be_had_before_anything_else() -> None:
    done = run("models", "card", "--operator-blank")
    assert done.exit_code == 0
    assert "[provider]" in done.stdout


@pytest.mark.parametrize(("share", "code", "word"), [(0.5, 3, "blocked"), (0.0, 0, "not enough data")])
def test_the_gate_exits_3_on_a_planted_bad_candidate_and_0_on_an_equal_one(
    tmp_path: Path, share: float, code: int, word: str
) -> None:
    old = written(tmp_path / "old", made_scores())
    new = written(tmp_path / "new", made_scores(nested("south", share)), "new")
    done = run("eval", "gate", "--baseline", str(old), "--candidate", str(new))
    assert done.exit_code == code
    assert done.stdout.startswith(word)
    assert ("region south" in done.stdout.splitlines()[0]) == (code == 3)
    told = json.loads(run("eval", "gate", "--baseline", str(old), "--candidate", str(new), "--json").stdout)
    assert told["exit_code"] == code
    assert told["gates"] == "gates.v1"


def test_the_gate_exits_2_when_the_two_cannot_be_compared(tmp_path: Path) -> None:
    old = written(tmp_path / "old", made_scores())
    other = tmp_path / "new" / "metrics.json"
    other.parent.mkdir()
    text = old.read_text(encoding="utf-8").replace("made rows, held out", "another protocol")
    other.write_text(text, encoding="utf-8")
    done = run("eval", "gate", "--baseline", str(old), "--candidate", str(other))
    assert done.exit_code == 2
    assert "not comparable" in done.stdout
    assert "protocol" in done.stdout

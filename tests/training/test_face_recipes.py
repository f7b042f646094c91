"""`countenance train face`: every shipped face recipe finds its trainer, and wrong ones are told what is missing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("cv2")
pytest.importorskip("ai_edge_litert")

from countenance.cli import app
from countenance.contracts.errors import CountenanceError, UsageError
from countenance.training.face_making import Places, make_face
from countenance.training.recipe import RECIPES


def asked(*words: str) -> CountenanceError:
    error = CliRunner().invoke(app, ["train", "face", *words]).exception
    assert isinstance(error, CountenanceError)
    return error


@pytest.mark.parametrize("recipe", ["face-cues", "face-finder"])
def test_a_recipe_that_learns_from_teachers_says_so(recipe: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="learns from teachers") as told:
        make_face(recipe, Places(tmp_path, tmp_path / "run"), "cpu")
    assert "--teachers" in told.value.remedy
    assert not (tmp_path / "run").exists()


def test_the_expression_recipe_says_what_data_is_missing(tmp_path: Path) -> None:
    error = asked("--recipe", "face-expression", "--data", str(tmp_path), "--run", str(tmp_path / "run"))
    assert "fer2013new.csv" in error.problem


def test_a_recipe_of_another_kind_and_an_unknown_key_are_refused(tmp_path: Path) -> None:
    voice = tmp_path / "voice.toml"
    voice.write_text('bundle = "voice-emotion.v1"\nkind = "voice"\nseed = 1\n', encoding="utf-8")
    places = ("--data", str(tmp_path), "--run", str(tmp_path / "run"))
    assert "no face bundle" in asked("--recipe", str(voice), *places).problem
    own = tmp_path / "own.toml"
    shipped = (RECIPES / "face-expression.toml").read_text(encoding="utf-8")
    own.write_text(f"{shipped}epoch = 4\n", encoding="utf-8")
    assert asked("--recipe", str(own), *places).remedy == "Did you mean epochs?"
    said = CliRunner().invoke(app, ["train", "face", "--recipe", str(own), *places, "--device", "tpu"])
    assert said.exit_code == 2
    assert all(word in said.stderr for word in ("tpu", "auto", "cpu", "cuda"))

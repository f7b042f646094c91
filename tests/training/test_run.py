import json
from pathlib import Path

import pytest

from countenance.contracts.errors import UsageError
from countenance.training.recipe import Recipe, load_recipe
from countenance.training.run import Run


class Small(Recipe):
    epochs: int = 2


def recipe(**changes: object) -> Small:
    return Small.model_validate({"bundle": "face-test.v1", "kind": "face", "seed": 1, **changes})


def test_a_run_goes_on_with_its_own_recipe_and_refuses_another(tmp_path: Path) -> None:
    Run.open(tmp_path / "run", recipe())
    assert Run.open(tmp_path / "run", recipe()).recipe.seed == 1
    with pytest.raises(UsageError, match="another recipe: epochs, seed differ"):
        Run.open(tmp_path / "run", recipe(seed=2, epochs=3))


def test_curves_replace_what_was_logged_after_the_checkpoint(tmp_path: Path) -> None:
    run = Run.open(tmp_path, recipe())
    for step, loss in enumerate((3.0, 2.0, 1.5)):
        run.log("train", step, loss=loss)
    run.log("other", 5, loss=9.0)
    run.log("train", 1, loss=1.9)
    assert [(row["stage"], row["step"], row["loss"]) for row in run.curves()] == [
        ("train", 0, 3.0),
        ("other", 5, 9.0),
        ("train", 1, 1.9),
    ]
    assert "<polyline" in (tmp_path / "curves.svg").read_text(encoding="utf-8")


def test_a_stage_is_recorded_when_it_has_ended_and_not_before(tmp_path: Path) -> None:
    run = Run.open(tmp_path, recipe())
    assert run.result("fit") is None

    def breaks() -> None:
        with run.stage("fit"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        breaks()
    assert run.result("fit") is None
    with run.stage("fit", rows=12) as result:
        result["dev"] = 0.5
    assert run.result("fit") == {"dev": 0.5}
    record = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    assert record["stages"]["fit"]["rows"] == 12
    assert record["packages"]["numpy"]


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    run = Run.open(tmp_path, recipe())
    assert run.load("net") is None
    run.save("net", {"weights": torch.ones(3), "epoch": 2})
    state = run.load("net")
    assert state is not None
    assert state["epoch"] == 2
    assert torch.equal(state["weights"], torch.ones(3))


def test_an_unknown_recipe_or_key_names_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no recipe 'nothing'"):
        load_recipe(Small, "nothing")
    own = tmp_path / "own.toml"
    own.write_text('bundle = "face-a.v1"\nkind = "face"\nseed = 1\nepoch = 4\n', encoding="utf-8")
    with pytest.raises(UsageError, match="Did you mean epochs"):
        load_recipe(Small, str(own))

import json
from pathlib import Path

import pytest
from tests.training.fusion.made import side
from typer.testing import CliRunner

from countenance.cli import app
from countenance.contracts.errors import CountenanceError, UsageError
from countenance.training.fusion.match import WARNING
from countenance.training.fusion.parts import write_part


@pytest.fixture(scope="module")
def tuples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuples")
    for found in side("test").values():
        write_part(found, folder)
    return folder


def run(*words: str) -> str:
    """What a command prints; a fault is raised as it is."""
    done = CliRunner().invoke(app, list(words))
    if isinstance(done.exception, CountenanceError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_the_ablation_warns_before_it_prints_a_figure_and_writes_both_files(tuples: Path, tmp_path: Path) -> None:
    printed = run("eval", "ablation", "--tuples", str(tuples), "--out", str(tmp_path / "out"))
    assert printed.index(WARNING) < printed.index("UAR")
    found = json.loads((tmp_path / "out/ablation.json").read_text(encoding="utf-8"))
    assert found["warning"].startswith(WARNING)
    assert f"> **{WARNING}" in (tmp_path / "out/ablation.md").read_text(encoding="utf-8")


def test_an_ablation_is_the_same_again(tuples: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run("eval", "ablation", "--tuples", str(tuples), "--out", str(tmp_path / name))
    assert (tmp_path / "one/ablation.json").read_bytes() == (tmp_path / "two/ablation.json").read_bytes()


def test_a_side_that_nobody_made_is_named(tuples: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown side 'final'"):
        run("eval", "ablation", "--tuples", str(tuples), "--out", str(tmp_path), "--side", "final")


@pytest.mark.parametrize(
    "command", [["eval", "ablation", "--out", "o"], ["train", "fusion", "--kind", "late", "--run", "r"]]
)
def test_calls_or_tuples_must_be_given(command: list[str]) -> None:
    if command[0] == "train":
        pytest.importorskip("torch")
    with pytest.raises(UsageError, match="one of --data and --tuples"):
        run(*command)


def test_a_bundle_that_is_no_fusion_is_refused(tuples: Path, tmp_path: Path) -> None:
    finder = Path(__file__).parents[2] / "src/countenance/models/face-finder.v1"
    with pytest.raises(UsageError, match="is no fusion"):
        run("eval", "ablation", "--tuples", str(tuples), "--out", str(tmp_path), "--fusion", str(finder))

"""An analysis with other people's weights: named in the deployment, tried, used, and named by the readings."""

import json
from datetime import date
from pathlib import Path

import pytest
from tests.encoders.foreign import FER, LICENCE, face_folder, text_net, tokenizer_file, write_card
from typer.testing import CliRunner

from countenance.analysis.run import analyse
from countenance.assembly import assemble
from countenance.cli import app
from countenance.contracts.errors import BundleError
from countenance.deployment import read_deployment
from countenance.inference.shelf import Profile

DAY = date(2026, 11, 22)
LABELS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
DEPLOYMENT = """
purpose = "support_qa"
jurisdictions = ["US-CA"]
transcript = "call.jsonl"

[models]
paths = ["models"]

[[participant]]
name = "Ana"
role = "customer"
consent = ["text"]
"""


@pytest.fixture
def call(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "words"
    folder.mkdir(parents=True)
    text_net(folder / "model.onnx", len(LABELS))
    tokenizer_file(folder / "tokenizer.json")
    places = {label: "happiness" if label == "joy" else label for label in LABELS}
    parts = {"text": {}, "output": {"labels": LABELS, "emotions": places}, "licence": LICENCE}
    write_card(folder, id="words", replaces=["text-emotion.v1", "text-vad.v1"], **parts)
    lines = ("I am so happy, thank you very much", "you are not listening to me", "the thing is not so very good")
    said = [{"speaker": "Ana", "start": 2 * at, "end": 2 * at + 2, "text": line} for at, line in enumerate(lines)]
    (tmp_path / "call.jsonl").write_text("\n".join(json.dumps(line) for line in said))
    (tmp_path / "call.toml").write_text(DEPLOYMENT)
    return tmp_path / "call.toml"


def silent(done_us: int, total_us: int) -> None:
    pass


def test_readings_name_the_weights_that_spoke(call: Path, tmp_path: Path) -> None:
    job = assemble(read_deployment(call), DAY)
    names = {card.name for card in job.cards}
    assert "words.v1" in names
    assert not names & {"text-emotion.v1", "text-vad.v1"}
    analyse(job, tmp_path / "report", silent)
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    (model,) = [model for model in summary["models"] if model["id"] == "words"]
    assert not model["commercial"]
    readings = (tmp_path / "report" / "readings.jsonl").read_text()
    assert '"words"' in readings
    assert "text-emotion" not in readings


def test_the_commercial_profile_reads_with_the_shipped_weights_instead(call: Path) -> None:
    asked = read_deployment(call).model_copy(update={"profile": Profile.COMMERCIAL})
    names = {card.name for card in assemble(asked, DAY).cards}
    assert {"text-emotion.v1", "text-vad.v1"} <= names
    assert "words.v1" not in names


def test_other_weights_are_another_analysis(call: Path) -> None:
    asked = read_deployment(call)
    with_them, without = assemble(asked, DAY), assemble(asked.model_copy(update={"models": type(asked.models)()}), DAY)
    assert with_them.digest != without.digest


def test_weights_that_fail_their_trial_stop_the_analysis_before_it_begins(call: Path, tmp_path: Path) -> None:
    face_folder(
        tmp_path / "models" / "broken", size=32, face={"size": 64}, output={"labels": FER, "alone": {"sad": "x"}}
    )
    with pytest.raises(BundleError, match="and we feed 1 x 3 x 64 x 64"):
        assemble(read_deployment(call), DAY)


def test_the_command_line_names_folders_of_models_too(call: Path, tmp_path: Path) -> None:
    words = ["analyze", "--purpose", "support_qa", "--jurisdiction", "US-CA", "--participant", "Ana:customer"]
    words += ["--consent", "Ana=text", "--transcript", str(tmp_path / "call.jsonl"), "--out", str(tmp_path / "report")]
    done = CliRunner().invoke(app, [*words, "--models", str(tmp_path / "models"), "--json"])
    assert done.exception is None, done.exception
    names = {model["id"] for model in json.loads(done.stdout)["models"]}
    assert "words" in names
    assert "text-emotion" not in names

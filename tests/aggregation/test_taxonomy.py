import math
from importlib.resources import files
from pathlib import Path

import pytest

from countenance.aggregation.smoothing import TaxonomyAggregator
from countenance.aggregation.taxonomy import Term, load, read_taxonomy
from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import ModalityUse, Prediction, Signal
from countenance.inference.calibration import expit

SHIPPED = sorted(f.name.removesuffix(".toml") for f in (files("countenance.aggregation") / "taxonomies").iterdir())


def prediction(scores: dict[str, float], cues: dict[str, float]) -> Prediction:
    return Prediction("p_1", 0, SECOND_US, scores, {"arousal": 0.1}, cues, 0.8, {"text": ModalityUse(True, 1.0, 0.9)})


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_taxonomy_loads_under_its_own_name(name: str) -> None:
    assert load(name).name == name


@pytest.mark.parametrize(("score", "label"), [("frustration", "frustrated"), ("confusion", "confused")])
def test_words_alone_keep_the_text_models_probability(score: str, label: str) -> None:
    odds, _ = load("engagement.v1").read(prediction({score: 0.7}, {}))
    assert math.isclose(expit(odds[label]), 0.7, abs_tol=1e-6)


def test_a_turned_head_speaks_for_disengaged_and_low_arousal_alone_does_not() -> None:
    taxonomy = load("engagement.v1")
    away, _ = taxonomy.read(prediction({}, {"head_yaw_deg": -60.0}))
    towards, _ = taxonomy.read(prediction({}, {"head_yaw_deg": 0.0}))
    calm = Prediction("p_1", 0, SECOND_US, {}, {"arousal": -1.0}, {}, 0.8, {})
    assert away["disengaged"] > towards["disengaged"]
    assert "disengaged" not in taxonomy.read(calm)[0]


def test_a_label_without_any_of_its_features_is_absent() -> None:
    odds, _ = load("engagement.v1").read(prediction({}, {"smile": 0.5}))
    assert "confused" not in odds


def test_evidence_names_the_features_that_moved_it_most_first() -> None:
    _, evidence = load("engagement.v1").read(prediction({"confusion": 0.9, "surprise": 0.3}, {"brow_lower": 0.6}))
    assert evidence["confused"][0].feature == "score.confusion"


@pytest.mark.parametrize(
    ("shape", "value", "effect"),
    [("near", 0.0, 1.0), ("near", 30.0, -1.0), ("far", -40.0, 1.0), ("linear", -10.0, -1 / 3), ("odds", 0.5, 0.0)],
)
def test_shapes_of_terms(shape: str, value: float, effect: float) -> None:
    term = Term.model_validate({"feature": "cue.x", "shape": shape, "weight": 1.0, "why": "", "scale": 30.0})
    assert math.isclose(term.effect(value), effect, abs_tol=1e-9)


def test_adding_a_label_touches_one_table(tmp_path: Path) -> None:
    shipped = (files("countenance.aggregation") / "taxonomies" / "engagement.v1.toml").read_text(encoding="utf-8")
    extra = (
        '\n[[label]]\nname = "amused"\nprior = 0.1\nenter = 0.5\nterms = [{ feature = "cue.smile", shape = "linear", '
    )
    path = tmp_path / "mine.v1.toml"
    path.write_text(shipped + extra + 'center = 0.5, scale = 0.5, weight = 3.0, why = "smile" }]\n', encoding="utf-8")
    signal = TaxonomyAggregator(load(str(path))).update(prediction({}, {"smile": 1.0}))[0]
    assert isinstance(signal, Signal)
    assert "amused" in signal.labels


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("prior = 0.5", "piror = 0.5"), "piror"),
        (('label = "frustrated"', 'label = "furious"'), "furious"),
        (("leave = 0.3", "leave = 0.9"), "frustration_spike"),
        (('feature = "cue.smile"', 'feature = "smile"'), "smile"),
        (("name =", "name"), "TOML"),
    ],
)
def test_a_fault_in_a_taxonomy_is_named(change: tuple[str, str], named: str, tmp_path: Path) -> None:
    shipped = (files("countenance.aggregation") / "taxonomies" / "engagement.v1.toml").read_text(encoding="utf-8")
    path = tmp_path / "bad.toml"
    path.write_text(shipped.replace(*change, 1), encoding="utf-8")
    with pytest.raises(UsageError, match=named):
        load(str(path))


def test_an_unknown_taxonomy_names_the_shipped_ones() -> None:
    with pytest.raises(UsageError, match=r"engagement\.v1"):
        load("engagment.v1")


def test_a_label_that_nothing_speaks_for_needs_a_head_first(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\noutputs = ["engagement"]\n[[label]]\nname = "lost"\n', encoding="utf-8")
    assert read_taxonomy(path).unfounded == ("lost",)
    with pytest.raises(UsageError, match=r"nothing speaks for the label 'lost'.*train head --taxonomy"):
        load(str(path))


def test_the_folder_of_a_head_is_found_not_stated(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\noutputs = ["engagement"]\nhome = "/"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="unknown key 'home'"):
        read_taxonomy(path)


def test_a_folder_without_a_taxonomy_is_no_head(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no bundle of a head: it holds no taxonomy\.toml"):
        load(str(tmp_path))

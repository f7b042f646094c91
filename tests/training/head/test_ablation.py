"""A head asked of labelled calls whole and in parts, on seconds that lean in every modality."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.training.head.made import LABELS, head_bundle, labelled

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import UsageError
from countenance.evaluation.ablation_report import Ablation, markdown, read, write
from countenance.inference.bundle import Bundle
from countenance.training.datasets.store import Split
from countenance.training.fusion.ablation import Circumstance, ablate
from countenance.training.head.ablation import Asked, crossed, held_out

SURE = ({"calm": 3.0}, {"lost": 3.0}, {"cross": 3.0})


def done(asked: Asked) -> Ablation:
    return ablate(asked.bench, {"head": asked.system}, asked.about, {})


@pytest.fixture(scope="module")
def by_folds() -> Ablation:
    return done(crossed(labelled(people=8), LABELS, fps=10))


def test_labels_of_one_s_own_get_every_subset_with_its_interval(by_folds: Ablation) -> None:
    kept = {row.modalities for row in by_folds.subsets}
    assert kept == {(FACE,), (VOICE,), (TEXT,), (FACE, VOICE), (FACE, TEXT), (VOICE, TEXT), (FACE, VOICE, TEXT)}
    assert all(row.figures.uar.low is not None and row.fusion == "head" for row in by_folds.subsets)
    assert by_folds.clusters == {"people who share no call": 8}


def test_all_modalities_together_are_better_than_chance_and_than_the_worst_alone(by_folds: Ablation) -> None:
    uar = {row.modalities: row.figures.uar.value for row in by_folds.subsets}
    assert uar[FACE, VOICE, TEXT] > 1.5 / len(LABELS)
    assert uar[FACE, VOICE, TEXT] > min(uar[(m,)] for m in (FACE, VOICE, TEXT))


def test_what_needs_no_other_media_is_in_the_table_of_robustness(by_folds: Ablation) -> None:
    named = [row.condition for row in by_folds.robustness]
    assert named == [
        "nothing", "face gone", "voice gone", "text gone", "face alone", "voice alone", "text alone", "5 fps",
    ]  # fmt: skip
    assert done(crossed(labelled(people=4, votes=SURE), LABELS, fps=5)).robustness[-1].condition == "2.5 fps"


def test_nobody_is_judged_by_a_fit_that_has_seen_them() -> None:
    noise = labelled(people=10, votes=SURE, strength=0.0)
    asked = crossed(noise, LABELS, fps=10)
    whole = ablate(asked.bench, {"head": asked.system}, asked.about, {}).subsets[-1].figures.uar
    assert whole.low is not None
    assert whole.low < 1 / len(LABELS) + 0.05


def test_the_page_says_why_a_head_keeps_silent(by_folds: Ablation, tmp_path: Path) -> None:
    page = markdown(read(write(by_folds, tmp_path)[0]))
    assert "| said | unsure | accuracy of the others |" in page
    assert "the bar chosen at training" in page
    assert "contradict each other" not in page


def test_seconds_on_which_no_label_leads_alone_are_not_asked() -> None:
    tied = ({"calm": 1.0, "lost": 1.0}, {"lost": 3.0}, {"cross": 3.0})
    some = [*labelled(people=8, votes=SURE), *labelled(people=2, votes=tied, name="torn")]
    asked = crossed(some, LABELS, fps=10)
    assert len(asked.bench.rows) == 8 * 27 + 2 * 18


def test_an_empty_second_is_a_missed_one_not_a_guess() -> None:
    asked = crossed(labelled(people=4, votes=SURE), LABELS, fps=10)
    nothing = asked.bench.under(Circumstance("", ()))
    assert np.isnan(asked.system(nothing, True)).all()


def test_a_finished_head_is_asked_of_the_split_test_alone(tmp_path: Path) -> None:
    held = labelled(people=3, votes=SURE, split=Split.TEST, name="newcomer")
    learnt = labelled(people=6, votes=SURE)
    bundle = Bundle.load(head_bundle(tmp_path, [*learnt, *held]).folder)
    asked = held_out([*learnt, *held], bundle, fps=10)
    assert len(asked.bench.rows) == len(held)
    assert "split test" in asked.about["protocol"]
    found = done(asked)
    assert found.labels == bundle.card.outputs["scores"]
    assert found.subsets[-1].figures.uar.value > 1.5 / len(LABELS)


def test_a_finished_head_says_of_a_second_what_the_product_says(tmp_path: Path) -> None:
    from countenance.fusion.head import HeadFusion
    from countenance.fusion.pool import PoolFusion

    held = labelled(people=2, votes=SURE, split=Split.TEST, name="newcomer")
    bundle = Bundle.load(head_bundle(tmp_path, [*labelled(people=6, votes=SURE), *held]).folder)
    asked = held_out(held, bundle, fps=10)
    whole = asked.bench.under(asked.bench.circumstances[0])
    told = HeadFusion(PoolFusion(), bundle).fuse(whole)
    ours = asked.system(whole, False)
    for prediction, row in zip(told, ours, strict=True):
        said = [prediction.scores.get(f"made-states.v1/{label}", np.nan) for label in LABELS]
        np.testing.assert_allclose(said, row[: len(LABELS)], atol=1e-6)


def test_a_finished_head_without_people_it_never_met_is_refused(tmp_path: Path) -> None:
    windows = labelled(people=6, votes=SURE)
    bundle = Bundle.load(head_bundle(tmp_path, windows).folder)
    with pytest.raises(UsageError, match="may have learnt from all of them"):
        held_out(windows, bundle, fps=10)
    torn = [replace(window, split=Split.TEST, votes={"calm": 1.0, "lost": 1.0}, raters=2.0) for window in windows]
    with pytest.raises(UsageError, match="one label alone leads"):
        held_out(torn, bundle, fps=10)

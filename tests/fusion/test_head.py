import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from tests.training.head.made import LABELS, MODALITIES, cards, head_bundle, window

from countenance.aggregation.smoothing import TaxonomyAggregator
from countenance.aggregation.taxonomy import load
from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import BundleError, UsageError
from countenance.contracts.readings import Prediction, Reason, Signal
from countenance.fusion.head import HeadFusion, check_encoders, with_heads
from countenance.fusion.pool import PoolFusion
from countenance.inference.bundle import Bundle
from countenance.inference.shelf import Profile, Shelf
from countenance.testing.fusions import check_fusion

NAMES = [f"made-states.v1/{label}" for label in LABELS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return head_bundle(tmp_path_factory.mktemp("run")).folder


@pytest.fixture(scope="module")
def fusion(folder: Path) -> HeadFusion:
    return HeadFusion(PoolFusion(), Bundle.load(folder))


def shelf() -> Shelf:
    empty = Shelf([], Profile.OPEN)
    empty.cards.update(cards())
    return empty


def test_a_head_keeps_the_promises_of_a_fusion(fusion: HeadFusion) -> None:
    check_fusion(fusion)


def test_its_labels_join_the_scores_and_change_no_other(fusion: HeadFusion) -> None:
    windows = [window(n, seed=n) for n in range(3)]
    for plain, joined, label in zip(PoolFusion().fuse(windows), fusion.fuse(windows), range(3), strict=True):
        assert [name for name in joined.scores if name not in plain.scores] == NAMES
        assert {name: joined.scores[name] for name in plain.scores} == plain.scores
        assert max(NAMES, key=lambda name: joined.scores[name]) == NAMES[label]
        assert sum(joined.scores[name] for name in NAMES) == pytest.approx(1.0, abs=1e-5)
        assert joined.models[-1].id == "made-states"


@pytest.mark.parametrize("subset", [s for size in (1, 2) for s in combinations(MODALITIES, size)])
def test_any_subset_of_modalities_is_read(fusion: HeadFusion, subset: tuple[str, ...]) -> None:
    said = fusion.fuse([window(n % 3, subset, seed=n) for n in range(30)])
    right = [max(range(3), key=lambda k, p=p: p.scores[NAMES[k]]) == n % 3 for n, p in enumerate(said)]  # type: ignore[misc]
    assert np.mean(right) > 0.6


def test_a_batch_says_what_singles_say(fusion: HeadFusion) -> None:
    windows = [window(n % 3, seed=n) for n in range(5)]
    together, alone = fusion.fuse(windows), [fusion.fuse([one])[0] for one in windows]
    for a, b in zip(together, alone, strict=True):
        assert [a.scores[name] for name in NAMES] == pytest.approx([b.scores[name] for name in NAMES], abs=1e-5)
    assert list(fusion.fuse([])) == []


def test_nothing_it_learnt_from_means_nothing_said(fusion: HeadFusion) -> None:
    strange = window(0, (FACE,))
    other = replace(strange, observations=tuple(replace(o, modality="gait") for o in strange.observations))
    (said,) = fusion.fuse([other])
    assert not set(NAMES) & set(said.scores)
    assert said.unsaid["made-states.v1"].reason is Reason.OUT_OF_DOMAIN
    assert "trained on face, text, voice" in said.unsaid["made-states.v1"].detail


def test_an_encoder_installed_later_is_not_read(fusion: HeadFusion) -> None:
    usual = window(1, seed=5)
    later = [
        replace(o, model=replace(o.model, id="other"), embedding=None, scores={"anger": 1.0})
        for o in usual.observations
        if o.model is not None
    ]
    both = replace(usual, observations=(*usual.observations, *later))
    one, two = fusion.fuse([usual, both])
    assert [two.scores[n] for n in NAMES] == pytest.approx([one.scores[n] for n in NAMES], abs=1e-5)


def unsure(folder: Path, to: Path, below: float) -> HeadFusion:
    """The same head with another threshold."""
    fusion = HeadFusion(PoolFusion(), Bundle.load(folder))
    fusion._spec = replace(fusion._spec, abstain_below=below)
    return fusion


def test_where_no_label_stands_out_it_abstains_with_the_reason(folder: Path, tmp_path: Path) -> None:
    (said,) = unsure(folder, tmp_path, 0.9999).fuse([window(None, seed=3)])
    assert not set(NAMES) & set(said.scores)
    signal = TaxonomyAggregator(load(str(folder))).update(said)[0]
    assert isinstance(signal, Signal)
    assert signal.abstain is not None
    assert (signal.abstain.reason, signal.labels, signal.label) == (Reason.OUT_OF_DOMAIN, {}, None)
    assert "stands out" in signal.abstain.detail
    ordinary = TaxonomyAggregator(load("ekman7.v1")).update(said)[0]
    assert isinstance(ordinary, Signal)
    assert ordinary.abstain is None


def test_the_reading_has_bands_labels_and_evidence_like_any_other(fusion: HeadFusion, folder: Path) -> None:
    (said,) = fusion.fuse([window(2, seed=8)])
    signal = TaxonomyAggregator(load(str(folder))).update(said)[0]
    assert isinstance(signal, Signal)
    assert signal.label == "cross"
    estimate = signal.labels["cross"]
    assert estimate.low < estimate.value < estimate.high
    assert 1 <= len(signal.evidence) <= 3
    assert all(one.feature.partition(".")[0] in ("score", "dimension", "cue") for one in signal.evidence)


def test_evidence_is_what_the_feature_adds_to_the_log_odds(fusion: HeadFusion) -> None:
    """Taking one measured value to its mean moves the label by the effect that was stated, against the mean label."""

    def odds(prediction: Prediction) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        logs = np.log([prediction.scores[name] for name in NAMES])
        return np.asarray(logs - logs.mean())

    full = window(0, (FACE,), seed=21)
    layout = fusion._spec.layout
    place = layout.place(FACE, "cue.face_cue")
    flat = [replace(o, cues={"face_cue": float(layout.mean[place])}) for o in full.observations]
    with_it, without = fusion.fuse([full, replace(full, observations=tuple(flat))])
    change = odds(with_it) - odds(without)
    stated = {name: {e.feature: e.effect for e in with_it.evidence[name]} for name in NAMES}
    named = [(k, stated[name]["cue.face_cue"]) for k, name in enumerate(NAMES) if "cue.face_cue" in stated[name]]
    assert named
    for column, effect in named:
        assert change[column] == pytest.approx(effect, abs=1e-3)


def test_other_weights_below_it_are_refused_by_name(folder: Path) -> None:
    bundle, there = Bundle.load(folder), shelf()
    check_encoders(bundle, there)
    changed = there.cards["voice-made.v1"]
    there.cards["voice-made.v1"] = replace(changed, files={"model.onnx": "f" * 64})
    with pytest.raises(BundleError, match=r"trained on voice-made.v1 2222.*installed is ffff.*Train the head again"):
        check_encoders(bundle, there)


def test_a_net_that_the_profile_leaves_out_is_refused_with_the_row(folder: Path) -> None:
    there = shelf()
    del there.cards["text-made.v1"]
    there.left_out["text-made.v1"] = "the licence row 'x' does not allow it"
    with pytest.raises(BundleError, match=r"stands on text-made.v1, which does not load here: the licence row 'x'"):
        with_heads(PoolFusion(), [folder], there)


def test_several_heads_speak_beside_each_other(folder: Path) -> None:
    fused, found = with_heads(PoolFusion(), [folder, folder], shelf())
    assert list(found) == ["made-states.v1"]
    assert set(NAMES) <= set(fused.fuse([window(1, (TEXT, VOICE), seed=2)])[0].scores)


def test_a_taxonomy_torn_from_its_head_says_so(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "taxonomy.toml", tmp_path / "mine.toml")
    with pytest.raises(UsageError, match=r"come from the head made-states.v1, which is not beside it.*whole folder"):
        load(str(tmp_path / "mine.toml"))


def test_the_folder_the_file_in_it_and_an_installed_name_are_the_same(folder: Path) -> None:
    by_folder, by_file = load(str(folder)), load(str(folder / "taxonomy.toml"))
    assert by_folder == by_file == load("made-states.v1", {"made-states.v1": folder})


def test_a_bundle_of_another_task_is_no_head(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "made-states.v1")
    card = tmp_path / "made-states.v1" / "card.toml"
    card.write_text(card.read_text().replace('task = "head"', 'task = "emotion"'))
    with pytest.raises(BundleError, match="its task is 'emotion'"):
        HeadFusion(PoolFusion(), Bundle.load(tmp_path / "made-states.v1"))

from dataclasses import replace
from pathlib import Path

import pytest

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import BundleError
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Observation, Window
from countenance.fusion.crossmodal import CrossmodalFusion
from countenance.fusion.late import LateFusion
from countenance.fusion.loading import KINDS, build_fusion, load_fusion
from countenance.fusion.pool import PoolFusion
from countenance.fusion.trained import TrainedFusion
from countenance.inference.bundle import Bundle
from countenance.inference.shelf import Profile, Shelf
from countenance.testing.fusions import check_fusion, window_of

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch

from countenance.training.fusion.bundle import INPUTS, Origin, publish
from countenance.training.fusion.examples import Batch, inputs_of, targets_of
from countenance.training.fusion.fit import network
from countenance.training.fusion.recipe import FusionRecipe
from countenance.training.recipe import load_recipe

OWN = ("calls/confused", "calls/engaged")
SPLIT_WINDOW = window_of((FACE, VOICE, TEXT))


def made(folder: Path, task: str, labels: tuple[str, ...] = EMOTIONS) -> Path:
    """A bundle with random weights: what it says means nothing, the promises hold all the same."""
    torch.manual_seed(3)
    recipe = load_recipe(FusionRecipe, f"fusion-{task}")
    net = network(recipe, labels)
    for weights in net.parameters():
        torch.nn.init.normal_(weights, 0.0, 0.3)
    seen = [window_of(kept) for kept in ((FACE,), (FACE, TEXT), (FACE, VOICE, TEXT))]
    votes = [{labels[0]: 2.0, labels[1]: 1.0}] * len(seen)
    dev = Batch(inputs_of(recipe.task, seen), targets_of(votes, [3.0] * len(seen), labels))
    origin = Origin("made up", ("countenance",), True, "made up", ("made up",))
    return publish(net, recipe, labels, dev, origin, folder)


@pytest.fixture(scope="module", params=sorted(KINDS))
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return Bundle.load(made(tmp_path_factory.mktemp("models"), request.param))


@pytest.fixture
def fusion(bundle: Bundle) -> TrainedFusion:
    return KINDS[bundle.card.task](bundle)


def test_a_trained_fusion_keeps_the_promises(fusion: TrainedFusion) -> None:
    check_fusion(fusion)


def test_what_the_network_says_nothing_about_is_the_pools(fusion: TrainedFusion) -> None:
    window = replace(
        SPLIT_WINDOW,
        observations=tuple(
            replace(o, scores={**o.scores, "confusion": 0.8}, cues={"smile": 0.4}) for o in SPLIT_WINDOW.observations
        ),
    )
    trained, pooled = fusion.fuse([window])[0], PoolFusion().fuse([window])[0]
    assert trained.scores != pooled.scores
    assert trained.scores["confusion"] == pooled.scores["confusion"]
    for part in ("dimensions", "cues", "certainty", "modalities", "disputed", "abstain"):
        assert getattr(trained, part) == getattr(pooled, part), part


def test_its_weights_are_named_where_they_spoke_and_only_there(fusion: TrainedFusion, bundle: Bundle) -> None:
    spoke, silent = fusion.fuse([window_of((FACE,)), window_of(())])
    assert bundle.ref in spoke.models
    assert silent.models == ()


def test_modalities_that_contradict_each_other_leave_its_distribution_out_too(fusion: TrainedFusion) -> None:
    happy = dict.fromkeys(EMOTIONS, 0.001) | {"happiness": 0.994}
    sad = dict.fromkeys(EMOTIONS, 0.001) | {"sadness": 0.994}
    seen = tuple(Observation("p_1", m, 0, SECOND_US, 1.0, s) for m, s in ((FACE, happy), (TEXT, sad)))
    prediction = fusion.fuse([Window("p_1", 0, SECOND_US, seen, {})])[0]
    assert prediction.disputed is not None
    assert not prediction.scores


def test_a_batch_gives_the_same_as_singles(fusion: TrainedFusion) -> None:
    windows = [window_of(kept) for kept in ((FACE,), (), (VOICE, TEXT), (FACE, VOICE, TEXT))]
    assert list(fusion.fuse(windows)) == [fusion.fuse([window])[0] for window in windows]


def test_without_any_distribution_it_makes_none_up(fusion: TrainedFusion) -> None:
    cues = Observation("p_1", FACE, 0, SECOND_US, 1.0, cues={"smile": 0.5})
    prediction = fusion.fuse([Window("p_1", 0, SECOND_US, (cues,), {})])[0]
    assert not prediction.scores
    assert prediction.cues == {"smile": 0.5}


@pytest.mark.parametrize("task", sorted(KINDS))
def test_labels_of_ones_own_stand_beside_the_pooled_distribution(task: str, tmp_path: Path) -> None:
    fusion, cards = load_fusion(made(tmp_path, task, OWN), Shelf([], Profile.COMMERCIAL))
    prediction = fusion.fuse([SPLIT_WINDOW])[0]
    assert set(prediction.scores) == {*EMOTIONS, *OWN}
    assert {n: prediction.scores[n] for n in EMOTIONS} == dict(PoolFusion().fuse([SPLIT_WINDOW])[0].scores)
    assert list(cards) == [f"fusion-{task}.v1"]


def test_a_bundle_of_the_other_kind_is_refused(bundle: Bundle) -> None:
    other = LateFusion if bundle.card.task == "crossmodal" else CrossmodalFusion
    with pytest.raises(BundleError, match="its card says task"):
        other(bundle)


def test_a_class_is_built_with_the_bundles_it_needs(bundle: Bundle) -> None:
    fusion, cards = build_fusion(KINDS[bundle.card.task], Shelf([bundle.folder], Profile.OPEN))
    assert isinstance(fusion, KINDS[bundle.card.task])
    assert list(cards) == [bundle.card.name]
    assert build_fusion(PoolFusion, Shelf([], Profile.OPEN))[1] == {}


def test_the_card_states_every_input(bundle: Bundle) -> None:
    for name in INPUTS[bundle.card.task]:
        assert name in bundle.card.input["shape"]
        assert name in bundle.model.inputs

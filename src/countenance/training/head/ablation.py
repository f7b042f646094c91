"""A head for labels of one's own, asked of its labelled calls whole and in parts: each modality, each pair, all.

Honest in one of two ways. From a taxonomy a head is trained here as `train head` trains it, and every second is
answered by the fit that has not seen its people or their calls. A finished head is asked of the split `test` alone,
which its training left untouched.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import FACE, Modality
from countenance.contracts.errors import UsageError
from countenance.contracts.readings import Window
from countenance.evaluation.ablation import Rows
from countenance.fusion.head import spec_of
from countenance.inference.bundle import Bundle
from countenance.training.datasets.store import Split
from countenance.training.fusion.ablation import Bench, Circumstance, System, thinned
from countenance.training.fusion.match import READ
from countenance.training.head.fitting import train
from countenance.training.head.lessons import Lessons, check_enough, folds, lessons
from countenance.training.windows.labelled import LabelledWindow

SEED = 0
Floats = NDArray[np.float64]
Said = NDArray[np.float32] | Floats


@dataclass(frozen=True, slots=True)
class Asked:
    """A head with the seconds it is asked of, and how a page puts that."""

    bench: Bench
    system: System
    about: dict[str, str]


def crossed(windows: Sequence[LabelledWindow], labels: Sequence[str], fps: int) -> Asked:
    """Train by folds of people and calls; the split `test`, where the calls name one, is left alone."""
    found = lessons([window for window in windows if window.split is not Split.TEST], labels)
    check_enough(found)
    protocol = (
        f"Out of fold over {int(folds(found).max()) + 1} folds that tear no person and no call apart, calibrated on "
        "the other folds; the penalty and the bar of unsure answers were chosen on the same folds."
    )
    head = train(found, SEED, protocol)
    one_leads = _led(found.targets)
    asked = head.out_of_fold.only(one_leads)
    bench = _bench(found.only(one_leads), found.labels, tuple(head.layout.values), fps)
    return Asked(bench, _system(asked, head.abstain_below), _about(protocol))


def held_out(windows: Sequence[LabelledWindow], bundle: Bundle, fps: int) -> Asked:
    """Ask a finished head of the split `test`."""
    told, labels = spec_of(bundle), bundle.card.outputs["scores"]
    held = [window for window in windows if window.split is Split.TEST and window.votes]
    if not held:
        raise UsageError(
            f"the labelled calls name no split `test`, and {bundle.folder.name} may have learnt from all of them",
            "Name people of whom it learnt nothing in the column `split`, or give the TOML file of its labels.",
        )
    found = lessons(held, told.labels)
    known = np.array([found.labels[row] in labels for row in found.targets.argmax(axis=1)])
    own = found.only(np.logical_and(_led(found.targets), known))

    def said(seen: Sequence[Window]) -> Floats:
        matrix = told.layout.matrix(seen)
        logits = bundle.model.run({"features": matrix})["scores"]
        chances = bundle.calibration.distribution(logits) if told.exclusive else bundle.calibration.each(logits)
        return np.where(np.asarray(told.layout.present(matrix).any(axis=1))[:, None], chances, np.nan)

    protocol = "Seconds of the split test, whose people and calls the head had not learnt from."
    bench = _bench(own, labels, tuple(told.layout.values), fps)
    return Asked(bench, _system(said, told.abstain_below), _about(protocol))


def _bench(found: Lessons, labels: tuple[str, ...], modalities: tuple[Modality, ...], fps: int) -> Bench:
    """The seconds on which one label alone leads, whole, without some modalities, and with fewer faces."""
    if not found.windows:
        raise UsageError("no second is left on which one label alone leads", "Label more, or see `data inspect`.")
    seen = [labelled.window for labelled in found.windows]
    truth = np.array([labels.index(found.labels[row]) for row in found.targets.argmax(axis=1)])

    def under(circumstance: Circumstance) -> Sequence[Window]:
        return [thinned(window, circumstance) for window in seen]

    there = tuple(modality for modality in READ if modality in modalities)
    rows = Rows(labels, truth, {"people who share no call": np.array(found.groups)})
    return Bench(rows, under, tuple(_circumstances(there, fps)), modalities=there, left_out="unsure")


def _circumstances(there: tuple[Modality, ...], fps: int) -> Iterator[Circumstance]:
    """What can be shown without the media: modalities gone, and every other face."""
    yield Circumstance("nothing", there)
    if len(there) > 1:
        yield from (Circumstance(f"{gone} gone", tuple(m for m in there if m != gone)) for gone in there)
        yield from (Circumstance(f"{kept} alone", (kept,)) for kept in there)
    if FACE in there:
        yield Circumstance(f"{fps / 2:g} fps", there, every=2)


def _led(targets: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Rows on which one label alone has most votes."""
    most = targets.max(axis=1, keepdims=True)
    return np.asarray((most[:, 0] > 0) & ((targets >= most - 1e-6).sum(axis=1) == 1))


def _system(said: Callable[[Sequence[Window]], Said], bar: float) -> System:
    def system(seen: Sequence[Window], everything: bool) -> Floats:
        chances = np.asarray(said(seen), np.float64)
        silent = np.zeros(len(chances), np.bool_) if everything else np.nan_to_num(chances).max(axis=1) < bar
        return np.where(silent[:, None], np.nan, chances)

    return system


def _about(protocol: str) -> dict[str, str]:
    return {
        "what": "Seconds of own labelled calls on which one label alone leads",
        "protocol": f"{protocol} Distortions of media are not drawn, for the media are not kept.",
    }

"""Runs fusions, or a head, over label-matched tuples or own labelled calls, whole, in parts and under distortion."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import FACE, TEXT, VOICE, Modality
from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Window
from countenance.contracts.stages import Fusion
from countenance.evaluation.ablation import Rows, at_rates, compare, figures
from countenance.evaluation.ablation_report import Ablation, Alone, LeftOut, Stress, Subset
from countenance.fusion.loading import KINDS
from countenance.fusion.pool import PoolFusion
from countenance.fusion.weighing import SPLIT
from countenance.inference.bundle import Bundle
from countenance.training.datasets.store import Split
from countenance.training.fusion.match import READ, clusters, match, windows
from countenance.training.fusion.parts import CLEAN, Part
from countenance.training.windows.labelled import LabelledWindow, groups_of

EACH = 3
"""How often a clip stands in the tuples that are measured."""
SEED = 11
System = Callable[[Sequence[Window], bool], NDArray[np.float64]]
"""Probabilities of the labels, n x k, NaN where nothing is said; with True also what the product leaves out."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Circumstance:
    """What is different from clean, whole media."""

    name: str
    keep: tuple[Modality, ...] = READ
    worse: Mapping[Modality, str] = field(default_factory=dict)
    """Condition by modality."""
    every: int = 1
    """Which of the ten frames a second are seen: every so-many-th."""


KIND_OF_CLUSTER = {FACE: "pictures", VOICE: "actors", TEXT: "comments"}
GONE = tuple(Circumstance(f"{name} gone", tuple(m for m in READ if m != name)) for name in READ)
ALONE = tuple(Circumstance(f"{name} alone", (name,)) for name in READ)
FEWER_FRAMES = Circumstance("5 fps", every=2)
CIRCUMSTANCES = (
    Circumstance("nothing"),
    *GONE,
    *ALONE,
    Circumstance("occlusion", worse={FACE: "occlusion"}),
    Circumstance("low light", worse={FACE: "low_light"}),
    Circumstance("30 % packet loss", worse={VOICE: "packet_loss"}),
    Circumstance("0 dB noise", worse={VOICE: "noise"}),
    Circumstance("30 % of words lost", worse={TEXT: "words_lost"}),
    FEWER_FRAMES,
)


@dataclass(frozen=True, slots=True)
class Bench:
    """Rows with their windows under any circumstance."""

    rows: Rows
    under: Callable[[Circumstance], Sequence[Window]]
    circumstances: Sequence[Circumstance]
    alone: Mapping[Modality, tuple[Rows, Sequence[Window], Mapping[str, float]]] = field(default_factory=dict)
    """Real rows of one modality, their windows, and how frequent each label is in the corpus."""
    modalities: tuple[Modality, ...] = READ
    left_out: LeftOut = "disputed"


def tuple_bench(parts: Mapping[tuple[Modality, str], Part]) -> Bench:
    """Label-matched tuples of one side."""
    clean = {m: parts[m, CLEAN] for m in READ}
    matched = match(clean, EACH, SEED)
    truth = np.array([EMOTIONS.index(label) for label in matched.labels])

    def under(found: Circumstance) -> Sequence[Window]:
        chosen = {m: parts[m, found.worse.get(m, CLEAN)] for m in READ}
        return windows(matched, chosen, found.keep, found.every)

    drawn = {KIND_OF_CLUSTER[m]: names for m, names in clusters(matched, clean).items()}
    alone = {m: _alone(part) for m, part in clean.items() if part.rates}
    return Bench(Rows(EMOTIONS, truth, drawn), under, CIRCUMSTANCES, alone)


def _alone(part: Part) -> tuple[Rows, Sequence[Window], Mapping[str, float]]:
    truth = np.array([EMOTIONS.index(item.label) for item in part.items])
    seen = [Window("p_1", 0, SECOND_US, item.observations, {}) for item in part.items]
    return Rows(EMOTIONS, truth, {"rows": np.array([item.id for item in part.items])}), seen, part.rates


def call_bench(labelled: Sequence[LabelledWindow]) -> Bench:
    """Windows of own labelled calls on which one emotion alone leads; people and their calls are drawn together."""
    led = [(w, leading) for w in labelled if (leading := _leading(w.votes)) in EMOTIONS]
    if not led:
        raise UsageError(
            "no window carries one of the seven emotions",
            "For labels of your own give their taxonomy, or the head trained on it, with --taxonomy.",
        )
    truth = np.array([EMOTIONS.index(leading) for _, leading in led])
    people = np.array(groups_of([w for w, _ in led]))

    def under(found: Circumstance) -> Sequence[Window]:
        return [thinned(w.window, found) for w, _ in led]

    return Bench(Rows(EMOTIONS, truth, {"people": people}), under, (CIRCUMSTANCES[0], *GONE, *ALONE, FEWER_FRAMES))


def on_side(labelled: Sequence[LabelledWindow], side: str) -> list[LabelledWindow]:
    """The windows of a side where the calls name sides; all of them where they name none."""
    if all(w.split is Split.UNASSIGNED for w in labelled):
        return list(labelled)
    return [w for w in labelled if w.split.value == side]


def ablate(
    bench: Bench, systems: Mapping[str, System], about: Mapping[str, str], models: Mapping[str, str]
) -> Ablation:
    """Both tables; the first of the systems gives what a modality says alone."""
    counts = np.bincount(bench.rows.truth, minlength=len(bench.rows.labels))
    return Ablation(
        what=about["what"],
        warning=about.get("warning", ""),
        protocol=about["protocol"],
        n=len(bench.rows),
        clusters={name: len(np.unique(found)) for name, found in bench.rows.clusters.items()},
        labels=bench.rows.labels,
        majority=float(counts.max() / counts.sum()),
        models=dict(models),
        subsets=tuple(_subsets(bench, systems)),
        robustness=tuple(_stresses(bench, systems)),
        alone=tuple(
            Alone(modality, name, len(rows), at_rates(rows, system(seen, True), rates))
            for modality, (rows, seen, rates) in bench.alone.items()
            for name, system in systems.items()
        ),
        left_out=bench.left_out,
    )


def fusions_of(bundles: Sequence[Bundle]) -> tuple[dict[str, System], dict[str, str]]:
    """The pool and the trained fusions of these bundles, and the hash of each network."""
    found: dict[str, System] = {"pool": said_by(lambda divergence: PoolFusion(dispute_from=divergence))}
    hashes = {}
    for bundle in bundles:
        if bundle.card.task not in KINDS:
            raise UsageError(f"{bundle.folder} is no fusion", "Give a bundle that `countenance train fusion` made.")
        found[bundle.card.task] = said_by(partial(_built, bundle))
        hashes[bundle.card.name] = bundle.ref.sha256
    return found, hashes


def said_by(build: Callable[[float], Fusion]) -> System:
    """What a fusion says, built anew for the divergence from which it leaves the distribution out."""
    return lambda seen, everything: answers(build(math.inf if everything else SPLIT), seen)


def _built(bundle: Bundle, divergence: float) -> Fusion:
    return KINDS[bundle.card.task](bundle, dispute_from=divergence)


def _subsets(bench: Bench, systems: Mapping[str, System]) -> Iterator[Subset]:
    names = bench.modalities
    kept = [subset for size in range(1, len(names) + 1) for subset in combinations(names, size)]
    seen = {subset: bench.under(Circumstance("", subset)) for subset in kept}
    said = {(s, name): system(seen[s], True) for s in kept for name, system in systems.items()}
    found = figures(bench.rows, {f"{'+'.join(s)} {name}": table for (s, name), table in said.items()})
    for (subset, name), table in said.items():
        told = systems[name](seen[subset], False)
        silent = np.isnan(told).any(axis=1)
        right = table.argmax(axis=1) == bench.rows.truth
        yield Subset(
            modalities=subset,
            fusion=name,
            figures=found[f"{'+'.join(subset)} {name}"],
            disputed=float((silent & ~np.isnan(table).any(axis=1)).mean()),
            undisputed_accuracy=float(right[~silent].mean()) if (~silent).any() else None,
        )


def _stresses(bench: Bench, systems: Mapping[str, System]) -> Iterator[Stress]:
    alone = next(iter(systems.values()))
    for found in bench.circumstances:
        singles = {m: alone(bench.under(replace(found, keep=(m,))), True) for m in found.keep}
        seen = bench.under(found)
        for name, system in systems.items():
            yield Stress(found.name, name, compare(bench.rows, system(seen, True), singles))


def answers(fusion: Fusion, seen: Sequence[Window]) -> Floats:
    """Probabilities of EMOTIONS, n x 7; NaN where the fusion says none."""
    silent = dict.fromkeys(EMOTIONS, math.nan)
    predictions = fusion.fuse(seen)
    return np.array([[{**silent, **p.scores}[name] for name in EMOTIONS] for p in predictions], np.float64)


def _leading(votes: Mapping[str, float]) -> str:
    best = max(votes.values(), default=0.0)
    leaders = [name for name, count in votes.items() if count == best]
    return leaders[0] if len(leaders) == 1 and best > 0 else ""


def thinned(window: Window, found: Circumstance) -> Window:
    """A window under circumstances that need no other media."""
    frames = [o for o in window.observations if o.modality == FACE][:: found.every]
    rest = [o for o in window.observations if o.modality != FACE]
    return replace(window, observations=tuple(o for o in (*frames, *rest) if o.modality in found.keep))

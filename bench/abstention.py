"""Whether a window is read better when faces and words that the net is unsure of are left out of it.

    python -m bench.abstention --tuples FOLDER [--save]

`abstain_below` was chosen on dev, frame by frame and text by text: below it the leading label is too often wrong. A
window pools many of these, so leaving one out is a choice about the window. Here it is measured on the dev side of
what `countenance data tuples` made: FER+ PublicTest pictures held before a drawn camera (ten frames a second, as they
are, covered in part, or in low light) and GoEmotions dev comments.

Windows: one second of a face; one utterance; three utterances of one label, as in one stretch of a call; and face,
voice and words of one label together (label-matched tuples: they show what pooling does, never multimodal accuracy).
Each is read twice by the shipped pool, with everything and with what lies below the bar left out. A window of which
nothing is left counts as missed (macro-F1), as an answer at the rates of the labels (Brier), and comes last (AURC).
"""

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.call import FACE, TEXT, VOICE, Modality
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Observation, Window
from countenance.evaluation.intervals import draws, ends
from countenance.fusion.pool import PoolFusion
from countenance.inference.shelf import Profile, Shelf
from countenance.training.fusion.ablation import answers
from countenance.training.fusion.match import READ, clusters, match, windows
from countenance.training.fusion.parts import CLEAN, CONDITIONS, Item, Part, read_part

RESULT = Path(__file__).parents[1] / "docs" / "figures" / "abstention.json"
SIDE, EACH, SEED, REPEATS, IN_A_STRETCH = "dev", 3, 11, 400, 3
BUNDLES: Mapping[Modality, str] = {FACE: "face-expression.v1", TEXT: "text-emotion.v1"}
Floats = NDArray[np.float64]
Measure = Callable[[Floats, NDArray[np.int64], Floats], float]


def shipped_bars() -> dict[Modality, float]:
    """`abstain_below` of the shipped bundles."""
    shelf = Shelf.installed(Profile.OPEN)
    return {m: float(str(shelf.load(name).calibration.extra["abstain_below"])) for m, name in BUNDLES.items()}


def unsure(seen: Observation, bars: Mapping[Modality, float]) -> bool:
    """Whether an observation lies below the bar of its modality."""
    shares = {name: share for name, share in seen.scores.items() if name in EMOTIONS}
    apart = seen.scores.get("contempt", 0.0)
    if apart:  # the bar of faces is one over eight classes; contempt has joined disgust
        shares |= {"contempt": apart, "disgust": shares["disgust"] - apart}
    return max(shares.values(), default=1.0) < bars.get(seen.modality, 0.0)


def surer(window: Window, bars: Mapping[Modality, float]) -> Window:
    """The window without what is below the bars."""
    return replace(window, observations=tuple(seen for seen in window.observations if not unsure(seen, bars)))


def macro_f1(said: Floats, truth: NDArray[np.int64], weight: Floats) -> float:
    """Mean F1 of the labels; a silent window is missed."""
    spoken = ~np.isnan(said).any(axis=1)
    lead = np.where(spoken, np.nan_to_num(said).argmax(axis=1), -1)
    found = []
    for label in np.unique(truth):
        hits = weight[(lead == label) & (truth == label)].sum()
        found.append(2 * hits / max(weight[lead == label].sum() + weight[truth == label].sum(), 1e-9))
    return float(np.mean(found))


def brier(said: Floats, truth: NDArray[np.int64], weight: Floats) -> float:
    """Mean squared distance to the truth; a silent window answers with the rates of the labels."""
    right = np.eye(len(EMOTIONS))[truth]
    rates = weight @ right / weight.sum()
    told = np.where(np.isnan(said), rates, said)
    return float(weight @ ((told - right) ** 2).sum(axis=1) / weight.sum())


def aurc(said: Floats, truth: NDArray[np.int64], weight: Floats) -> float:
    """Mean risk over all coverages; a silent window is wrong and comes last."""
    sure = np.nan_to_num(said, nan=0.0).max(axis=1)
    wrong = np.nan_to_num(said, nan=0.0).argmax(axis=1) != truth
    wrong |= np.isnan(said).any(axis=1)
    order = np.argsort(-sure, kind="stable")
    mass = np.cumsum(weight[order])
    risk = np.cumsum(weight[order] * wrong[order]) / np.maximum(mass, 1e-9)
    return float((weight[order] * risk).sum() / mass[-1])


MEASURES: Mapping[str, Measure] = {"macro_f1": macro_f1, "brier": brier, "aurc": aurc}


def compared(
    seen: Sequence[Window],
    labels: Sequence[str],
    names: Sequence[NDArray[np.str_]],
    bars: Mapping[Modality, float],
    weight: Floats | None = None,
) -> dict[str, Any]:
    """Both readings of the same windows, and the difference that leaving out makes, with its 95 % interval."""
    truth = np.array([EMOTIONS.index(label) for label in labels])
    pool = PoolFusion(dispute_from=math.inf)
    whole, fewer = answers(pool, seen), answers(pool, [surer(window, bars) for window in seen])
    each = np.ones(len(truth)) if weight is None else weight
    found: dict[str, Any] = {"n": len(truth), "left": _share(np.asarray(~np.isnan(fewer).any(axis=1)), each)}
    drawn = [
        np.prod(np.stack(piece), axis=0) * each
        for piece in zip(
            *(np.concatenate(list(draws(one, SEED + i, REPEATS))) for i, one in enumerate(names)), strict=True
        )
    ]
    for name, measure in MEASURES.items():
        change = np.array([measure(fewer, truth, rows) - measure(whole, truth, rows) for rows in drawn])
        low, high = ends(change)
        all_of_it, less = measure(whole, truth, each), measure(fewer, truth, each)
        found[name] = {
            "everything": round(all_of_it, 4),
            "left_out": round(less, 4),
            "change": round(less - all_of_it, 4),
            "low": None if low is None else round(low, 4),
            "high": None if high is None else round(high, 4),
        }
    return found


def _share(rows: NDArray[np.bool_], weight: Floats) -> float:
    return round(float(weight @ rows / weight.sum()), 4)


def of_items(part: Part, bars: Mapping[Modality, float]) -> dict[str, Any]:
    """One second of every item alone, labels as frequent as in the corpus."""
    labels = [item.label for item in part.items]
    weight = np.array([part.rates.get(label, 1.0) / labels.count(label) for label in labels])
    ids = np.array([item.id for item in part.items])
    return compared([_window(item.observations) for item in part.items], labels, [ids], bars, weight * len(labels))


def of_stretches(part: Part, bars: Mapping[Modality, float]) -> dict[str, Any]:
    """Three utterances of one label in one window; every utterance stands in one."""
    random = np.random.default_rng(SEED)
    groups: list[list[Item]] = []
    for label in EMOTIONS:
        own = [item for item in part.items if item.label == label]
        order = random.permutation(len(own)).tolist()
        groups += [[own[at] for at in order[i : i + IN_A_STRETCH]] for i in range(0, len(own), IN_A_STRETCH)]
    labels = [group[0].label for group in groups]
    weight = np.array([part.rates.get(label, 1.0) / labels.count(label) for label in labels]) * len(labels)
    seen = [_window([seen for item in group for seen in item.observations]) for group in groups]
    return compared(seen, labels, [np.array([group[0].id for group in groups])], bars, weight)


def of_tuples(parts: Mapping[Modality, Part], bars: Mapping[Modality, float]) -> dict[str, Any]:
    """Face, voice and words of one label."""
    matched = match(parts, EACH, SEED)
    return compared(windows(matched, parts, READ), matched.labels, list(clusters(matched, parts).values()), bars)


def _window(seen: Sequence[Observation]) -> Window:
    return Window("p_1", 0, SECOND_US, tuple(seen), {})


def measured(folder: Path, bars: Mapping[Modality, float]) -> dict[str, Any]:
    """Every window kind."""
    parts = {(m, c): read_part(folder, m, SIDE, c) for m in READ for c in CONDITIONS[m]}
    clean = {m: parts[m, CLEAN] for m in READ}
    kinds = {f"a second of a face, {c}": of_items(parts[FACE, c], bars) for c in CONDITIONS[FACE]}
    kinds |= {f"one utterance, {c}": of_items(parts[TEXT, c], bars) for c in CONDITIONS[TEXT]}
    kinds["three utterances"] = of_stretches(clean[TEXT], bars)
    kinds["face, voice and words"] = of_tuples(clean, bars)
    dark = {**clean, FACE: parts[FACE, "low_light"], VOICE: parts[VOICE, "noise"]}
    kinds["face in low light, noisy voice and words"] = of_tuples(dark, bars)
    return {"side": SIDE, "bars": dict(bars), "models": {n: d for p in parts.values() for n, d in p.models.items()}} | {
        "windows": kinds
    }


def main() -> None:
    """Measure and print one line for each kind of window."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tuples", type=Path, required=True)
    parser.add_argument("--save", action="store_true", help="keep the result in docs/figures")
    given = parser.parse_args()
    found = measured(given.tuples, shipped_bars())
    if given.save:
        RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for name, row in found["windows"].items():
        told = ", ".join(
            f"{one} {row[one]['everything']:.3f} -> {row[one]['left_out']:.3f} "
            f"({row[one]['change']:+.3f} [{row[one]['low']:+.3f}, {row[one]['high']:+.3f}])"
            for one in MEASURES
        )
        print(f"{name}: n {row['n']}, {row['left']:.1%} still read; {told}")


if __name__ == "__main__":
    main()

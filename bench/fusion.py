"""What fusing a second of one person costs, each fusion against the pool, in CPU microseconds of one thread.

    python -m bench.fusion [--fusion FOLDER ...] [--save]

A window holds ten faces, one voice sample and three utterances, made up. Fusions are measured in turn, round after
round, so that a busy machine slows all of them alike; the ratio is what to read. Without folders the two networks are
made with random weights, which cost the same as trained ones (this needs the extra `train`).
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Observation, Window
from countenance.contracts.stages import Fusion
from countenance.fusion.loading import load_fusion
from countenance.fusion.pool import PoolFusion
from countenance.inference.shelf import Profile, Shelf

RESULT = Path(__file__).parent / "results" / "fusion.json"
WHAT = (
    "one second of one person through each fusion: ten faces, one voice sample, three utterances, made up; one thread"
)
ROUNDS, EACH = 25, 20
HELD = {FACE: 10, VOICE: 1, TEXT: 3}


def made_window() -> Window:
    """A full second."""
    spread = dict.fromkeys(EMOTIONS, 0.05) | {"happiness": 0.7}
    seen = []
    for modality, count in HELD.items():
        for at in range(count):
            end_us = SECOND_US * (at + 1) // count
            place = {"valence": 0.4, "arousal": 0.2}
            seen.append(Observation("p_1", modality, 0, end_us, 0.8, spread, place, {f"cue_{modality}": 0.5}))
    return Window("p_1", 0, SECOND_US, tuple(seen), {})


def random_bundles(folder: Path) -> list[Path]:
    """Both networks, untrained."""
    import torch

    from countenance.training.fusion.bundle import Origin, publish
    from countenance.training.fusion.examples import Batch, inputs_of, targets_of
    from countenance.training.fusion.fit import network
    from countenance.training.fusion.recipe import FusionRecipe
    from countenance.training.recipe import load_recipe

    made = []
    for task in ("late", "crossmodal"):
        torch.manual_seed(1)
        recipe = load_recipe(FusionRecipe, f"fusion-{task}")
        dev = Batch(inputs_of(recipe.task, [made_window()] * 4), targets_of([{"fear": 1.0}] * 4, [1.0] * 4, EMOTIONS))
        origin = Origin("none: random weights", ("countenance",), True, "random weights", ("random weights",))
        made.append(publish(network(recipe, EMOTIONS), recipe, EMOTIONS, dev, origin, folder))
    return made


def costs(fusions: dict[str, Fusion], window: Window) -> dict[str, float]:
    """Median CPU microseconds per window of each, measured in turn."""
    spent: dict[str, list[float]] = {name: [] for name in fusions}
    for _ in range(ROUNDS):
        for name, fusion in fusions.items():
            begun = time.thread_time_ns()
            for _ in range(EACH):
                fusion.fuse([window])
            spent[name].append((time.thread_time_ns() - begun) / 1000 / EACH)
    return {name: round(statistics.median(values), 1) for name, values in spent.items()}


def measured(folders: Sequence[Path]) -> dict[str, object]:
    """Costs and their ratios to the pool."""
    shelf = Shelf([], Profile.OPEN)
    with tempfile.TemporaryDirectory() as place:
        chosen = list(folders) or random_bundles(Path(place))
        loaded = [load_fusion(folder, shelf) for folder in chosen]
    fusions: dict[str, Fusion] = {"pool": PoolFusion()}
    fusions |= {next(iter(cards.values())).task: fusion for fusion, cards in loaded}
    found = costs(fusions, made_window())
    ratios = {name: round(cost / found["pool"], 2) for name, cost in found.items()}
    return {"what": WHAT, "cpu_us_per_window": found, "ratio_to_pool": ratios}


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fusion", type=Path, action="append", default=[])
    parser.add_argument("--save", action="store_true", help="keep the result for docs/figures.md")
    given = parser.parse_args()
    text = json.dumps(measured(given.fusion), indent=1)
    if given.save:
        RESULT.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

"""How long a head takes to train on cached windows: `python -m bench.head`. Made windows, no media, no people."""

import argparse
import json
import resource
import time

import numpy as np

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, ModelRef, Observation, Window
from countenance.training.datasets.store import Split
from countenance.training.head.fitting import train
from countenance.training.head.lessons import check_enough, lessons
from countenance.training.windows.labelled import LabelledWindow

WIDTHS = {FACE: 128, VOICE: 128, TEXT: 384}
CUES = {FACE: 8, VOICE: 12, TEXT: 0}
LABELS = tuple(f"label {number}" for number in range(7))
SECONDS, PEOPLE = 5, 40


def made(count: int, seed: int = 0) -> list[LabelledWindow]:
    """Windows of PEOPLE people in stretches of SECONDS, in which each label leans the numbers a little."""
    rng = np.random.default_rng(seed)
    lean = {modality: rng.standard_normal((len(LABELS), width)) * 0.3 for modality, width in WIDTHS.items()}
    return [_window(rng, lean, number) for number in range(count)]


def _window(rng: np.random.Generator, lean: dict[str, np.ndarray], number: int) -> LabelledWindow:
    stretch = number // SECONDS
    label = stretch % len(LABELS)
    seen = []
    for modality, width in WIDTHS.items():
        if rng.random() < 0.2:
            continue
        shares = rng.dirichlet(np.ones(len(EMOTIONS)))
        seen.append(
            Observation(
                participant_id="p_1",
                modality=modality,
                start_us=number * SECOND_US,
                end_us=(number + 1) * SECOND_US,
                quality=float(rng.uniform(0.4, 1.0)),
                scores=dict(zip(EMOTIONS, map(float, shares), strict=True)),
                dimensions={"valence": float(rng.uniform(-1, 1)), "arousal": float(rng.uniform(-1, 1))},
                cues={f"cue_{place}": float(rng.standard_normal()) for place in range(CUES[modality])},
                model=ModelRef(f"{modality}-made", "v1", "0" * 64),
                embedding=(rng.standard_normal(width) + lean[modality][label]).astype(np.float32),
            )
        )
    window = Window("p_1", number * SECOND_US, (number + 1) * SECOND_US, tuple(seen), {})
    who = f"person {stretch % PEOPLE}"
    votes = {LABELS[label]: 2.0, LABELS[(label + 1) % len(LABELS)]: 1.0}
    return LabelledWindow(window, f"stretch {stretch}", who, f"call of {who}", Split.UNASSIGNED, votes, 3)


def main() -> None:
    """Print one line of JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--windows", type=int, default=5_000)
    windows = made(asked.parse_args().windows)
    began, cpu = time.perf_counter(), time.process_time()
    found = lessons(windows, LABELS)
    check_enough(found)
    head = train(found, seed=0, protocol="made windows")
    told = {
        "windows": len(windows),
        "columns": head.layout.width,
        "labels": len(found.labels),
        "people": PEOPLE,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()

"""What was seen of a long run, and its figures."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from bench.faults.outcome import Figure

FULL_S = 660
"""Calls that have ended are remembered for ten minutes; until then memory is being filled."""
LEFT_OUT = ("late", "overrun", "early")
"""Why media were left out that were wanted."""


@dataclass(slots=True)
class Seen:
    """What was noticed along the way."""

    late_us: "dict[str, array[int]]" = field(default_factory=lambda: defaultdict(lambda: array("I")))
    counts: Counter[str] = field(default_factory=Counter)
    tracks: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[int, int]] = field(default_factory=list)
    """Resident bytes of the control plane and of its largest worker, once a second."""
    back_s: list[float] = field(default_factory=list)
    """After a worker was killed, until its calls were told of again."""
    misses: list[str] = field(default_factory=list)


def figures(seen: Seen, people: int, seconds: float, growth: Sequence[float]) -> Mapping[str, Figure]:
    """On one line."""
    lost = sum(seen.tracks[reason] for reason in LEFT_OUT)
    late = {f"L_proc {name}": _spread(values) for name, values in sorted(seen.late_us.items())}
    back = f"max {max(seen.back_s):.1f} s of {len(seen.back_s)} calls" if seen.back_s else "none"
    return {
        "people": people,
        "seconds": int(seconds),
        **dict(sorted(seen.counts.items())),
        **late,
        "left out": f"{100 * lost / max(1, lost + seen.tracks['given']):.2f} %",
        "told again after a kill": back,
        "control plane, by sixths": _sixths([ours for ours, _ in seen.memory]),
        "growth of the control plane": f"{100 * growth[0]:.1f} %",
        "growth of the largest worker": f"{100 * growth[1]:.1f} %",
    }


def _spread(values: Sequence[int]) -> str:
    p50, p95, p99 = np.percentile(np.array(values) / 1000, [50, 95, 99])
    return f"p50 {p50:.0f} p95 {p95:.0f} p99 {p99:.0f} ms"


def _sixths(memory: Sequence[int]) -> str:
    sixth = max(1, len(memory) // 6)
    parts = [median(memory[at : at + sixth]) / 2**20 for at in range(0, len(memory) - sixth + 1, sixth)]
    return f"{' '.join(f'{part:.0f}' for part in parts)} MiB"


def growth_of(memory: Sequence[int]) -> float:
    """From the second tenth, or once the first calls are forgotten, to the last."""
    tenth = max(1, len(memory) // 10)
    begun = FULL_S if len(memory) > 2 * FULL_S else tenth
    first, last = memory[begun : begun + tenth], memory[-tenth:]
    return median(last) / median(first) - 1 if first and median(first) else 0.0

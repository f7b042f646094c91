"""What a harness found: one line of figures, the misses, and the file that the page of faults is written from."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
SHOWN_MISSES = 20

Figure = int | float | str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one run of one harness."""

    name: str
    goal: str
    """The goal of `audit.md` section 11 that it serves, such as `R1`."""
    command: str
    figures: Mapping[str, Figure]
    misses: Sequence[str]
    """Everything that should not have happened; empty when the goal is met."""

    @property
    def line(self) -> str:
        """All figures on one line."""
        told = ", ".join(f"{name} {_shown(value)}" for name, value in self.figures.items())
        return f"{self.name}: {told}, misses {len(self.misses)}"

    def conclude(self, *, save: bool) -> int:
        """Print, keep the figures when asked, and return the exit status: 1 on any miss."""
        for miss in self.misses[:SHOWN_MISSES]:
            print(f"{self.name}: MISS {miss}")
        print(self.line)
        if save:
            self.save()
        return 1 if self.misses else 0

    def save(self, folder: Path = RESULTS) -> None:
        """Write the figures where the page of faults finds them."""
        folder.mkdir(exist_ok=True)
        kept = {
            "name": self.name,
            "goal": self.goal,
            "command": self.command,
            "on": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "machine": machine(),
            "figures": dict(self.figures),
            "misses": len(self.misses),
        }
        (folder / f"{self.name}.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def machine() -> str:
    """Cores, system, Python, and how busy it was."""
    load = os.getloadavg()[0]
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}, load {load:.1f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _shown(value: Figure) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)

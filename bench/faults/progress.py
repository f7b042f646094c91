"""A long run in sittings: what was done so far stands in a file, and a run that was cut off goes on there."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Progress:
    """What was done so far, from a first seed on; every episode is the next seed."""

    first: int
    episodes: int = 0
    steps: int = 0
    seconds: float = 0.0
    sittings: int = 0
    figures: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path | None, seed: int) -> "Progress":
        """Go on where an earlier sitting was cut off, or begin."""
        if path is None or not path.exists():
            return cls(seed)
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(**kept | {"figures": Counter(kept["figures"])})

    def write(self, path: Path) -> None:
        """In place of the last, in one step: a cut loses one episode."""
        path.parent.mkdir(exist_ok=True)
        draft = path.with_suffix(".draft")
        kept = {name: getattr(self, name) for name in self.__slots__}
        draft.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        draft.replace(path)

    @property
    def shown(self) -> Mapping[str, int | float | str]:
        """The figures so far."""
        return {
            "steps": self.steps,
            "seeds": f"{self.first} to {self.first + self.episodes - 1}",
            "sittings": self.sittings,
            **{name: self.figures[name] for name in sorted(self.figures)},
            "seconds": round(self.seconds, 1),
        }

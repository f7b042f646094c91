"""What is measured of every clip in every version, computed once and kept in one file.

Frames stay in half precision, as they are kept: ten versions of a corpus are large.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from countenance.inference.hearing import Sounding, measured
from countenance.training.datasets.ravdess import Clip
from countenance.training.voice_emotion.sounds import VERSIONS, version, wave_of

_KEPT = {"frames": np.float16, "pitch": np.float32, "periodic": np.float32, "tone": np.float32}


def soundings(clips: Sequence[Clip], keep_in: Path) -> list[list[Sounding]]:
    """Every clip in every version, [0] as it is. Reads the file `keep_in` when it fits, else writes it."""
    names = [clip.path.name for clip in clips]
    if keep_in.exists():
        with np.load(keep_in) as kept:
            if kept["names"].tolist() == names and all(f"{part}0" in kept for part in parts_of()):
                return [unpacked({name: kept[f"{name}{at}"] for name in parts_of()}) for at in range(VERSIONS)]
    waves, actors = [wave_of(clip) for clip in clips], [clip.actor for clip in clips]
    versions = [packed([measured(wave) for wave in version(waves, actors, at)]) for at in range(VERSIONS)]
    arrays = {f"{name}{at}": part for at, parts in enumerate(versions) for name, part in parts.items()}
    np.savez(keep_in, names=np.array(names), **arrays)  # type: ignore[arg-type]
    return [unpacked(parts) for parts in versions]


def parts_of() -> list[str]:
    """Names under which `packed` gives its arrays."""
    return [f"{name}{part}" for name in _KEPT for part in ("", "_ends")]


def packed(clips: Sequence[Sounding]) -> dict[str, np.ndarray]:
    """Soundings one after the other, and where each ends."""
    out = {}
    for name, kind in _KEPT.items():
        parts = [getattr(clip, name) for clip in clips]
        out[name], out[f"{name}_ends"] = np.concatenate(parts).astype(kind), np.cumsum([len(part) for part in parts])
    return out


def unpacked(kept: dict[str, np.ndarray]) -> list[Sounding]:
    """What was packed."""
    parts = [np.split(kept[name], kept[f"{name}_ends"][:-1]) for name in _KEPT]
    return [Sounding(*clip) for clip in zip(*parts, strict=True)]

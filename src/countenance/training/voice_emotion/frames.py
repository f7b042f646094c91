"""Log-mels of every clip at several speeds, computed once and kept in one file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SAMPLE_RATE
from countenance.inference.logmel import Floats, log_mel
from countenance.training.datasets.ravdess import Clip

SPEEDS = ((1, 1), (10, 9), (9, 10), (16, 15), (15, 16))
"""Speed as up/down of resampling: 10/9 is slower and deeper; the first is the recording itself."""


def log_mels(clips: Sequence[Clip], keep_in: Path) -> list[list[Floats]]:
    """Frames of every clip for each speed; [0] is unchanged. Reads the file `keep_in` when it fits, else writes it."""
    names = [clip.path.name for clip in clips]
    if keep_in.exists():
        with np.load(keep_in) as kept:
            if kept["names"].tolist() == names:
                return [_cut(kept[f"frames{at}"], kept[f"ends{at}"]) for at in range(len(SPEEDS))]
    waves = [_wave(clip.path) for clip in clips]
    versions = [[log_mel(_at_speed(wave, *speed)) for wave in waves] for speed in SPEEDS]
    arrays = {}
    for at, version in enumerate(versions):
        arrays[f"frames{at}"] = np.concatenate(version).astype(np.float16)
        arrays[f"ends{at}"] = np.cumsum([len(frames) for frames in version])
    np.savez(keep_in, names=np.array(names), **arrays)  # type: ignore[arg-type]
    return [_cut(arrays[f"frames{at}"], arrays[f"ends{at}"]) for at in range(len(SPEEDS))]


def _cut(frames: np.ndarray, ends: np.ndarray) -> list[Floats]:
    return [part.astype(np.float32) for part in np.split(frames, ends[:-1])]


def _wave(path: Path) -> Floats:
    samples, rate = soundfile.read(path, dtype="float32")
    if rate != SAMPLE_RATE or samples.ndim != 1:
        raise DatasetError(f"{path.name} is not 16 kHz mono", "Resample the clips before training")
    return np.asarray(samples, np.float32)


def _at_speed(wave: Floats, up: int, down: int) -> Floats:
    return wave if up == down else np.asarray(resample_poly(wave, up, down), np.float32)

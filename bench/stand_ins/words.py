"""Other words: how far statistics move where one voice says something else, from a synthesiser that acts nothing.

Needs the program `espeak-ng`. It reads sentences of the product's own pages; no sound is kept.
"""

import io
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from scipy.signal import resample_poly
from torch import Tensor

from bench.stand_ins.rows import Rows, Toned, heard_rows
from bench.stand_ins.tone import tone
from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SAMPLE_RATE
from countenance.inference.hearing import measured
from countenance.inference.logmel import Floats, SpeakerPrior

LANGUAGES = ("en", "de", "es", "fr")
VOICES, SENTENCES = 20, 12  # of each language; of each voice
_VARIANTS = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5")
_MADE_AT = 22_050  # Hz
_FEW = 3  # sentences after which a voice is known
_LETTERS = (25, 80)
_TEXT = re.compile(r'^(msgid|msgstr) "([^"{}<>%\\]+)"$')


def said(language: str) -> list[str]:
    """Sentences of the pages in this language."""
    folder = files("countenance.server") / "locale"
    own, key = ("de", "msgid") if language == "en" else (language, "msgstr")
    found = set()
    for part in (folder / own).iterdir():
        if part.name.endswith(".po"):
            lines = (_TEXT.match(line) for line in part.read_text(encoding="utf-8").splitlines())
            found |= {line[2] for line in lines if line and line[1] == key and _fits(line[2])}
    return sorted(found)


def _fits(text: str) -> bool:
    return _LETTERS[0] <= len(text) <= _LETTERS[1]


def spoken(seed: int = 1) -> Iterator[list[Toned]]:
    """What each voice says, measured, one sentence after the other."""
    for place, language in enumerate(LANGUAGES):
        texts = said(language)
        for number in range(VOICES):
            rng = np.random.default_rng([seed, place, number])
            voice = f"{language}+{rng.choice(_VARIANTS)}"
            pitch, speed = int(rng.integers(30, 70)), int(rng.integers(140, 195))
            yield [_measured(_made(voice, pitch, speed, str(text))) for text in rng.choice(texts, SENTENCES, False)]


def _made(voice: str, pitch: int, speed: int, text: str) -> Floats:
    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "--stdout", "--", text]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError as error:
        raise DatasetError("the program espeak-ng is not there", "Install espeak-ng from the system.") from error
    samples, rate = soundfile.read(io.BytesIO(done.stdout), dtype="float32")
    if rate != _MADE_AT:
        raise DatasetError(f"espeak-ng speaks at {rate} Hz", f"Use a build of espeak-ng that speaks at {_MADE_AT} Hz.")
    return np.asarray(resample_poly(samples, SAMPLE_RATE // 50, _MADE_AT // 50), np.float32)


def _measured(wave: Floats) -> Toned:
    one = measured(wave)
    return Toned(one.frames, one.pitch, one.periodic, tone(wave, one.pitch, one.periodic))


def kept(keep_in: Path) -> list[list[Toned]]:
    """The voices, made once and kept as measures."""
    names = ("frames", "pitch", "periodic", "tone")
    if not keep_in.exists():
        made = [one for voice in spoken() for one in voice]
        np.savez(
            keep_in,
            **{f"{name}{at}": getattr(one, name) for at, one in enumerate(made) for name in names},
        )
    with np.load(keep_in) as parts:
        rows = [Toned(*(parts[f"{name}{at}"] for name in names)) for at in range(len(parts.files) // len(names))]
    return [rows[at : at + SENTENCES] for at in range(0, len(rows), SENTENCES)]


def heard(voices: Sequence[Sequence[Toned]], prior: SpeakerPrior, rng: np.random.Generator) -> list[Rows]:
    """A piece of each sentence, as the expert hears it, of each voice once it is known."""
    found = []
    for voice in voices:
        rows = heard_rows(voice, np.arange(len(voice)), prior, rng)
        found.append(Rows(*(getattr(rows, name)[_FEW:] for name in Rows.__slots__)))
    return found


@dataclass(slots=True)
class Worded:
    """Rows to train on; whoever takes some gets them as if other words had been said, another time others."""

    rows: Tensor
    moves: Tensor
    """Differences between sentences (k, columns)."""
    strength: float

    @property
    def device(self) -> torch.device:
        """Where the rows are."""
        return self.rows.device

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: Tensor) -> Tensor:
        drawn = torch.randint(len(self.moves), (len(chosen),))
        return self.rows[chosen] + self.strength * self.moves[drawn]


def moves(parts: Sequence[Rows], columns: list[int], scale: Tensor) -> Tensor:
    """Every ordered pair of sentences of one voice, in these units (k, columns + 1)."""
    found: list[NDArray[np.floating]] = []
    for part in parts:
        rows = part.rows[:, columns]
        first, second = np.nonzero(~np.eye(len(rows), dtype=bool))
        found.append((rows[first] - rows[second]) / np.sqrt(2.0))
    whole = torch.from_numpy(np.concatenate(found).astype(np.float32))
    return torch.cat([whole / scale, torch.zeros(len(whole), 1)], 1)

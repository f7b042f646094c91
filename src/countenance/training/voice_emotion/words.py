"""Other words: how far statistics move where one voice says something else, from a synthesiser that acts nothing.

Two sentences are all that the actors of the corpus say. Where training is asked to, each row is moved as far as
another sentence of the same voice would move it, so that the expert keeps to what does not hang on the words.
Needs the program `espeak-ng`; it is told sentences of this project, and no sound is kept.
"""

import io
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import soundfile
import torch
from scipy.signal import resample_poly
from torch import Tensor

from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SAMPLE_RATE
from countenance.inference.functionals import functionals
from countenance.inference.hearing import Sounding, measured
from countenance.inference.logmel import Floats, SpeakerPrior
from countenance.training.voice_emotion.frames import packed, parts_of, unpacked
from countenance.training.voice_emotion.sessions import hear, higher, other_voice, piece

VOICES, SENTENCES = 20, 12  # of each language; of each voice
_VARIANTS = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5")
_PITCH, _SPEED = (30, 70), (140, 195)  # in the units of the program; the second is words a minute
_MADE_AT = 22_050  # Hz
_FEW = 3  # sentences after which a voice is known
_SEED = 1


def sentences() -> dict[str, list[str]]:
    """What is said, by language."""
    text = (files("countenance.training.voice_emotion") / "sentences.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def voices(keep_in: Path) -> list[list[Sounding]]:
    """Eighty voices of twelve sentences each, measured; made once."""
    if not keep_in.exists():
        np.savez(keep_in, **packed([measured(wave) for wave in _spoken()]))  # type: ignore[arg-type]
    with np.load(keep_in) as kept:
        said = unpacked({name: kept[name] for name in parts_of()})
    return [said[at : at + SENTENCES] for at in range(0, len(said), SENTENCES)]


def _spoken() -> Iterator[Floats]:
    for place, (language, texts) in enumerate(sentences().items()):
        for number in range(VOICES):
            rng = np.random.default_rng([_SEED, place, number])
            voice = f"{language}+{rng.choice(_VARIANTS)}"
            pitch, speed = int(rng.integers(*_PITCH)), int(rng.integers(*_SPEED))
            for text in rng.choice(texts, SENTENCES, replace=False):
                yield _made(voice, pitch, speed, str(text))


def _made(voice: str, pitch: int, speed: int, text: str) -> Floats:
    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "--stdout", "--", text]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError as error:
        todo = "Install it (Debian: apt-get install espeak-ng), or set `words = 0` in the recipe."
        raise DatasetError("the program espeak-ng is not there", todo) from error
    except subprocess.CalledProcessError as error:
        problem = f"espeak-ng ends with {error.returncode}: {error.stderr.decode(errors='replace').strip()}"
        raise DatasetError(problem, "Install its voices (Debian: espeak-ng-data).") from error
    samples, rate = soundfile.read(io.BytesIO(done.stdout), dtype="float32")
    if rate != _MADE_AT:
        raise DatasetError(f"espeak-ng speaks at {rate} Hz", f"Use a build of it that speaks at {_MADE_AT} Hz.")
    return np.asarray(resample_poly(samples, SAMPLE_RATE // 50, _MADE_AT // 50), np.float32)


def moves(said: Sequence[Sequence[Sounding]], prior: SpeakerPrior, seed: int) -> Floats:
    """How far statistics move from each sentence to each other one of the same voice, over the root of two (k, f)."""
    found = []
    for number, own in enumerate(said):
        rng = np.random.default_rng([seed, number])
        factor = other_voice(rng)
        heard = hear([higher(one, factor) for one in own], prior)[_FEW:]
        rows = np.concatenate([functionals(one.heard, [piece(one, rng)]) for one in heard])
        first, second = np.nonzero(~np.eye(len(rows), dtype=bool))
        found.append((rows[first] - rows[second]) * np.float32(0.5**0.5))
    return np.concatenate(found)


@dataclass(slots=True)
class Worded:
    """Rows (n, w) to train on; whoever takes some gets them as if other words had been said, another time others."""

    rows: Tensor
    moves: Tensor
    """Differences between sentences (k, w)."""
    strength: float

    @property
    def device(self) -> torch.device:
        """Where the rows are."""
        return self.rows.device

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: Tensor) -> Tensor:
        drawn = torch.randint(len(self.moves), (len(chosen),), device=self.rows.device)
        return self.rows[chosen] + self.strength * self.moves[drawn]

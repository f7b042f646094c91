"""The voice bundle on Emo-DB, a corpus and a language it never heard: run this module with `--help`."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SAMPLE_RATE
from countenance.inference.bundle import Bundle
from countenance.inference.logmel import Floats, SpeakerPrior, log_mel, normalised, speech_frames, unheard, updated
from countenance.training.datasets.emodb import CORPUS
from countenance.training.voice_emotion.figures import BOOTSTRAPS, auc
from countenance.training.voice_emotion.sessions import CONTEXT_FRAMES, padded

SHARED = ("neutral", "happiness", "sadness", "anger")
"""The four classes that both corpora act."""
HIGH_AROUSAL, LOW_AROUSAL = ("anger", "fear", "happiness"), ("neutral", "sadness", "boredom")  # disgust is left out

_STEP = 100  # frames between two looks at a long clip, as in a call


def read_labels(folder: Path) -> list[tuple[Path, str, str]]:
    """File, speaker and emotion of every clip, as the reader of Emo-DB finds them; none may be missing."""
    reading = CORPUS.read(folder)
    if reading.missing:
        raise CORPUS.lacking(folder / reading.missing[0])
    return [(row.audio_path, row.subject_id or "", row.label or "") for row in reading.rows if row.audio_path]


def report(folder: Path, bundle: Bundle, seed: int = 0) -> dict[str, object]:
    """Four-class UAR and arousal AUC, clips of a speaker heard in a seeded order; intervals over speakers."""
    rows = read_labels(folder)
    speakers, emotions = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    shares, arousal = _answers(bundle, [row[0] for row in rows], speakers, seed)
    said = np.array(SHARED)[shares.argmax(axis=1)]
    rng = np.random.default_rng(1)
    own = {one: np.flatnonzero(speakers == one) for one in np.unique(speakers)}
    draws = [np.concatenate([own[one] for one in rng.choice(list(own), len(own))]) for _ in range(BOOTSTRAPS)]

    def uar(at: NDArray[np.intp]) -> float:
        return float(np.mean([(said[at][emotions[at] == name] == name).mean() for name in SHARED]))

    def area(at: NDArray[np.intp]) -> float:
        values, names = arousal[at], emotions[at]
        return auc(values[np.isin(names, HIGH_AROUSAL)], values[np.isin(names, LOW_AROUSAL)])

    everything = np.arange(len(rows))
    out: dict[str, object] = {
        "speakers": len(own),
        "n_four": int(np.isin(emotions, SHARED).sum()),
        "n_arousal": int(np.isin(emotions, HIGH_AROUSAL + LOW_AROUSAL).sum()),
    }
    for name, measure in (("uar_four", uar), ("arousal_auc", area)):
        low, high = np.percentile([measure(draw) for draw in draws], [2.5, 97.5])
        out[name] = {"value": round(measure(everything), 4), "low": round(float(low), 4), "high": round(float(high), 4)}
    return out | {"majority_uar": 1 / len(SHARED)}


def _answers(bundle: Bundle, files: Sequence[Path], speakers: NDArray[np.str_], seed: int) -> tuple[Floats, Floats]:
    """Shares of the four classes and arousal per clip, averaged over looks of 3 s."""
    prior = bundle.calibration.extra["prior"]
    usual = SpeakerPrior(tuple(prior["mean"]), tuple(prior["variance"]))  # type: ignore[index]
    labels = bundle.card.outputs["scores"]
    columns = [labels.index(name) for name in SHARED]
    shares, arousal = np.zeros((len(files), len(SHARED)), np.float32), np.zeros(len(files), np.float32)
    for speaker in np.unique(speakers):
        baseline = unheard()
        for at in np.random.default_rng([int(speaker), seed]).permutation(np.flatnonzero(speakers == speaker)):
            frames = _frames(files[at])
            baseline = updated(baseline, frames[speech_frames(frames)])
            heard = normalised(frames, baseline, usual)
            looks = range(0, max(1, len(heard) - CONTEXT_FRAMES + _STEP), _STEP)
            inputs = padded([heard[look : look + CONTEXT_FRAMES] for look in looks])
            out = bundle.model.run(dict(zip(("frames", "present"), inputs, strict=True)))
            chances = bundle.calibration.distribution(out["scores"]).mean(axis=0)
            shares[at] = chances[columns]
            shares[at, 0] += chances[labels.index("calm")]
            arousal[at] = out["dimensions"][:, bundle.card.outputs["dimensions"].index("arousal")].mean()
    return shares, arousal


def _frames(path: Path) -> Floats:
    samples, rate = soundfile.read(path, dtype="float32")
    if rate != SAMPLE_RATE:
        raise DatasetError(f"{path.name} is not 16 kHz", "Resample the clips first.")
    return log_mel(samples)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures and write them to a JSON file."""
    parser = argparse.ArgumentParser(description="The voice bundle on Emo-DB, which it never heard.")
    parser.add_argument("--emodb", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    asked = parser.parse_args(arguments)
    text = json.dumps(report(asked.emodb, Bundle.load(asked.bundle)), indent=1)
    asked.out.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()

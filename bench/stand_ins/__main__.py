"""Fit the second expert with each change and without, from the same draws, and judge both by the stand-ins.

    python -m bench.stand_ins --data CORPORA --work FOLDER --change words:0 --change no-tract [--nets 2] [--seed 11]
    python -m bench.stand_ins.averaged COUNTS COUNTS COUNTS

Changes: how far other words move rows (`words:STRENGTH`), pairs of classes judged apart (`pairs`), columns left out
(`no-quality`, `no-tract`, `no-balance`, `no-dynamics`, `no-shades`: all four), or several joined by +. What is measured
is kept in the work folder. Prints JSON; `--counts FILE` keeps what each actor was named, to average draws.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

from bench.stand_ins.fitting import Change, fit
from bench.stand_ins.rows import heard_rows, only, together
from bench.stand_ins.score import UNCHANGED, Counts, keep, nothing, told
from bench.stand_ins.tasks import FOUR, Task, fewer, streams, tasks
from countenance.training.datasets.ravdess import Clip, read_clips
from countenance.training.recipe import load_recipe
from countenance.training.voice_emotion.fit import TrainingSet
from countenance.training.voice_emotion.folds import Corpus
from countenance.training.voice_emotion.frames import soundings
from countenance.training.voice_emotion.make import RAVDESS
from countenance.training.voice_emotion.recipe import VoiceRecipe
from countenance.training.voice_emotion.statistics_fit import Rows, rows_of
from countenance.training.voice_emotion.words import moves, voices

NONE = Change(UNCHANGED)


def main() -> None:
    """Judge the changes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the unpacked corpora")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is measured once")
    parser.add_argument("--change", action="append", default=[], help="what is tried; may be given several times")
    parser.add_argument("--nets", type=int, default=2, help="members of each side")
    parser.add_argument(
        "--one-in", type=int, default=1, help="how many of the actors that train are heard: one in so many"
    )
    parser.add_argument("--seed", type=int, default=11, help="of the draws")
    parser.add_argument("--counts", type=Path, help="file for what was named right of each actor")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.work.mkdir(parents=True, exist_ok=True)
    recipe = load_recipe(VoiceRecipe, "voice-emotion")
    recipe = recipe.model_copy(update={"statistics": recipe.statistics.model_copy(update={"members": asked.nets})})
    clips = read_clips(asked.data / RAVDESS)
    corpus = Corpus(clips, soundings(clips, asked.work / "soundings.npz"))
    changes = [NONE, *(Change(name) for name in asked.change)]
    said = voices(asked.work / "words.npz")
    actors = sorted({clip.actor for clip in clips})
    counts = {change.name: nothing(len(actors)) for change in changes}
    began = time.perf_counter()
    for number, task in enumerate(tasks(actors), start=1):
        chosen = [clip for clip in clips if task.chosen(clip)]
        train = fewer([clip.actor for clip in chosen], asked.one_in)
        data = corpus.training([clip for clip in chosen if clip.actor in train])
        rows = rows_of(data, recipe.statistics, np.random.default_rng([asked.seed, number]))
        judged = [_judged(corpus, task, at, data) for at in range(len(task.judges))]
        moved = moves(said, data.prior, asked.seed)
        for change in changes:
            fitted = fit(data, rows, recipe, change, asked.seed, moved)
            for judge, own in zip(task.judges, judged, strict=True):
                _count(counts[change.name], judge.name, clips, actors, own, fitted.four(own))
        print(f"fit {number}, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    if asked.counts:
        keep(asked.counts, counts)
    print(json.dumps(told(counts), indent=1))


def _judged(corpus: Corpus, task: Task, at: int, data: TrainingSet) -> Rows:
    judge = task.judges[at]
    soundings = corpus.versions[judge.version]
    parts = [heard_rows(soundings, chosen, data.prior) for chosen in streams(corpus.clips, judge)]
    whole = together(parts)
    kept = np.isin([corpus.clips[at].label for at in whole.clips], FOUR)
    return only(whole, kept)


def _count(counts: Counts, name: str, clips: list[Clip], actors: list[int], heard: Rows, said: np.ndarray) -> None:
    for at, best in zip(heard.clips, said.argmax(axis=1), strict=True):
        table = counts[name][actors.index(clips[at].actor), FOUR.index(clips[at].label)]
        table += (FOUR[best] == clips[at].label, 1)


if __name__ == "__main__":
    main()

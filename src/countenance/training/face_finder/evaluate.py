"""Evaluate the finder as the product runs it, with the teacher as a reference row."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.capture.alignment import align
from countenance.capture.faces import FaceFinder
from countenance.capture.quality import judge, measure
from countenance.contracts.readings import Reason
from countenance.inference.bundle import Bundle
from countenance.training.face_finder import natural, scoring
from countenance.training.face_finder.composites import compose
from countenance.training.face_finder.scene import CLEAN, HARD, Recipe
from countenance.training.face_finder.scoring import Trial
from countenance.training.face_finder.teacher import FaceSet, Found, Teacher, labelled, split_dev

FIRING = 0.0015
LOW = 0.05
FREE = 6000
SCENES = {"clean": CLEAN, "hard": HARD}
WIDTHS = ((16, 20), (20, 30), (30, 45), (45, 60), (60, 91))
SMALLEST = 16.0


def report_on(bundle: Path, data: Path, teachers: Path) -> dict[str, Any]:
    """Choose the threshold on dev scenes, then measure on FairFace val scenes, photos and clips."""
    cv2.setNumThreads(1)
    finder = FaceFinder(Bundle.load(bundle))
    teacher = Teacher(teachers / "yunet" / "yunet_n_dynamic.onnx")
    finders: dict[str, scoring.Finder] = {
        "finder": as_found(finder, LOW),
        "yunet": lambda frame: teacher.find(frame, LOW),
    }
    _, dev = split_dev(labelled(data, teachers, "fairface_train"))
    on_dev = scoring.trials(finders, dev, CLEAN, seed=11, free=FREE, rounds=2)
    chosen = {name: scoring.choose_threshold(trial, FIRING, LOW) for name, trial in on_dev.items()}
    val = labelled(data, teachers, "fairface_val")
    report: dict[str, Any] = {"thresholds": {"face": chosen["finder"]}, "yunet_threshold": chosen["yunet"]}
    report["dev"] = {name: headline(trial, chosen[name], f"{name}, dev clean") for name, trial in on_dev.items()}
    report["figures"] = []
    for scene, recipe in SCENES.items():
        on_val = scoring.trials(finders, val, recipe, seed=12, free=FREE)
        for name, trial in on_val.items():
            rows = headline(trial, chosen[name], f"FairFace val in drawn {scene} scenes, IoU 0.5 with YuNet's boxes")
            report[f"{scene}_{name}"] = {"figures": rows, **slices(trial, val, chosen[name]), "curve": curve(trial)}
            report["figures"] += rows if name == "finder" else []
    report["refused"] = refused(finder, chosen["finder"], val)
    report["covered"] = covered(finder, chosen["finder"], val)
    report["natural"] = on_real(data, teacher, finder, chosen)
    return report


def as_found(finder: FaceFinder, threshold: float) -> scoring.Finder:
    """The product's finder as a function of a frame, at another threshold."""

    def find(frame: NDArray[np.uint8]) -> Found:
        finder.threshold = threshold
        faces = finder.find(frame)
        boxes = [(f.box.x, f.box.y, f.box.x + f.box.width, f.box.y + f.box.height) for f in faces]
        return Found(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.array([f.landmarks for f in faces], np.float32).reshape(-1, 5, 2),
            np.array([f.score for f in faces], np.float32),
        )

    return find


def headline(trial: Trial, threshold: float, protocol: str) -> list[dict[str, Any]]:
    """Recall, share of face-free frames that fire, landmark error."""
    hit = trial.score >= threshold
    return [
        scoring.rate("recall", hit, protocol),
        scoring.rate("face_free_firing", trial.free >= threshold, f"{protocol}; frames without a face"),
        scoring.median("landmark_error", trial.error[hit], f"{protocol}; share of the box's side, median"),
    ]


def slices(trial: Trial, faces: FaceSet, threshold: float) -> dict[str, Any]:
    """Recall by group, by width and by how much of the face is seen."""
    hit = trial.score >= threshold
    out: dict[str, Any] = {}
    for column in ("race", "gender", "age"):
        group = getattr(faces, column)[trial.index]
        out[column] = [scoring.rate(str(name), hit[group == name], "recall") for name in np.unique(group)]
    inside = [(f"{low}-{high} px", (trial.width >= low) & (trial.width < high)) for low, high in WIDTHS]
    out["width"] = [scoring.rate(name, hit[mask], "recall") for name, mask in inside if mask.any()]
    out["two_thirds_seen"] = scoring.rate("recall", hit[trial.seen], "at least two thirds of the face seen")
    return out


def curve(trial: Trial) -> list[dict[str, float]]:
    """Recall and firing at nine thresholds."""
    return [
        {
            "threshold": round(float(t), 2),
            "recall": round(float((trial.score >= t).mean()), 4),
            "firing": round(float((trial.free >= t).mean()), 4),
        }
        for t in np.arange(0.1, 0.91, 0.1)
    ]


def refused(finder: FaceFinder, threshold: float, faces: FaceSet) -> list[dict[str, Any]]:
    """Share of found faces in clean scenes that the quality rule refuses, by race: it should be near nothing."""
    finder.threshold = threshold
    reasons: dict[str, list[bool]] = {}
    for i in range(0, len(faces), 2):
        made = compose(np.random.default_rng((13, i)), faces, CLEAN, chosen=i)
        for face in finder.find(made.picture)[:1]:
            quality = judge(measure(align(made.picture, face), face))
            for reason in (Reason.LOW_LIGHT, Reason.OCCLUDED):
                key = f"{reason}, {faces.race[i]}"
                reasons.setdefault(key, []).append(quality.value == 0 and quality.reason == reason)
    return [scoring.rate(key, np.array(hits), "clean scenes, refused") for key, hits in sorted(reasons.items())]


def covered(finder: FaceFinder, threshold: float, faces: FaceSet) -> list[dict[str, Any]]:
    """How well covered landmarks are told from open ones, in hard scenes with more occluders."""
    finder.threshold = threshold
    recipe = Recipe(HARD.counts, HARD.widths, occluders=0.8, dark=0.1)
    said: list[NDArray[np.float32]] = []
    truth: list[NDArray[np.bool_]] = []
    for i in range(0, len(faces), 4):
        made = compose(np.random.default_rng((14, i)), faces, recipe, chosen=i)
        for face in finder.find(made.picture)[:1] if len(made.boxes) else ():
            said.append(face.covered)
            truth.append(made.covered[0])
    chance, wanted = np.array(said).reshape(-1, 5), np.array(truth, bool).reshape(-1, 5)
    return [
        scoring.rate("covered landmarks noticed", chance[wanted] > 0.5, "hard scenes, found faces"),
        scoring.rate("open landmarks called covered", chance[~wanted] > 0.5, "hard scenes, found faces"),
        scoring.rate(
            "faces with 3 or more covered called occluded",
            (chance > 0.5).sum(1)[wanted.sum(1) > 2] > 2,
            "hard scenes, found faces",
        ),
        scoring.rate(
            "faces with at most 1 covered called occluded",
            (chance > 0.5).sum(1)[wanted.sum(1) < 2] > 2,
            "hard scenes, found faces",
        ),
    ]


def on_real(data: Path, teacher: Teacher, finder: FaceFinder, chosen: dict[str, float]) -> list[dict[str, Any]]:
    """Agreement with the teacher on photos and clips, where `face_natural` and `video_talking` are at hand."""
    if not (data / "face_natural").is_dir() or not (data / "video_talking").is_dir():
        return []
    find = as_found(finder, chosen["finder"])
    rows = [natural.compare(natural.photos(data / "face_natural"), teacher, find, SMALLEST).row("face_natural")]
    clips = sorted([*(data / "video_talking").glob("*.mp4"), *(data / "video_talking").glob("*.mov")])
    for number, path in enumerate(clips, start=1):
        counts = natural.compare(natural.clip(path), teacher, find, SMALLEST)
        rows.append(counts.row(f"video_talking, clip {number} by name"))
    pictures = chain(
        natural.photos(data / "face_natural"), *(islice(natural.clip(path), 0, None, 10) for path in clips)
    )
    return [*rows, natural.cutouts(pictures, teacher, find, each=40)]

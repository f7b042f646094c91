"""What happened to every FairFace face: found or not in drawn scenes, and how far its points lie from the teacher's.

Both need what `face_finder.teacher` and `face_cues.teacher` read off the crops; it is kept beside the unpacked corpus.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.errors import DatasetError
from countenance.evaluation.scores import UNTOLD, Floats, Kind, Scores
from countenance.inference.bundle import Bundle

FOLDER = "face_fairface_val"
FREE = 6000
"""Face-free frames of each kind of scene."""
SEED = 12
ATTRIBUTES = ("race", "gender", "age")
NO_TEACHER = Path("no-teacher-weights")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the corpus and the teachers' readings lie."""

    data: Path
    """The unpacked corpus: a folder named face_fairface_val."""
    teachers: Path | None
    """The folder of the teachers' weights; needed once."""
    limit: int | None = None


def found(bundle: Bundle, place: Place) -> Scores:
    """Found or not, landmark error and firing on face-free frames, in clean and hard scenes drawn with fixed seeds."""
    from countenance.capture.faces import FaceFinder
    from countenance.training.face_finder import scoring
    from countenance.training.face_finder.evaluate import SCENES, as_found
    from countenance.training.face_finder.teacher import labelled

    faces = labelled(_cache(place, "face_finder"), place.teachers or NO_TEACHER, "fairface_val")
    faces = faces.take(_few(len(faces), place.limit))
    finder = FaceFinder(bundle)
    find = as_found(finder, finder.threshold)
    free = FREE if place.limit is None else min(FREE, place.limit)
    who = {name: getattr(faces, name) for name in ATTRIBUTES}
    parts = []
    for scene, recipe in SCENES.items():
        trial = scoring.trials({"ours": find}, faces, recipe, seed=SEED, free=free)["ours"]
        hit = trial.score >= 0
        error = np.where(hit, trial.error, np.nan)
        parts.append(
            _part(scene, {f"found_{scene}": hit.astype(float), f"landmark_error_{scene}": error}, trial.index, who)
        )
        parts.append(_part(f"{scene}_free", {f"firing_{scene}": (trial.free >= 0).astype(float)}, None, who))
    protocol = (
        "FairFace val in drawn scenes, clean and hard, found at IoU 0.5 with YuNet's box at the bundle's own "
        "threshold; landmark error in shares of the box's side, of found faces; "
        "firing: face-free frames in which something is found"
    )
    return _joined(parts, protocol)


def cued(bundle: Bundle, place: Place) -> Scores:
    """Error of the points and of every cue against the mesh teacher, per face."""
    from countenance.encoders.cues import CUES, CuesEncoder, on_scale
    from countenance.training.face_cues.measure import lengths, point_errors
    from countenance.training.face_cues.teacher import cue_faces
    from countenance.training.face_finder.teacher import labelled

    CuesEncoder(bundle)
    cache = _cache(place, "face_cues")
    faces = cue_faces(cache, place.teachers or NO_TEACHER, "fairface_val")
    faces = faces.take(_few(len(faces), place.limit))
    shown = labelled(cache, place.teachers or NO_TEACHER, "fairface_val").take(faces.rows)
    said = _points(bundle, faces.canvases)
    ends = {name: bundle.calibration.extra["scales"][name] for name in CUES}  # type: ignore[index]
    ours, theirs = lengths(said), lengths(faces.points)
    columns: dict[str, Floats] = {"point_error": np.asarray(point_errors(said, faces.points), np.float64)}
    for name in CUES:
        pairs = zip(ours[name].tolist(), theirs[name].tolist(), strict=True)
        columns[f"{name}_error"] = np.array([abs(on_scale(a, ends[name]) - on_scale(b, ends[name])) for a, b in pairs])
    who = {name: getattr(shown, name) for name in ATTRIBUTES}
    protocol = (
        "FairFace val against the face-mesh teacher, aligned by YuNet's landmarks; point error in shares of the "
        "teacher's outer eye distance, cues on their scale 0..1"
    )
    return _joined([_part("face", columns, np.arange(len(faces)), who)], protocol)


OUTCOMES: Mapping[tuple[str, str], Callable[[Bundle, Place], Scores]] = {
    ("face", "find"): found,
    ("face", "cues"): cued,
}


@dataclass(frozen=True, slots=True)
class _Part:
    ids: list[str]
    clusters: list[str]
    columns: Mapping[str, Floats]
    slices: Mapping[str, NDArray[np.str_]]


def _part(
    kind: str,
    columns: Mapping[str, Floats],
    index: NDArray[np.int64] | None,
    who: Mapping[str, NDArray[np.str_]],
) -> _Part:
    """Rows of one kind; `index` says whose face each is, None: nobody's."""
    count = len(next(iter(columns.values())))
    ids = [f"{kind}/{at}" for at in range(count)]
    if index is None:
        return _Part(ids, ids, columns, {name: np.full(count, UNTOLD) for name in who})
    return _Part(ids, [f"face {at}" for at in index], columns, {name: values[index] for name, values in who.items()})


def _joined(parts: Sequence[_Part], protocol: str) -> Scores:
    labels = [name for part in parts for name in part.columns]
    tables = []
    for part in parts:
        table = np.full((len(part.ids), len(labels)), np.nan)
        for name, values in part.columns.items():
            table[:, labels.index(name)] = values
        tables.append(table)
    values = np.concatenate(tables)
    return Scores(
        kind=Kind.OUTCOME,
        ids=np.array([one for part in parts for one in part.ids]),
        labels=tuple(labels),
        probabilities=values,
        targets=np.full(values.shape, np.nan),
        protocol=protocol,
        clusters=np.array([one for part in parts for one in part.clusters]),
        slices={name: np.concatenate([part.slices[name] for part in parts]) for name in ATTRIBUTES},
    )


def _points(bundle: Bundle, canvases: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Points in pixels of the canvas, from its inner square as alignment leaves it."""
    from countenance.inference.facecrop import INNER_PX

    edge = (canvases.shape[1] - INNER_PX) // 2
    squares = canvases[:, None, edge : edge + INNER_PX, edge : edge + INNER_PX].astype(np.float32) / 255.0
    parts = [bundle.model.run({"face": squares[at : at + 256]})["points"] for at in range(0, len(squares), 256)]
    return np.concatenate(parts) + np.array([edge, edge, 0], np.float32)


def _few(count: int, limit: int | None) -> NDArray[np.intp]:
    return np.linspace(0, count - 1, count if limit is None else min(count, limit)).astype(np.intp)


def _cache(place: Place, kind: str) -> Path:
    if place.data.resolve().name != FOLDER:
        raise DatasetError(f"{place.data} is not called {FOLDER}", "Give the unpacked folder of that name.")
    cache = place.data.resolve().parent
    if place.teachers is None and not (cache / f"{kind}_fairface_val.npz").is_file():
        raise DatasetError(
            f"{cache} holds no teacher's readings of FairFace val", "Give the teachers' weights with --teachers, once."
        )
    return cache

"""Whether a face looked for around its last place is found as well, and as exactly, as in the whole frame.

    python -m bench.near --cache UNPACKED --shared SHARED [--each 3]

Scenes: FairFace val faces in the drawn scenes of the finder's own evaluation. The last place is the true box, moved in
any direction by a share of its side and resized; truth is the teacher's reading of the clean crop. Clips: real people
talking, five frames a second, read by the product's reader as it is and with every frame searched whole.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.capture.faces import HEIGHT, WIDTH, Face, FaceFinder, around
from countenance.capture.facetrack import FaceReader
from countenance.capture.letterbox import fitting
from countenance.contracts.media import Box, FaceSample, VideoFrame
from countenance.inference.shelf import Profile, Shelf
from countenance.training.face_finder import natural
from countenance.training.face_finder.composites import compose
from countenance.training.face_finder.scene import CLEAN, HARD, Recipe
from countenance.training.face_finder.scoring import match
from countenance.training.face_finder.teacher import FaceSet, Found, labelled

MOVES = (0.05, 0.2, 0.35, 0.5)
SEED = 12
Picture = NDArray[np.uint8]


class Everywhere:
    """The finder, asked for the whole frame every time."""

    def __init__(self, finder: FaceFinder) -> None:
        self._finder = finder
        self.find = finder.find

    def near(self, rgb: Picture, box: Box) -> tuple[Face, ...]:  # noqa: ARG002 - that is the point
        return self._finder.find(rgb)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="where the archives are unpacked")
    parser.add_argument("--shared", type=Path, required=True, help="the folder with data and weights")
    parser.add_argument("--each", type=int, default=3, help="take every so many-th face")
    asked = parser.parse_args()
    finder = FaceFinder(Shelf.installed(Profile.COMMERCIAL).load("face-finder.v1"))
    faces = labelled(asked.cache, asked.shared / "weights", "fairface_val")
    for name, recipe in (("clean", CLEAN), ("hard", HARD)):
        for move in MOVES:
            print(f"{name} scenes, moved by {move:.2f} of the face: {scenes(finder, faces, recipe, move, asked.each)}")
    folder = asked.shared / "data" / "video_talking"
    for number, path in enumerate(sorted([*folder.glob("*.mp4"), *folder.glob("*.mov")]), start=1):
        print(f"clip {number} by name: {clip(finder, path)}")


def scenes(finder: FaceFinder, faces: FaceSet, recipe: Recipe, move: float, each: int) -> str:
    """Recall and landmark error of both ways, and the part of the input that was read."""
    rows = []
    for i in range(0, len(faces), each):
        made = compose(np.random.default_rng((SEED, 0, i)), faces, recipe, chosen=i)
        if len(made.boxes):
            last = moved(made.boxes[0], move, np.random.default_rng((SEED, 2, i)))
            part = around(last, fitting(made.picture, WIDTH, HEIGHT))
            pair = (finder.find(made.picture), finder.near(made.picture, last))
            errors = [match(found(seen), made.boxes[0], made.landmarks[0])[1] for seen in pair]
            rows.append((*errors, part.wide * part.tall / (WIDTH * HEIGHT)))
    whole, near, share = np.array(rows).T
    apart = (near - whole)[~np.isnan(near - whole)]
    spread = 1.96 * apart.std() / np.sqrt(len(apart))
    return (
        f"n {len(rows)}, recall whole {np.mean(~np.isnan(whole)):.4f} around {np.mean(~np.isnan(near)):.4f}, "
        f"landmark error {np.nanmean(whole):.4f}, around {apart.mean():+.4f} (+-{spread:.4f}) where both find it; "
        f"{share.mean():.2f} of the input read"
    )


def moved(box: NDArray[np.float32], move: float, rng: np.random.Generator) -> Box:
    """A box by so much beside the true one, up to about half as much larger or smaller."""
    (x0, y0, x1, y1), turn = box.tolist(), rng.uniform(0, 2 * np.pi)
    side, scale = float(np.sqrt((x1 - x0) * (y1 - y0))), float(np.exp(rng.normal(0, move / 2)))
    x, y = (x0 + x1) / 2 + move * side * np.cos(turn), (y0 + y1) / 2 + move * side * np.sin(turn)
    wide, tall = (x1 - x0) * scale, (y1 - y0) * scale
    return Box(x - wide / 2, y - tall / 2, wide, tall)


def found(faces: tuple[Face, ...]) -> Found:
    """As the finder's evaluation has it."""
    boxes = [(f.box.x, f.box.y, f.box.x + f.box.width, f.box.y + f.box.height) for f in faces]
    return Found(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([f.landmarks for f in faces], np.float32).reshape(-1, 5, 2),
        np.array([f.score for f in faces], np.float32),
    )


def clip(finder: FaceFinder, path: Path) -> str:
    """How many frames give a face either way, and how far the landmarks lie apart."""
    readers = (FaceReader(Everywhere(finder), "whole"), FaceReader(finder, "around"))
    both, counts, frames = [], [0, 0], 0
    for frame in _frames(path):
        frames += 1
        seen = [reader.read(frame) for reader in readers]
        counts = [n + isinstance(one, FaceSample) for n, one in zip(counts, seen, strict=True)]
        whole, near = seen
        if isinstance(whole, FaceSample) and isinstance(near, FaceSample):
            both.append(np.linalg.norm(whole.landmarks - near.landmarks, axis=1).mean() / whole.box.width)
    median = f"{np.median(both):.4f}, 95 % under {np.quantile(both, 0.95):.4f}" if both else "none"
    return (
        f"{frames} frames, a face in {counts[0]} whole, in {counts[1]} around; landmarks apart by {median} of its width"
    )


def _frames(path: Path) -> Iterator[VideoFrame]:
    for number, picture in enumerate(natural.clip(path)):
        yield VideoFrame("video", number * natural.GRID_US, picture)


if __name__ == "__main__":
    main()

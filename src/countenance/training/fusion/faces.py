"""FER+ pictures as a camera would show them for a second: through the product's own finder, aligner and encoder.

A still has no motion. It is shown ten times with small drawn shifts and sensor noise, on a plain grey frame; every
second of these pictures is five a second. Occlusion is a drawn hand, mask or bar; low light is a drawn exposure with
the noise that comes with it.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from countenance.capture.faces import FaceFinder
from countenance.capture.samplers import FaceSampler
from countenance.contracts.call import FACE
from countenance.contracts.media import SECOND_US, VideoFrame
from countenance.contracts.stages import Encoder
from countenance.training.datasets import ferplus
from countenance.training.fusion.parts import CLEAN, CONDITIONS, Item, rates_of, said

FRAMES = 10
"""Pictures a second."""
WIDTH, HEIGHT, SIDE = 160, 96, 72
"""The frame and the face in it, pixels: a face of this size was found most often on PublicTest."""
GREY = 110
FOLDED = {"contempt": "disgust"}
"""FER+ has a class that EMOTIONS has not; the face encoder folds it the same way."""

Grey = NDArray[np.uint8]
Frames = NDArray[np.float32]


def labelled(root: Path, usage: str, most: int, seed: int) -> tuple[ferplus.FerPlus, list[str], dict[str, float]]:
    """Faces on which one expression alone leads, at most so many of each; that expression, and the shares of all."""
    faces = ferplus.read_split(root, usage)
    faces = faces.take(ferplus.has_plurality(faces.votes))
    leading = faces.votes[:, : len(ferplus.EXPRESSIONS)].argmax(axis=1)
    labels = np.array([FOLDED.get(name, name) for name in np.array(ferplus.EXPRESSIONS)[leading]])
    order = np.random.default_rng(seed).permutation(len(faces))
    kept = np.zeros(len(faces), bool)
    for label in np.unique(labels):
        kept[[at for at in order if labels[at] == label][:most]] = True
    return faces.take(kept), labels[kept].tolist(), rates_of(labels.tolist())


def read(faces: ferplus.FerPlus, labels: Iterable[str], finder: FaceFinder, encoder: Encoder) -> Iterator[list[Item]]:
    """Per picture one item for each condition, in the order of CONDITIONS."""
    for row, picture, label in zip(faces.rows.tolist(), faces.images, labels, strict=True):
        items = []
        for place, condition in enumerate(CONDITIONS[FACE]):
            sampler = FaceSampler(finder, "p_1")
            shots = DISTORTIONS[condition](shown(picture), np.random.default_rng([row, place]))
            for at, frame in enumerate(shots):
                rgb = np.repeat(np.clip(frame, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
                sampler.take(VideoFrame("p_1/video", at * SECOND_US // FRAMES, rgb))
            seen, missing = said(encoder, *sampler.samples(0, SECOND_US))
            items.append(Item(f"fer{row:05d}", label, f"fer{row:05d}", seen, missing))
        yield items


def shown(picture: Grey) -> Frames:
    """A 48 px picture as FRAMES grey frames, shifted by up to two pixels from one to the next."""
    large = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)
    frames = np.full((FRAMES, HEIGHT, WIDTH), GREY, np.float32)
    random = np.random.default_rng(int(picture.sum()))
    top, left = (HEIGHT - SIDE) // 2, (WIDTH - SIDE) // 2
    for frame, (down, across) in zip(frames, random.integers(-2, 3, (FRAMES, 2)), strict=True):
        frame[top + down : top + down + SIDE, left + across : left + across + SIDE] = large
    return frames


def _clean(frames: Frames, random: np.random.Generator) -> Frames:
    return frames + random.normal(0, 1.5, frames.shape).astype(np.float32)


def _occluded(frames: Frames, random: np.random.Generator) -> Frames:
    """Cover 30 to 50 % of the face's width or height from a drawn side, at one grey with some texture."""
    covered = _clean(frames, random)
    share = random.uniform(0.3, 0.5)
    length = int(SIDE * share)
    top, left = (HEIGHT - SIDE) // 2, (WIDTH - SIDE) // 2
    rows, columns = slice(top, top + SIDE), slice(left, left + SIDE)
    match random.integers(4):
        case 0:
            rows = slice(top + SIDE - length, top + SIDE)  # a mask, a cup
        case 1:
            rows = slice(top + 14, top + 14 + length // 2)  # a bar over the eyes
        case 2:
            columns = slice(left, left + length)  # a hand from the left
        case _:
            columns = slice(left + SIDE - length, left + SIDE)
    patch = covered[:, rows, columns]
    covered[:, rows, columns] = random.uniform(60, 200) + random.normal(0, 6, patch.shape[1:]).astype(np.float32)
    return covered


def _dark(frames: Frames, random: np.random.Generator) -> Frames:
    """An exposure of 0.12 to 0.4 with shot and read noise."""
    dim = frames * np.float32(random.uniform(0.12, 0.4))
    return dim + random.normal(0, 1, dim.shape).astype(np.float32) * np.sqrt(np.maximum(dim, 0) * 0.4 + 9)


DISTORTIONS: dict[str, Callable[[Frames, np.random.Generator], Frames]] = {
    CLEAN: _clean,
    "occlusion": _occluded,
    "low_light": _dark,
}

"""Call-like scenes composed of FairFace crops, with exact boxes, landmarks and covered landmarks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from countenance.training.face_finder import scenery
from countenance.training.face_finder.people import draw_person
from countenance.training.face_finder.scene import Labelled, Recipe, Scene
from countenance.training.face_finder.scenery import HEIGHT, WIDTH, Canvas, Mask, blend
from countenance.training.face_finder.teacher import CROP, FaceSet, overlap

BAR = 127
ASPECTS = (16 / 9, 4 / 3, 1.0, 9 / 16, 5 / 3)


def compose(rng: Generator, faces: FaceSet, recipe: Recipe, chosen: int | None = None, empty: bool = False) -> Labelled:
    """Draw one scene; `chosen` forces one certain face, `empty` asks for a face-free frame."""
    scene = Scene(scenery.room(rng, faces.crops), _content(rng, recipe))
    count = 0 if empty else int(rng.choice(len(recipe.counts), p=recipe.counts))
    for box in _places(rng, recipe, scene.inside, count):
        index = chosen if chosen is not None else pick(rng, faces, recipe.darker_faces)
        draw_person(rng, scene, faces, index, box, recipe)
    if count == 0 and rng.random() < 0.7:
        _nobody(rng, scene, faces)
    if rng.random() < recipe.distractors:
        for _ in range(int(rng.integers(1, 4))):
            _distract(rng, scene, faces)
    picture = scenery.camera(rng, np.clip(scene.canvas, 0, 255), recipe.dark, recipe.faults)
    x0, y0, x1, y1 = scene.inside.astype(int)
    picture[:y0], picture[y1:], picture[:, :x0], picture[:, x1:] = BAR, BAR, BAR, BAR
    return _finish(scene, picture)


def pick(rng: Generator, faces: FaceSet, darker: float) -> int:
    """Draw a face; with chance `darker` the darkest of three, judged by the pixels of its middle."""
    if rng.random() >= darker:
        return int(rng.integers(len(faces)))
    drawn = rng.integers(0, len(faces), 3)
    return int(drawn[np.argmin(faces.crops[drawn, 30:90, 30:82].mean((1, 2, 3)))])


def _content(rng: Generator, recipe: Recipe) -> NDArray[np.float32]:
    if rng.random() >= recipe.bars:
        return np.array([0, 0, WIDTH, HEIGHT], np.float32)
    aspect = rng.choice(ASPECTS, p=[0.55, 0.2, 0.07, 0.1, 0.08])
    wide, tall = min(WIDTH, round(HEIGHT * aspect)), min(HEIGHT, round(WIDTH / aspect))
    x0, y0 = (WIDTH - wide) // 2, (HEIGHT - tall) // 2
    return np.array([x0, y0, x0 + wide, y0 + tall], np.float32)


def _places(rng: Generator, recipe: Recipe, inside: NDArray[np.float32], count: int) -> list[NDArray[np.float32]]:
    placed: list[NDArray[np.float32]] = []
    room = inside[2:] - inside[:2]
    for _ in range(count):
        for _ in range(8):
            low, high = np.log(recipe.widths)
            wide = min(np.exp(rng.uniform(low, high)), room[0] * 0.9, max(room[1] * 0.98 / 1.29, recipe.widths[0]))
            size = np.array([wide, wide * 1.29])
            slack = np.maximum(room - size, 0)
            corner = inside[:2] + rng.uniform(0, 1, 2) * slack
            if rng.random() < recipe.cut:
                corner = inside[:2] + rng.uniform(-0.3 * size, room - 0.7 * size)
            box = np.concatenate([corner, corner + size]).astype(np.float32)
            wider = box + np.array([-0.1, -0.1, 0.1, 0.1]) * wide
            if not placed or overlap(wider.astype(np.float32), np.stack(placed)).max() < 0.02:
                placed.append(box)
                break
    return sorted(placed, key=lambda box: float(box[2] - box[0]))


def _nobody(rng: Generator, scene: Scene, faces: FaceSet) -> None:
    """Put a person without a visible face, a hand or an arm into a face-free frame."""
    flesh = scenery.skin(rng, faces.crops)
    wide = np.exp(rng.uniform(np.log(16), np.log(85)))
    corner = np.array([rng.uniform(-0.3 * wide, WIDTH - 0.7 * wide), rng.uniform(-0.8 * wide, HEIGHT - wide)])
    box = np.concatenate([corner, corner + np.array([wide, 1.29 * wide])]).astype(np.float32)
    kind = rng.random()
    if kind < 0.5:
        scenery.head_without_face(rng, scene.canvas, box, flesh)
    elif kind < 0.75:
        scenery.torso(rng, scene.canvas, box - [0, box[3], 0, box[3]], flesh)
    else:
        blend(scene.canvas, flesh, scenery.hand(rng, (box[:2] + box[2:]) / 2, wide))


def _distract(rng: Generator, scene: Scene, faces: FaceSet) -> None:
    """Add one thing that is like a face and is none, clear of the faces already there."""
    wide = np.exp(rng.uniform(np.log(10), np.log(70)))
    corner = np.array([rng.uniform(-0.3 * wide, WIDTH - 0.7 * wide), rng.uniform(-0.3 * wide, HEIGHT - 0.7 * wide)])
    box = np.concatenate([corner, corner + np.array([wide, 1.2 * wide])]).astype(np.float32)
    reach = (box + np.array([-0.35, -0.35, 0.35, 0.35]) * wide).astype(np.float32)
    if scene.boxes and overlap(reach, np.stack(scene.boxes)).max() > 0:
        return
    kind = rng.random()
    if kind < 0.3:
        blend(scene.canvas, scenery.skin(rng, faces.crops), scenery.hand(rng, (box[:2] + box[2:]) / 2, wide * 0.7))
    elif kind < 0.5 and not scene.boxes:
        scenery.head_without_face(rng, scene.canvas, box, scenery.skin(rng, faces.crops))
    elif kind < 0.75:
        _paste(rng, scene.canvas, scrambled(rng, faces.crops[rng.integers(len(faces))]), box)
    else:
        crop = faces.crops[rng.integers(len(faces))]
        side, at = int(rng.integers(22, 40)), rng.integers(0, 72, 2)
        _paste(rng, scene.canvas, crop[at[1] : at[1] + side, at[0] : at[0] + side], box)


def scrambled(rng: Generator, crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut a crop into tiles and shuffle them: the texture of a face without its order."""
    tiles = int(rng.integers(3, 6))
    edge = CROP // tiles
    cut = crop[: edge * tiles, : edge * tiles].reshape(tiles, edge, tiles, edge, 3).swapaxes(1, 2)
    mixed = cut.reshape(-1, edge, edge, 3)[rng.permutation(tiles * tiles)]
    if rng.random() < 0.5:
        mixed = mixed[:, ::-1]
    return mixed.reshape(tiles, tiles, edge, edge, 3).swapaxes(1, 2).reshape(edge * tiles, edge * tiles, 3)


def _paste(rng: Generator, canvas: Canvas, patch: NDArray[np.uint8], box: NDArray[np.float32]) -> None:
    size = np.maximum((box[2:] - box[:2]).astype(int), 4)
    small = cv2.resize(patch, size.tolist(), interpolation=cv2.INTER_AREA).astype(np.float32)
    x0, y0 = box[:2].astype(int)
    left, top = max(0, -x0), max(0, -y0)
    part = small[top : HEIGHT - y0, left : WIDTH - x0]
    if part.size:
        paint = np.zeros_like(canvas)
        mask = np.zeros(canvas.shape[:2], np.float32)
        where = (slice(y0 + top, y0 + top + part.shape[0]), slice(x0 + left, x0 + left + part.shape[1]))
        paint[where] = part
        if rng.random() < 0.5:
            mask = scenery.disc((box[:2] + box[2:]) / 2, size.astype(np.float32) - 1)
        else:
            mask[where] = 1
        blend(canvas, paint, mask)


def _finish(scene: Scene, picture: NDArray[np.uint8]) -> Labelled:
    count = len(scene.boxes)
    covered, hidden = np.zeros((count, 5), bool), np.zeros(count, np.float32)
    outside = np.ones((HEIGHT, WIDTH), np.float32)
    x0, y0, x1, y1 = scene.inside.astype(int)
    outside[y0:y1, x0:x1] = 0
    for i in range(count):
        cover = np.max([outside, *scene.covers[i]], 0)
        xy = np.floor(scene.landmarks[i]).astype(int)
        off = ((xy < 0) | (xy >= [WIDTH, HEIGHT])).any(1)
        covered[i] = off | (cover[xy[:, 1].clip(0, HEIGHT - 1), xy[:, 0].clip(0, WIDTH - 1)] > 0.5)
        hidden[i] = _hidden_share(cover, scene.boxes[i])
    boxes = np.array(scene.boxes, np.float32).reshape(-1, 4)
    landmarks = np.array(scene.landmarks, np.float32).reshape(-1, 5, 2)
    return Labelled(picture, boxes, landmarks, covered, hidden, np.array(scene.faces, np.int64))


def _hidden_share(cover: Mask, box: NDArray[np.float32]) -> float:
    x0, y0, x1, y1 = np.round(box).astype(int)
    seen = 1 - cover[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    return float(1 - seen.sum() / max((x1 - x0) * (y1 - y0), 1))

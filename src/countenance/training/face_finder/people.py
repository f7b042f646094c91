"""People of a composite: a FairFace crop put on drawn shoulders, with drawn hair and things before the face."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from countenance.training.face_finder import scenery
from countenance.training.face_finder.scene import Recipe, Scene
from countenance.training.face_finder.scenery import HEIGHT, WIDTH, Canvas, Mask, blend
from countenance.training.face_finder.teacher import CROP, FaceSet

MIRROR = [1, 0, 2, 4, 3]
"""Order of the landmarks in a mirrored picture."""
SIDE, TOP = 16, 30
"""Pixels by which a crop is extended by reflection."""


def draw_person(
    rng: Generator, scene: Scene, faces: FaceSet, index: int, place: NDArray[np.float32], recipe: Recipe
) -> None:
    """Draw one face with hair, body and, by chance, an occluder; remember where it is and what covers it."""
    source, head = _source(rng, faces.crops[index], faces.boxes[index])
    move, flip = _placement(rng, faces.boxes[index], place, recipe.turn)
    source, head, move = _shrunk(source, head, move)
    paint = cv2.warpAffine(source, move, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = np.asarray(cv2.warpAffine(head, move, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR), dtype=np.float32)
    box, points = _moved(faces.boxes[index], faces.landmarks[index], place, _full(move, source), flip)
    flesh = scenery.skin(rng, faces.crops[index : index + 1])
    _around(rng, scene.canvas, box, flesh)
    for covers in scene.covers:
        covers.append((mask > 0.5).astype(np.float32))
    face = paint.astype(np.float32)
    if rng.random() < 0.25 and recipe.dark > 0:
        face = face * np.float32(rng.uniform(0.3, 1.1))
    blend(scene.canvas, face, mask)
    scene.boxes.append(box)
    scene.landmarks.append(points)
    scene.faces.append(index)
    scene.covers.append([])
    _hair(rng, scene, box)
    if rng.random() < recipe.occluders:
        _occlude(rng, scene, faces, box, points)


def _source(rng: Generator, crop: NDArray[np.uint8], box: NDArray[np.float32]) -> tuple[NDArray[np.uint8], Mask]:
    """Extend the crop past its edges; the mask says what is pasted: a head, or the crop with its surroundings."""
    source = cv2.copyMakeBorder(crop, TOP, SIDE, SIDE, SIDE, cv2.BORDER_REFLECT_101)
    mask = np.zeros(source.shape[:2], np.uint8)
    offset = np.array([SIDE, TOP])
    centre, size = (box[:2] + box[2:]) / 2 + offset, box[2:] - box[:2]
    kind = rng.random()
    if kind < 0.7:
        axes = size * np.array([rng.uniform(1.02, 1.3), rng.uniform(1.05, 1.25)])
        cv2.ellipse(mask, (centre.tolist(), axes.tolist(), 0.0), 255, -1, cv2.LINE_AA)
        soft = rng.uniform(0.5, 5)
    else:
        inset = rng.uniform(0, 6)
        top = TOP + inset if kind < 0.85 else 6
        cv2.rectangle(mask, (int(SIDE + inset), int(top)), (int(SIDE + CROP - inset), int(TOP + CROP - inset)), 255, -1)
        soft = rng.uniform(0, 6)
    mask = cv2.GaussianBlur(mask, (0, 0), soft).astype(np.uint8) if soft > 0.4 else mask
    return np.asarray(source, np.uint8), scenery.as_mask(mask)


def _placement(
    rng: Generator, box: NDArray[np.float32], place: NDArray[np.float32], turn: float
) -> tuple[NDArray[np.float64], bool]:
    """Affine map from source pixels to frame pixels that brings the teacher's box to its place."""
    scale = (place[2] - place[0]) / (box[2] - box[0])
    angle = np.radians(rng.normal(0, turn / 2)).clip(-0.6, 0.6)
    flip = bool(rng.random() < 0.5)
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[c, -s], [s, c]]) @ np.diag([-1.0 if flip else 1.0, 1.0])
    middle = (box[:2] + box[2:]) / 2 + np.array([SIDE, TOP])
    goal = (place[:2] + place[2:]) / 2
    return np.concatenate([linear, (goal - linear @ middle)[:, None]], 1), flip


def _shrunk(
    source: NDArray[np.uint8], mask: Mask, move: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], Mask, NDArray[np.float64]]:
    """Halve the source until the map shrinks it less than twofold, so that bilinear sampling does not alias."""
    while np.sqrt(abs(np.linalg.det(move[:, :2]))) < 0.6:
        height, width = source.shape[:2]
        half = (width // 2, height // 2)
        source = np.asarray(cv2.resize(source, half, interpolation=cv2.INTER_AREA), np.uint8)
        mask = np.asarray(cv2.resize(mask, half, interpolation=cv2.INTER_AREA), np.float32)
        grow = np.array([width / half[0], height / half[1]])
        shift = move[:, :2] @ ((grow - 1) / 2)
        move = np.concatenate([move[:, :2] * grow, (move[:, 2] + shift)[:, None]], 1)
    return source, mask, move


def _full(move: NDArray[np.float64], source: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Undo the halving in the map: back to pixels of the full-size source."""
    grow = np.array([(CROP + 2 * SIDE) / source.shape[1], (CROP + TOP + SIDE) / source.shape[0]])
    linear = move[:, :2] / grow
    return np.concatenate([linear, (move[:, 2] - linear @ ((grow - 1) / 2))[:, None]], 1)


def _moved(
    box: NDArray[np.float32],
    points: NDArray[np.float32],
    place: NDArray[np.float32],
    move: NDArray[np.float64],
    flip: bool,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    scale = np.sqrt(abs(np.linalg.det(move[:, :2])))
    centre, half = (place[:2] + place[2:]) / 2, (box[2:] - box[:2]) * scale / 2
    moved = (points + np.array([SIDE, TOP])) @ move[:, :2].T + move[:, 2]
    moved = moved[MIRROR] if flip else moved
    return np.concatenate([centre - half, centre + half]).astype(np.float32), moved.astype(np.float32)


def _around(rng: Generator, canvas: Canvas, box: NDArray[np.float32], flesh: Canvas) -> None:
    wide, tall = box[2] - box[0], box[3] - box[1]
    if rng.random() < 0.85:
        scenery.torso(rng, canvas, box, flesh)
    if rng.random() < 0.7:
        middle = (box[:2] + box[2:]) / 2 - [0, tall * rng.uniform(0, 0.15)]
        axes = np.array([wide * rng.uniform(1.1, 1.6), tall * rng.uniform(1.1, 1.5)])
        paint = scenery.colour(rng) * 0.55 + scenery.noise(rng, 50, rng.uniform(2, 16))
        blend(canvas, paint, scenery.disc(middle, axes, soft=wide * rng.uniform(0, 0.06)))


def _hair(rng: Generator, scene: Scene, box: NDArray[np.float32]) -> None:
    """Draw hair, a cap or a headset over the upper edge; it may hide part of the forehead, never the eyes."""
    wide, tall = box[2] - box[0], box[3] - box[1]
    if rng.random() < 0.45:
        middle = np.array([(box[0] + box[2]) / 2 + rng.normal(0, 0.08) * wide, box[1] - tall * rng.uniform(0, 0.12)])
        axes = np.array([wide * rng.uniform(0.8, 1.25), tall * rng.uniform(0.2, 0.42)])
        paint = scenery.colour(rng) * 0.5 + scenery.noise(rng, 60, rng.uniform(1, 14))
        blend(scene.canvas, paint, scenery.disc(middle, axes, rng.normal(0, 12), wide * rng.uniform(0, 0.05)))
    if rng.random() < 0.1:
        angles = np.linspace(np.pi, 2 * np.pi, 12)
        middle = np.array([(box[0] + box[2]) / 2, box[1] + 0.45 * tall])
        arc = middle + np.stack([np.cos(angles) * wide * 0.56, np.sin(angles) * tall * 0.55], 1)
        blend(scene.canvas, scenery.colour(rng) * 0.3, scenery.stroke(arc.astype(np.float32), wide * 0.07))
        for end in (arc[0], arc[-1]):
            blend(scene.canvas, scenery.colour(rng) * 0.3, scenery.disc(end, np.array([0.14 * wide, 0.25 * tall])))


def _occlude(
    rng: Generator, scene: Scene, faces: FaceSet, box: NDArray[np.float32], points: NDArray[np.float32]
) -> None:
    wide, tall = box[2] - box[0], box[3] - box[1]
    kind = rng.random()
    aim = np.array([rng.uniform(box[0], box[2]), box[1] + tall * rng.beta(2.2, 1.4)], np.float32)
    if kind < 0.35:
        paint, mask = scenery.skin(rng, faces.crops), scenery.hand(rng, aim, wide * rng.uniform(0.4, 0.8))
    elif kind < 0.55:
        axes = np.array([wide * rng.uniform(0.25, 0.6), tall * rng.uniform(0.2, 0.5)])
        corners = cv2.boxPoints((aim.tolist(), axes.tolist(), float(rng.normal(0, 20))))
        ink = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillConvexPoly(ink, corners.astype(np.int32), 255, cv2.LINE_AA)
        mask = scenery.as_mask(ink)
        paint = scenery.cloth(rng)
    elif kind < 0.7:
        paint = np.broadcast_to(scenery.colour(rng) * 0.4, (HEIGHT, WIDTH, 3)).astype(np.float32)
        foot = aim + np.array([rng.normal(0, 0.6) * wide, 1.6 * tall])
        mask = scenery.stroke(np.stack([aim, foot]).astype(np.float32), wide * rng.uniform(0.05, 0.12))
        mask = np.maximum(mask, scenery.disc(aim, np.array([0.22, 0.3]) * wide))
    elif kind < 0.82:
        paint = scenery.colour(rng) * 0.3 + scenery.noise(rng, 8, 8)
        axes = np.array([wide * 0.36, tall * 0.2]) * rng.uniform(0.8, 1.2)
        mask = np.maximum(scenery.disc(points[0], axes), scenery.disc(points[1], axes))
        mask = np.maximum(mask, scenery.stroke(points[:2], wide * 0.05))
    elif kind < 0.92:
        paint = scenery.cloth(rng)
        middle = (points[2] + points[3:].mean(0)) / 2 + [0, 0.08 * tall]
        mask = scenery.disc(middle, np.array([wide * rng.uniform(0.7, 0.95), tall * rng.uniform(0.4, 0.55)]))
    else:
        paint = scenery.colour(rng) * 0.4 + scenery.noise(rng, 60, 10)
        path = aim + np.cumsum(rng.normal(0, 0.2, (4, 2)) * wide + [0, 0.1 * tall], 0)
        mask = scenery.stroke(path.astype(np.float32), wide * rng.uniform(0.05, 0.2))
    blend(scene.canvas, paint, mask)
    for covers in scene.covers:
        covers.append(mask)

"""Drawn surroundings of a composite: rooms, cloth, limbs, faceless heads, occluders, and camera faults."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Canvas = NDArray[np.float32]
Mask = NDArray[np.float32]
Point = NDArray[np.floating[Any]]
WIDTH, HEIGHT = 160, 96
COLUMNS = np.arange(WIDTH, dtype=np.float32)[None, :]
ROWS = np.arange(HEIGHT, dtype=np.float32)[:, None]


def blend(canvas: Canvas, paint: Canvas, mask: Mask) -> None:
    """Lay paint (h x w x 3, or one colour) over the canvas where the mask (0..1) says."""
    x, y, wide, tall = cv2.boundingRect((mask > 0).view(np.uint8))
    if not wide:
        return
    part = (slice(y, y + tall), slice(x, x + wide))
    src = paint[part] if paint.ndim == 3 else paint
    under = canvas[part]
    under += (src.astype(np.float32, copy=False) - under) * mask[part][:, :, None]


def noise(rng: Generator, cells: int, amount: float) -> Canvas:
    """Smooth colour noise; `cells` is the number of lumps across the frame."""
    rows = max(2, cells * HEIGHT // WIDTH)
    field = rng.standard_normal((rows, cells, 3), dtype=np.float32) * np.float32(amount)
    field = np.float32(0.4) * field + np.float32(0.6) * field.mean(2, keepdims=True)
    return np.asarray(cv2.resize(field, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def colour(rng: Generator) -> Canvas:
    """Draw one colour, more often muted than loud."""
    grey = rng.uniform(15, 240)
    return np.clip(grey + rng.normal(0, rng.choice([8, 25, 60]), 3), 0, 255).astype(np.float32)


def skin(rng: Generator, crops: NDArray[np.uint8]) -> Canvas:
    """Take a skin texture from the cheeks of a real crop, stretched over the frame."""
    crop = crops[rng.integers(len(crops))]
    left = 28 if rng.random() < 0.5 else 66
    patch = crop[50:68, left : left + 16]
    if rng.random() < 0.5:
        return np.asarray(patch.reshape(-1, 3).mean(0) + noise(rng, 12, rng.uniform(2, 14)), dtype=np.float32)
    return cv2.resize(patch, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR).astype(np.float32)


def cloth(rng: Generator) -> Canvas:
    """Draw a cloth: a colour with folds, and at times stripes or checks."""
    paint = colour(rng) + noise(rng, int(rng.integers(5, 30)), rng.uniform(2, 22))
    if rng.random() < 0.3:
        period, angle = rng.uniform(2.5, 14), rng.uniform(0, np.pi)
        across, down = np.float32(np.cos(angle) * 6.2832 / period), np.float32(np.sin(angle) * 6.2832 / period)
        wave = np.sin(COLUMNS * across + ROWS * down)
        if rng.random() < 0.3:
            wave = wave * np.sin(ROWS * across - COLUMNS * down)
        paint = paint + wave[:, :, None] * rng.normal(0, 30, 3).astype(np.float32)
    return np.asarray(paint, dtype=np.float32)


def room(rng: Generator, crops: NDArray[np.uint8]) -> Canvas:
    """Draw a background: a wall with lumps, objects, lines, lamps, writing."""
    top, bottom = colour(rng), colour(rng)
    ramp = np.linspace(0, 1, HEIGHT if rng.random() < 0.5 else WIDTH, dtype=np.float32)
    ramp = ramp[:, None, None] if len(ramp) == HEIGHT else ramp[None, :, None]
    canvas: Canvas = np.empty((HEIGHT, WIDTH, 3), np.float32)
    canvas[:] = top + (bottom - top) * ramp * np.float32(rng.uniform(0, 1))
    for cells, amount in ((4, 18), (14, 14), (50, 10)):
        if rng.random() < 0.6:
            canvas += noise(rng, cells, rng.uniform(0, amount))
    for _ in range(int(rng.choice([0, 2, 6, 14, 30], p=[0.2, 0.25, 0.25, 0.2, 0.1]))):
        _thing(rng, canvas)
    if rng.random() < 0.25:
        _shelf(rng, canvas)
    if rng.random() < 0.1:
        blend(canvas, skin(rng, crops), _shape(rng))
    if rng.random() < 0.35:
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.6, 6)).astype(np.float32)
    return np.clip(canvas, 0, 255)


def _thing(rng: Generator, canvas: Canvas) -> None:
    kind = rng.random()
    if kind < 0.12:
        size = rng.uniform(0.2, 0.6)
        place = (int(rng.integers(-10, WIDTH)), int(rng.integers(0, HEIGHT)))
        text = "".join(rng.choice(list("abcdefghiklmnorstuABEHMNRS 0123")) for _ in range(9))
        ink = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.putText(ink, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, 255, 1, cv2.LINE_AA)
        blend(canvas, colour(rng), as_mask(ink))
    elif kind < 0.3:
        ends = rng.integers(-10, 170, 4)
        blend(canvas, colour(rng), stroke(ends.reshape(2, 2).astype(np.float32), float(rng.integers(1, 7))))
    else:
        paint = cloth(rng) if kind > 0.8 else colour(rng)
        blend(canvas, paint, _shape(rng) * np.float32(rng.uniform(0.4, 1)))


def as_mask(ink: NDArray[np.uint8]) -> Mask:
    """Turn an 8-bit drawing (the only depth that is drawn smoothly) into a mask of 0..1."""
    return ink.astype(np.float32) / np.float32(255)


def _shape(rng: Generator) -> Mask:
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    centre = (int(rng.integers(0, WIDTH)), int(rng.integers(0, HEIGHT)))
    half = np.exp(rng.uniform(np.log(2), np.log(45), 2)).astype(int) + 1
    if rng.random() < 0.35:
        half[1] = half[0]
    angle = 0.0 if rng.random() < 0.6 else float(rng.uniform(0, 180))
    if rng.random() < 0.5:
        cv2.ellipse(ink, (centre, (2.0 * half[0], 2.0 * half[1]), angle), 255, -1, cv2.LINE_AA)
    else:
        corners = cv2.boxPoints((centre, (2.0 * half[0], 2.0 * half[1]), angle))
        cv2.fillConvexPoly(ink, corners.astype(np.int32), 255, cv2.LINE_AA)
    return as_mask(cv2.blur(ink, (3, 3)).astype(np.uint8) if rng.random() < 0.4 else ink)


def _shelf(rng: Generator, canvas: Canvas) -> None:
    top, tall = int(rng.integers(-5, 70)), int(rng.integers(8, 34))
    left, right = sorted(rng.integers(-5, 165, 2).tolist())
    while left < right:
        wide = int(rng.integers(2, 8))
        cv2.rectangle(
            canvas, (left, top + int(rng.integers(0, 5))), (left + wide, top + tall), colour(rng).tolist(), -1
        )
        left += wide + int(rng.integers(0, 2))


def stroke(points: Point, thickness: float) -> Mask:
    """Mask of a thick round line through points (x, y)."""
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    path = np.round(points * 8).astype(np.int32)[None]
    cv2.polylines(ink, path, False, 255, max(1, round(thickness)), cv2.LINE_AA, 3)
    return as_mask(ink)


def disc(centre: Point, axes: Point, angle: float = 0.0, soft: float = 0.0) -> Mask:
    """Mask of a filled ellipse; `axes` are full widths in pixels."""
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    box = ((float(centre[0]), float(centre[1])), (float(max(axes[0], 1)), float(max(axes[1], 1))), angle)
    cv2.ellipse(ink, box, 255, -1, cv2.LINE_AA)
    return as_mask(cv2.GaussianBlur(ink, (0, 0), soft).astype(np.uint8) if soft > 0.3 else ink)


def hand(rng: Generator, at: Point, size: float) -> Mask:
    """Mask of a hand: palm, fingers and a piece of forearm."""
    turn = rng.uniform(0, 2 * np.pi)
    mask = disc(at, np.array([0.55, 0.65], np.float32) * size, float(np.degrees(turn)))
    for finger in np.linspace(-0.6, 0.6, int(rng.integers(2, 6))):
        bend = turn + finger * rng.uniform(0.6, 1.4)
        reach = size * rng.uniform(0.4, 0.9)
        end = at + np.array([np.cos(bend), np.sin(bend)], np.float32) * reach
        mask = np.maximum(mask, stroke(np.stack([at, end]), size * rng.uniform(0.1, 0.17)))
    if rng.random() < 0.6:
        wrist = at - np.array([np.cos(turn), np.sin(turn)], np.float32) * size * rng.uniform(0.8, 2.5)
        mask = np.maximum(mask, stroke(np.stack([at, wrist]), size * rng.uniform(0.3, 0.5)))
    return mask


def torso(rng: Generator, canvas: Canvas, box: NDArray[np.float32], flesh: Canvas) -> None:
    """Draw neck and shoulders under a head box (x0, y0, x1, y1)."""
    wide, tall = box[2] - box[0], box[3] - box[1]
    middle = np.array([(box[0] + box[2]) / 2, box[3]], np.float32)
    neck = np.stack([middle - [0, 0.25 * tall], middle + np.array([rng.normal(0, 0.06) * wide, 0.45 * tall])])
    blend(
        canvas, flesh * np.float32(rng.uniform(0.6, 1)), stroke(neck.astype(np.float32), wide * rng.uniform(0.4, 0.65))
    )
    drop = middle + np.array([rng.normal(0, 0.1) * wide, tall * rng.uniform(0.75, 1.3)])
    body = disc(drop.astype(np.float32), np.array([wide * rng.uniform(2, 3.4), tall * rng.uniform(1.1, 2.0)]))
    low = int(np.clip(drop[1], 0, HEIGHT))
    span = body[min(low, HEIGHT - 1)] if low < HEIGHT else np.zeros(WIDTH, np.float32)
    body[low:] = np.maximum(body[low:], span)
    blend(canvas, cloth(rng) if rng.random() < 0.93 else flesh, body)


def head_without_face(rng: Generator, canvas: Canvas, box: NDArray[np.float32], flesh: Canvas) -> None:
    """Draw a person whose face is not seen: back of a head, or a head without features."""
    wide, tall = box[2] - box[0], box[3] - box[1]
    middle = (box[:2] + box[2:]) / 2
    torso(rng, canvas, box, flesh)
    axes = np.array([wide * 1.1, tall * 1.15], np.float32)
    hair = colour(rng) * 0.5 + noise(rng, 40, rng.uniform(2, 15))
    blend(canvas, hair, disc(middle - [0, 0.05 * tall], axes * 1.1, soft=wide * 0.03))
    if rng.random() < 0.6:
        shift = np.array([rng.normal(0, 0.15) * wide, rng.uniform(-0.05, 0.3) * tall])
        blend(canvas, flesh, disc(middle + shift, axes * rng.uniform(0.6, 0.95, 2), soft=wide * 0.03))


def camera(rng: Generator, canvas: Canvas, dark: float, faults: float = 1.0) -> NDArray[np.uint8]:
    """Pass a scene through a camera: light, colour cast, blur, grain, compression.

    `dark` is how often light is low; `faults` scales everything else, 0 for a perfect camera.
    """
    if rng.random() < 0.3:
        ends = rng.uniform(1 - 0.65 * faults, 1), rng.uniform(1 - 0.2 * faults, 1 + 0.3 * faults)
        side = np.linspace(*ends, WIDTH, dtype=np.float32)
        canvas = canvas * (side if rng.random() < 0.5 else side[::-1])[None, :, None]
    cast = 0.15 * faults
    canvas = canvas * rng.uniform(1 - cast, 1 + cast, 3).astype(np.float32) if rng.random() < 0.5 else canvas
    grain = faults * rng.choice([0.0, 2.0, 5.0, 9.0], p=[0.35, 0.35, 0.2, 0.1])
    if rng.random() < dark:
        canvas = canvas * np.float32(np.exp(rng.uniform(np.log(0.16), np.log(0.6))))
        grain = rng.uniform(0.5, 5)
    elif rng.random() < 0.5:
        gain = np.float32(rng.uniform(1 - 0.4 * faults, 1 + 0.35 * faults))
        canvas = (canvas - 128) * gain + np.float32(128 + faults * rng.uniform(-35, 35))
    canvas = canvas.mean(2, keepdims=True).repeat(3, 2) if rng.random() < 0.06 * faults else canvas
    if rng.random() < 0.25:
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.4, 0.4 + 0.9 * faults)).astype(np.float32)
    elif rng.random() < 0.15 * faults:
        blurred = cv2.GaussianBlur(canvas, (0, 0), 1.0)
        canvas = canvas + (canvas - blurred) * np.float32(rng.uniform(0.2, 0.9))
    if grain:
        canvas = canvas + rng.standard_normal((HEIGHT, WIDTH, 1), dtype=np.float32) * np.float32(grain)
        canvas = canvas + rng.standard_normal((HEIGHT, WIDTH, 3), dtype=np.float32) * np.float32(grain / 3)
    picture = np.clip(canvas, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(round(95 - 60 * faults), 95))]
        picture = np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_COLOR), np.uint8)
    return picture

"""Eyes, brows and mouth of a drawn face, painted afresh for every expression."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from countenance.testing.sample_call.people import Colour, Look

UNIT = 160
"""Pixels per radian of longitude and per half head width of height in the patches."""
EYES_BOX = (-0.80, -0.62, 0.80, 0.34)
"""Longitude and height covered by the patch of eyes and brows."""
MOUTH_BOX = (-0.70, 0.52, 0.70, 1.40)


@dataclass(frozen=True, slots=True)
class Expression:
    """What a face shows, each a matter of degree."""

    smile: float = 0.0
    """-1 (corners down) to 1."""
    brow_lower: float = 0.0
    brow_raise: float = 0.0
    lids: float = 1.0
    """0 (closed) to 1 (open) to 1.3 (wide)."""
    mouth: float = 0.0
    """0 (closed) to 1 (open)."""
    gaze: float = 0.0
    """-1 (left of the picture) to 1."""


def paint_eyes(look: Look, face: Expression) -> Image.Image:
    """Both eyes with their brows, on transparent ground, covering EYES_BOX."""
    picture = _blank(EYES_BOX, look)
    for side in (-1, 1):
        _eye(picture, look, face, side)
        _brow(picture, look, face, side)
    if face.brow_lower > 0.05:
        _frown(picture, look, face)
    return picture


def paint_mouth(look: Look, face: Expression) -> Image.Image:
    """The mouth and the folds beside it, covering MOUTH_BOX."""
    picture = _blank(MOUTH_BOX, look)
    _folds(picture, look, max(face.smile, 0))
    half = 0.345 + (0.17 if face.smile > 0 else 0.04) * face.smile - 0.04 * min(face.mouth, 1)
    corner_y = 0.925 - 0.125 * face.smile + 0.035 * face.mouth
    gap = max(0.20 * face.mouth, 0.26 * (face.smile - 0.32))
    along = np.linspace(-1, 1, 33)
    arch = 1 - along**2
    centre_y = 0.932 + 0.02 * max(face.smile, 0)
    middle = corner_y + (centre_y - corner_y) * arch**0.8
    upper_in = middle - 0.30 * gap * arch
    lower_in = middle + 0.75 * gap * arch
    bow = np.exp(-((np.abs(along) - 0.22) ** 2) / 0.05)
    full = look.lip_fullness * (1 - 0.25 * max(face.smile, 0))
    upper_out = upper_in - full * (0.055 * arch**0.7 + 0.022 * bow * arch)
    lower_out = lower_in + full * 0.105 * arch**0.62
    x = along * half
    draw = ImageDraw.Draw(picture)
    if gap > 0.012:
        _inner_mouth(picture, look, x, upper_in, lower_in, gap)
    draw.polygon(_ring(x, upper_out, upper_in, MOUTH_BOX), fill=(*_scale(look.lips, 0.90), 255))
    draw.polygon(_ring(x, lower_in, lower_out, MOUTH_BOX), fill=(*look.lips, 255))
    gleam = _ring(x * 0.45, lower_in + 0.03, lower_in + 0.055 * full, MOUTH_BOX)
    draw.polygon(gleam, fill=(*_blend(look.lips, (255, 230, 225), 0.28), 255))
    line = _scale(look.lips, 0.50)
    draw.line(_points(x, upper_in, MOUTH_BOX), fill=(*line, 230), width=3)
    for side in (-1, 1):
        cx, cy = _point(side * half, corner_y, MOUTH_BOX)
        draw.ellipse((cx - 3, cy - 3, cx + 3, cy + 3), fill=(*line, 170))
    return picture.filter(ImageFilter.GaussianBlur(0.9))


def _inner_mouth(
    picture: Image.Image,
    look: Look,
    x: NDArray[np.float64],
    upper: NDArray[np.float64],
    lower: NDArray[np.float64],
    gap: float,
) -> None:
    draw = ImageDraw.Draw(picture)
    draw.polygon(_ring(x, upper, lower, MOUTH_BOX), fill=(46, 16, 18, 255))
    teeth = np.minimum(upper + min(0.075, 0.65 * gap) * (1 - np.abs(x / x[-1]) ** 5), lower)
    draw.polygon(_ring(x, upper, teeth, MOUTH_BOX), fill=(244, 240, 232, 255))
    if gap > 0.09:
        tongue = np.maximum(lower - 0.3 * gap, upper)
        draw.polygon(_ring(x[8:-8], tongue[8:-8], lower[8:-8], MOUTH_BOX), fill=(*_scale(look.lips, 0.85), 255))


def _eye(picture: Image.Image, look: Look, face: Expression, side: int) -> None:
    """One eye: white, iris, catch-light, lids and lashes."""
    along = np.linspace(-1, 1, 25)
    half, squint = 0.200, max(face.smile, 0) * 0.45 + face.brow_lower * 0.18
    cx = side * 0.425
    x = cx + along * half
    tilt = -0.018 * along * side
    arch = (1 - along**2) ** 0.72
    open_up = max(0.0, face.lids - squint * 0.7)
    upper = 0.012 - 0.100 * open_up * arch + tilt
    lower = 0.020 + 0.058 * (1 - squint) * min(1, 0.25 + face.lids) * (1 - along**2) ** 0.9 + tilt
    upper = np.minimum(upper, lower)
    mask = Image.new("L", picture.size, 0)
    ImageDraw.Draw(mask).polygon(_ring(x, upper, lower, EYES_BOX), fill=255)
    ball = Image.new("RGB", picture.size, (232, 226, 220))
    draw = ImageDraw.Draw(ball)
    ix, iy = _point(cx + 0.06 * face.gaze, -0.008, EYES_BOX)
    for radius, colour in (
        (18, _scale(look.iris, 0.45)),
        (16, look.iris),
        (11.5, _blend(look.iris, (190, 150, 110), 0.22)),
        (7.5, (14, 12, 12)),
    ):
        draw.ellipse((ix - radius, iy - radius, ix + radius, iy + radius), fill=colour)
    draw.ellipse((ix - 8, iy - 9, ix - 3, iy - 4), fill=(255, 255, 255))
    shadow = _ring(x, upper - 0.02, upper + 0.035, EYES_BOX)
    shade = Image.new("L", picture.size, 0)
    ImageDraw.Draw(shade).polygon(shadow, fill=95)
    ball.paste((70, 50, 44), mask=shade.filter(ImageFilter.GaussianBlur(2)))
    picture.paste(ball, mask=mask.filter(ImageFilter.GaussianBlur(0.7)))
    _lids(picture, look, x, upper, lower)


def _lids(
    picture: Image.Image,
    look: Look,
    x: NDArray[np.float64],
    upper: NDArray[np.float64],
    lower: NDArray[np.float64],
) -> None:
    draw = ImageDraw.Draw(picture)
    crease = _scale(look.skin, 0.58)
    draw.line(
        _points(x, upper - 0.055 * np.cos(np.linspace(-1.2, 1.2, len(x))), EYES_BOX), fill=(*crease, 110), width=3
    )
    draw.line(_points(x, lower + 0.008, EYES_BOX), fill=(*_scale(look.skin, 0.62), 130), width=2)
    lash = _scale(look.brow, 0.6)
    draw.line(_points(x, upper - 0.006, EYES_BOX), fill=(*lash, 255), width=5 if look.long_hair else 4)


def _brow(picture: Image.Image, look: Look, face: Expression, side: int) -> None:
    """One brow, thick near the nose and thin at its end."""
    along = np.linspace(0, 1, 17)
    x = side * (0.20 + 0.47 * along - 0.05 * face.brow_lower * (1 - along))
    arch = -0.085 * np.sin(np.pi * (0.10 + 0.80 * along)) * (1 - 0.55 * face.brow_lower)
    lift = -0.115 * face.brow_raise + 0.13 * face.brow_lower * (1 - along) ** 1.2 + 0.045 * face.brow_lower
    y = -0.205 + arch + lift + 0.035 * along
    thick = 0.046 * look.brow_weight * (0.55 + 0.45 * np.sin(np.pi * np.clip(along + 0.25, 0, 1))) * (1 - 0.55 * along)
    layer = Image.new("RGBA", picture.size, (*look.brow, 0))
    ImageDraw.Draw(layer).polygon(_ring(x, y - thick, y + thick, EYES_BOX), fill=(*look.brow, 235))
    picture.alpha_composite(layer.filter(ImageFilter.GaussianBlur(1.6)))


def _frown(picture: Image.Image, look: Look, face: Expression) -> None:
    layer = Image.new("RGBA", picture.size, (*_scale(look.skin, 0.5), 0))
    draw = ImageDraw.Draw(layer)
    shade = (*_scale(look.skin, 0.5), int(150 * min(face.brow_lower, 1)))
    for side in (-1, 1):
        draw.line([_point(side * 0.075, -0.26, EYES_BOX), _point(side * 0.06, -0.12, EYES_BOX)], fill=shade, width=4)
    picture.alpha_composite(layer.filter(ImageFilter.GaussianBlur(1.5)))


def _folds(picture: Image.Image, look: Look, smile: float) -> None:
    """The lines from the nose past the corners of the mouth."""
    along = np.linspace(0, 1, 13)
    layer = Image.new("RGBA", picture.size, (*_scale(look.skin, 0.6), 0))
    draw = ImageDraw.Draw(layer)
    shade = (*_scale(look.skin, 0.52), int(30 + 190 * smile))
    for side in (-1, 1):
        x = side * (0.20 + 0.25 * along + 0.07 * smile * np.sin(np.pi * along))
        draw.line(_points(x, 0.60 + 0.30 * along, MOUTH_BOX), fill=shade, width=5)
    picture.alpha_composite(layer.filter(ImageFilter.GaussianBlur(3)))


def _blank(box: tuple[float, float, float, float], look: Look) -> Image.Image:
    size = (round((box[2] - box[0]) * UNIT), round((box[3] - box[1]) * UNIT))
    return Image.new("RGBA", size, (*look.skin, 0))


def _point(x: float, y: float, box: tuple[float, float, float, float]) -> tuple[float, float]:
    return ((x - box[0]) * UNIT, (y - box[1]) * UNIT)


def _points(
    x: NDArray[np.float64], y: NDArray[np.float64], box: tuple[float, float, float, float]
) -> list[tuple[float, float]]:
    return [_point(float(a), float(b), box) for a, b in zip(x, y, strict=True)]


def _ring(
    x: NDArray[np.float64],
    top: NDArray[np.float64],
    bottom: NDArray[np.float64],
    box: tuple[float, float, float, float],
) -> list[tuple[float, float]]:
    """The outline between two curves over the same x."""
    return _points(x, top, box) + _points(x[::-1], bottom[::-1], box)


def _scale(colour: Colour, factor: float) -> Colour:
    r, g, b = (min(255, round(part * factor)) for part in colour)
    return (r, g, b)


def _blend(colour: Colour, towards: Colour, share: float) -> Colour:
    r, g, b = (round(a + (c - a) * share) for a, c in zip(colour, towards, strict=True))
    return (r, g, b)

"""What is around a drawn face: the room, the shoulders, and a folder."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from countenance.testing.sample_call.people import Colour, Look

WIDTH, HEIGHT = 640, 360
HEAD_X, HEAD_Y = 320.0, 168.0
"""Where the middle of the head (between the eyes, half-way down) sits in the picture."""
HEAD_PX = 76.0
"""Pixels per half head width."""
CLOTH = (62, 84, 150)


Point = tuple[float, float]


def paint_room(look: Look) -> Image.Image:
    """A wall in soft light with a few out-of-focus things on it."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    lamp = np.exp(-(((x - (120 if look.key_light[0] < 0 else 520)) / 300) ** 2) - ((y - 60) / 260) ** 2)
    wall = np.array(look.wall, dtype=np.float32)
    glow = np.array(look.wall_light, dtype=np.float32)
    picture = wall + (glow - wall) * lamp[..., None]
    picture *= (1 - 0.18 * (y / HEIGHT))[..., None]
    room = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(room)
    if look.long_hair:
        draw.rectangle((470, 40, 590, 130), fill=(206, 196, 176))
        draw.rectangle((480, 50, 580, 120), fill=(148, 166, 164))
        for shift in range(0, 60, 12):
            draw.ellipse((40 + shift, 210 - shift % 24, 66 + shift, 300), fill=(96, 124 + shift // 3, 92))
        draw.rectangle((50, 280, 104, 360), fill=(190, 140, 112))
    else:
        draw.rectangle((0, 96, 190, 104), fill=(96, 84, 74))
        for index, colour in enumerate(((150, 96, 80), (90, 110, 120), (176, 160, 120), (84, 96, 84), (140, 120, 130))):
            draw.rectangle((16 + index * 30, 46 + index % 3 * 6, 40 + index * 30, 96), fill=colour)
        draw.rectangle((520, 60, 640, 250), fill=(206, 216, 222))
    return room.filter(ImageFilter.GaussianBlur(7))


def paint_body(look: Look) -> Image.Image:
    """Neck, shoulders and the hair behind them, on transparent ground."""
    zoom = 2
    size = (WIDTH * zoom, HEIGHT * zoom)
    body = Image.new("RGBA", size, (*look.shirt, 0))

    def at(x: float, y: float) -> tuple[float, float]:
        return ((HEAD_X + x * HEAD_PX) * zoom, (HEAD_Y + y * HEAD_PX) * zoom)

    if look.long_hair:
        _back_hair(body, look, at)
    neck = [(-0.56, 0.6), (-0.50, 1.4), (-0.66, 1.80), (-0.4, 2.7), (0.4, 2.7), (0.66, 1.80), (0.50, 1.4), (0.56, 0.6)]
    width = 1.0 if look.long_hair else 1.22
    _shape(body, [at(x * width, y) for x, y in neck], look.skin, 0.84)
    _shadow(body, [at(-0.62 * width, 1.0), at(0.62 * width, 1.0), at(0.42 * width, 1.62), at(-0.42 * width, 1.62)])
    broad = 1.0 if look.long_hair else 1.16
    for side in (-1, 1):
        outline = [(-0.02, 2.9), (-0.02, 2.28), (0.50, 1.62), (0.66, 1.56), *_shoulder(), (2.4, 2.9)]
        _shape(body, [at(side * x * (broad if x > 0.7 else 1), y) for x, y in outline], look.shirt, 1.0)
        collar = [(0.50, 1.54), (0.70, 1.60), (0.42, 2.12), (0.02, 2.40), (-0.02, 2.24)]
        _shape(body, [at(side * x, y) for x, y in collar], look.collar, 1.0)
    return _lit_from_above(body.resize((WIDTH, HEIGHT), Image.Resampling.BOX), look)


def paint_folder(look: Look) -> Image.Image:
    """A folder of letters held up with both hands, to hide the lower half of a face, on transparent ground."""
    width, height = 380, 400
    folder = Image.new("RGBA", (width, height), (*CLOTH, 0))
    draw = ImageDraw.Draw(folder)
    draw.rounded_rectangle((20, 2, 360, 420), radius=10, fill=(*CLOTH, 255))
    draw.line([(26, 4), (354, 4)], fill=(*_dim(CLOTH, 1.3), 255), width=3)
    draw.line([(352, 10), (352, 400)], fill=(*_dim(CLOTH, 0.8), 255), width=6)
    for left in (0, 330):
        draw.rounded_rectangle((left, 270, left + 50, 420), radius=24, fill=look.skin, outline=_dim(look.skin, 0.75))
    return folder.filter(ImageFilter.GaussianBlur(1)).resize((width // 2, height // 2), Image.Resampling.BOX)


def _back_hair(body: Image.Image, look: Look, at: Callable[[float, float], Point]) -> None:
    outline = [(-0.9, -0.5), (-1.08, 0.2), (-1.18, 0.8), (-1.20, 1.3), (-1.12, 1.8), (-0.86, 1.96), (-0.5, 2.0)]
    points = outline + [(-x, y) for x, y in reversed(outline)]
    _shape(body, [at(x, y) for x, y in points], look.hair, 0.80)
    draw = ImageDraw.Draw(body)
    for index in range(-11, 12):
        x = index * 0.10
        shade = _dim(look.hair, 0.7 if index % 2 else 1.15)
        draw.line([at(x, 0.4), at(x * 1.02, 1.2), at(x * 0.96, 1.92)], fill=(*shade, 255), width=5)


def _shoulder() -> list[tuple[float, float]]:
    """A rounded slope from the collar to the arm."""
    along = np.linspace(0.08, 1, 12)
    return [(float(0.66 + 1.6 * t), float(1.56 + 0.22 * t + 0.62 * t**3.2)) for t in along]


def _shape(body: Image.Image, points: list[tuple[float, float]], colour: Colour, level: float) -> None:
    layer = Image.new("RGBA", body.size, (*_dim(colour, level), 0))
    ImageDraw.Draw(layer).polygon(points, fill=(*_dim(colour, level), 255))
    body.alpha_composite(layer.filter(ImageFilter.GaussianBlur(2)))


def _shadow(body: Image.Image, points: list[tuple[float, float]]) -> None:
    """The soft shadow that the chin throws on the neck."""
    shade = Image.new("L", body.size, 0)
    ImageDraw.Draw(shade).polygon(points, fill=105)
    shade = shade.filter(ImageFilter.GaussianBlur(14))
    alpha = body.getchannel("A")
    layer = Image.new("RGBA", body.size, (40, 22, 16, 255))
    layer.putalpha(shade)
    body.alpha_composite(layer)
    body.putalpha(alpha)


def _lit_from_above(body: Image.Image, look: Look) -> Image.Image:
    pixels = np.asarray(body).astype(np.float32)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    side = (x - HEAD_X) / 300 * np.sign(look.key_light[0])
    level = 1.02 - 0.20 * np.clip((y - 290) / 120, 0, 1) + 0.12 * np.clip(side, -1, 1)
    pixels[..., :3] *= level[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8), "RGBA")


def _dim(colour: Colour, factor: float) -> Colour:
    r, g, b = (min(255, round(part * factor)) for part in colour)
    return (r, g, b)

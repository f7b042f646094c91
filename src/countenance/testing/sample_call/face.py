"""Draws a video frame of one person: a parametric face in a room."""

from collections import OrderedDict
from dataclasses import dataclass, field, fields, replace
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from countenance.testing.sample_call.features import EYES_BOX, MOUTH_BOX, Expression, paint_eyes, paint_mouth
from countenance.testing.sample_call.head import PHI_MAX, TEXELS, TEXTURE_WIDTH, Floats, column_of, meet
from countenance.testing.sample_call.people import Look
from countenance.testing.sample_call.scene import (
    HEAD_PX,
    HEAD_X,
    HEAD_Y,
    HEIGHT,
    WIDTH,
    paint_body,
    paint_folder,
    paint_room,
)
from countenance.testing.sample_call.skin import hair_texture, light, skin_texture

Box = tuple[float, float, float, float]
Pixels = NDArray[np.uint8]

ZOOM = 2
REGION = (-1.50, -1.72, 1.50, 2.10)
"""Around the middle of the head, in half head widths: all that turns with it."""
POSE_STEP_DEG = 1.5
LIGHT_STEP_DEG = 4
CACHED_POSES = 64
FOLDER_TOP = 208


@dataclass(frozen=True, slots=True)
class Pose:
    """Everything that can differ from one frame to the next."""

    face: Expression = field(default_factory=Expression)
    yaw: float = 0.0
    """Degrees; above 0 the nose turns to the right of the picture."""
    pitch: float = 0.0
    """Degrees; above 0 the nose lifts."""
    roll: float = 0.0
    """Degrees; above 0 the head leans to the right of the picture."""
    away: float = 0.0
    """0 (in place) to 1 (quite out of the picture)."""
    folder: float = 0.0
    """0 (no folder) to 1 (held before mouth and nose)."""
    room_light: float = 1.0
    """1 is a lit room; 0.1 is nearly dark."""
    sway: tuple[float, float] = (0.0, 0.0)
    """Pixels by which the head moves right and down."""


class FacePainter:
    """Paints one person; the same pose gives the same pixels, whatever was painted before."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._skin = skin_texture(look)
        self._hair = hair_texture(look)
        self._room = np.asarray(paint_room(look))
        body = paint_body(look)
        self._body = body
        self._folder = paint_folder(look)
        self._seated = self._with_body(0)
        self._maps: OrderedDict[tuple[int, int, int], NDArray[np.int32]] = OrderedDict()
        self._lit: dict[tuple[int, int], tuple[NDArray[np.uint32], Floats]] = {}
        self._features: dict[tuple[Box, tuple[int, int], Expression], NDArray[np.uint32]] = {}
        self._noise = np.random.default_rng(7).integers(-3, 4, (8, HEIGHT, WIDTH), dtype=np.int8)

    def draw(self, pose: Pose, tick: int = 0) -> Pixels:
        """One frame, 360 x 640 x 3, RGB; `tick` picks the grain of a dark picture."""
        shift = round(pose.away * 470)
        if pose.away >= 1:
            picture = self._room.copy()
        else:
            picture = self._seated.copy() if shift == 0 else self._with_body(shift)
            self._put_head(picture, pose, shift)
            if pose.folder > 0:
                self._put_folder(picture, pose, shift)
        return picture if pose.room_light >= 1 else self._dim(picture, pose.room_light, tick)

    def _with_body(self, shift: int) -> Pixels:
        room = Image.fromarray(self._room)
        room.paste(self._body, (shift, 0), self._body)
        return np.array(room)

    def _put_head(self, picture: Pixels, pose: Pose, shift: int) -> None:
        """Look every point of the head up in the painted textures, then lay it over the picture."""
        texels = self._painted(pose)
        found = texels[self._map(pose)]
        layer = Image.fromarray(found.view(np.uint8).reshape(*found.shape, 4), "RGBa").reduce(ZOOM)
        left = round(HEAD_X + REGION[0] * HEAD_PX + pose.sway[0]) + shift
        top = round(HEAD_Y + REGION[1] * HEAD_PX + pose.sway[1])
        _lay_over(picture, np.asarray(layer), left, top)

    def _map(self, pose: Pose) -> NDArray[np.int32]:
        """Which texel (skin first, then hair, then nothing) each point of the head region shows."""
        key = (_step(pose.yaw), _step(pose.pitch), _step(pose.roll))
        known = self._maps.get(key)
        if known is None:
            known = self._meet_shells(*(step * POSE_STEP_DEG for step in key))
            self._maps[key] = known
            if len(self._maps) > CACHED_POSES:
                self._maps.popitem(last=False)
        else:
            self._maps.move_to_end(key)
        return known

    def _meet_shells(self, yaw: float, pitch: float, roll: float) -> NDArray[np.int32]:
        x, y = _leaning_grid(roll)
        skin, on_skin = meet(self._skin.shell, self._skin.relief, x, y, (yaw, pitch))
        hair, on_hair = meet(self._hair.shell, self._hair.relief, x, y, (yaw, pitch))
        behind = on_hair & ~on_skin
        on_hair &= self._hair.opaque.ravel()[hair] > 0.5
        skin_texels = self._skin.colour.shape[0] * TEXTURE_WIDTH
        nothing = skin_texels + self._hair.colour.shape[0] * TEXTURE_WIDTH
        found = np.where(on_skin, skin, np.int32(nothing))
        framed = (y < 0.6) | (np.abs(x) > 0.85) & (y < 1.0) if self._look.long_hair else y < -0.1
        far_side = hair - hair % TEXTURE_WIDTH + column_of(1.35 if yaw < 0 else -1.35)
        found = np.where(behind & framed, far_side + np.int32(skin_texels), found)
        if not self._look.long_hair:
            self._add_ears(found, nothing, (x, y), yaw)
        return np.where(on_hair, hair + np.int32(skin_texels), found)

    def _add_ears(self, found: NDArray[np.int32], nothing: int, grid: tuple[Floats, Floats], yaw: float) -> None:
        x, y = grid
        for side in (-1, 1):
            middle = side * 1.00 * cos(radians(yaw)) - 0.12 * sin(radians(yaw))
            bulge = ((x - middle - side * 0.05 * (0.2 - y)) / 0.135) ** 2 + ((y - 0.16) / 0.27) ** 2
            on_ear = (bulge < 1) & (found == nothing)
            phi = side * (1.18 + 0.20 * bulge[on_ear])
            rows = ((y[on_ear] * 0.5 + 0.30 - self._skin.shell.top) * TEXELS).astype(np.int32)
            found[on_ear] = rows * TEXTURE_WIDTH + ((phi + PHI_MAX) * TEXELS).astype(np.int32)

    def _painted(self, pose: Pose) -> NDArray[np.uint32]:
        """All texels under the light of this pose, with this expression."""
        side = (round(pose.yaw / LIGHT_STEP_DEG), round(pose.pitch / LIGHT_STEP_DEG))
        if side not in self._lit:
            self._lit[side] = self._light(side[0] * LIGHT_STEP_DEG, side[1] * LIGHT_STEP_DEG)
        texels, _ = self._lit[side]
        skin = texels[: self._skin.shell.rows * TEXTURE_WIDTH].reshape(-1, TEXTURE_WIDTH)
        face = _rounded(pose.face)
        for box, paint, shown in (
            (EYES_BOX, paint_eyes, replace(face, mouth=0.0)),
            (MOUTH_BOX, paint_mouth, replace(face, lids=1.0, gaze=0.0, brow_lower=0.0, brow_raise=0.0)),
        ):
            known = self._features.get((box, side, shown))
            if known is None:
                known = self._features[box, side, shown] = self._lit_patch(box, side, paint(self._look, shown))
            row, column = self._skin.shell.row_of(box[1]), column_of(box[0])
            skin[row : row + known.shape[0], column : column + known.shape[1]] = known
        return texels

    def _lit_patch(self, box: Box, side: tuple[int, int], patch: Image.Image) -> NDArray[np.uint32]:
        """Painted features over bare skin, under the light of this side."""
        row, column = self._skin.shell.row_of(box[1]), column_of(box[0])
        part = (slice(row, row + patch.height), slice(column, column + patch.width))
        level = self._lit[side][1][part]
        paint = np.asarray(patch).astype(np.float32)
        share = paint[..., 3:] / 255
        bare = self._skin.colour[part] * level[..., None]
        shown = paint[..., :3] * np.minimum(level, 1.15)[..., None]
        lit = np.clip(bare * (1 - share) + shown * share, 0, 255).astype(np.float32)
        return _packed(lit).reshape(lit.shape[:2])

    def _light(self, yaw: float, pitch: float) -> tuple[NDArray[np.uint32], Floats]:
        turn, nod = radians(yaw), radians(pitch)
        x, y, z = self._look.key_light
        y, z = y * cos(nod) + z * sin(nod), z * cos(nod) - y * sin(nod)
        x, z = x * cos(turn) - z * sin(turn), z * cos(turn) + x * sin(turn)
        towards = np.array([x, y, z], dtype=np.float32)
        towards /= np.linalg.norm(towards)
        skin, hair = light(self._skin, towards), light(self._hair, towards)
        level = skin.sum(axis=2) / np.maximum(self._skin.colour.sum(axis=2), 1)
        return np.concatenate([_packed(skin), _packed(hair), np.zeros(1, dtype=np.uint32)]), level

    def _put_folder(self, picture: Pixels, pose: Pose, shift: int) -> None:
        sink = round((1 - pose.folder) * (HEIGHT - FOLDER_TOP))
        left = round(HEAD_X - self._folder.width / 2 + pose.sway[0]) + shift
        _lay_over(picture, np.asarray(self._folder.convert("RGBa")), left, FOLDER_TOP + sink)

    def _dim(self, picture: Pixels, room_light: float, tick: int) -> Pixels:
        """What a camera makes of a dark room: dark, and grainy."""
        levels = (np.arange(256) * room_light).astype(np.int16)
        grainy = levels[picture] + self._noise[tick % len(self._noise)][..., None]
        dark: Pixels = np.clip(grainy, 0, 255).astype(np.uint8)
        return dark


def _step(angle: float) -> int:
    return round(angle / POSE_STEP_DEG)


def _packed(colour: Floats) -> NDArray[np.uint32]:
    """Colours as opaque RGBA words, in a row."""
    words = np.full((*colour.shape[:2], 4), 255, dtype=np.uint8)
    words[..., :3] = colour
    return words.view(np.uint32).ravel()


def _rounded(face: Expression) -> Expression:
    """Expressions in steps too small to see, so that painted patches are met again."""
    return Expression(*(round(getattr(face, name.name) * 16) / 16 for name in fields(Expression)))


def _leaning_grid(roll: float) -> tuple[Floats, Floats]:
    """Head coordinates of every point of the region, for a head that leans about its neck."""
    scale = HEAD_PX * ZOOM
    across = np.arange(round((REGION[2] - REGION[0]) * HEAD_PX) * ZOOM, dtype=np.float32) / scale + REGION[0]
    down = np.arange(round((REGION[3] - REGION[1]) * HEAD_PX) * ZOOM, dtype=np.float32) / scale + REGION[1]
    x, y = np.meshgrid(across, down)
    if not roll:
        return x, y
    lean, neck = radians(roll), np.float32(1.3)
    return x * cos(lean) + (y - neck) * sin(lean), (y - neck) * cos(lean) - x * sin(lean) + neck


def _lay_over(picture: Pixels, layer: Pixels, left: int, top: int) -> None:
    """Lay a premultiplied RGBA layer over the picture, cut at its edges."""
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + layer.shape[1], picture.shape[1]), min(top + layer.shape[0], picture.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = layer[y0 - top : y1 - top, x0 - left : x1 - left]
    under = picture[y0:y1, x0:x1]
    shown = under * (255 - part[..., 3:].astype(np.uint16)) + 128
    under[...] = part[..., :3] + ((shown + (shown >> 8)) >> 8)

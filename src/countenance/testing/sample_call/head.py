"""The shape of a drawn head: stacked ellipses that turn, and where each pixel of the picture meets them.

Lengths are in half head widths: eye line at y = 0, chin near y = 1.4, y grows downwards, z towards the camera.
"""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

PHI_MAX = 2.2
"""Longitude, in radians either side of the nose, that a texture covers."""
TEXELS = 160
"""Texels per radian of longitude and per half head width of height."""
TEXTURE_WIDTH = round(2 * PHI_MAX * TEXELS)

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Shell:
    """A stack of horizontal ellipses, sampled at the rows of its texture."""

    top: float
    bottom: float
    half_width: Floats
    depth: Floats
    centre_z: Floats

    @property
    def rows(self) -> int:
        """How many texture rows it has."""
        return len(self.half_width)

    @property
    def row_y(self) -> Floats:
        """Height of each texture row."""
        return np.linspace(self.top, self.bottom, self.rows, dtype=np.float32)

    def row_of(self, y: float) -> int:
        """The texture row at a height."""
        return round((y - self.top) / (self.bottom - self.top) * (self.rows - 1))


def column_of(phi: float) -> int:
    """The texture column at a longitude in radians."""
    return round((phi + PHI_MAX) / (2 * PHI_MAX) * (TEXTURE_WIDTH - 1))


def head_shell(jaw: float) -> Shell:
    """A skull that narrows to a chin; `jaw` around 2 is narrow, around 3 is square."""
    top, bottom = -1.42, 1.42
    rows = _row_count(top, bottom)
    y = np.linspace(top, bottom, rows)
    skull = (1 - np.abs(y / top) ** 2.3) ** (1 / 2.3)
    face = (1 - np.abs(y / bottom) ** jaw) ** 0.52
    half_width = np.where(y < 0, skull, face)
    depth = half_width * 1.12
    front = 1.12 - 0.16 * np.clip(y / bottom, 0, 1) ** 2
    round_off = 1 - np.clip((y / bottom - 0.80) / 0.2, 0, 1) ** 2 * 0.30
    centre_z = np.where(y < 0, 0, np.maximum(front * round_off - depth, 0) * np.clip(y / 0.4, 0, 1))
    return _shell(top, bottom, half_width, depth, centre_z)


def hair_shell(bottom: float, volume: float) -> Shell:
    """A cap around the skull that falls straight down below the eyes to `bottom`."""
    top = -1.42 * volume - 0.04
    rows = _row_count(top, bottom)
    y = np.linspace(top, bottom, rows)
    cap = (1 - np.abs(np.minimum(y, 0) / top) ** 2.4) ** (1 / 2.4)
    fall = 1 - 0.10 * np.clip(y / max(bottom, 0.1), 0, 1) ** 2
    half_width = np.maximum(cap, 0.0) * volume * fall
    depth = half_width * 1.12
    return _shell(top, bottom, half_width, depth, np.where(y > 0, -0.25 * np.clip(y, 0, 1), 0))


def meet(
    shell: Shell, relief: Floats, x: Floats, y: Floats, turned: tuple[float, float]
) -> tuple[Indices, NDArray[np.bool_]]:
    """Which texel of the shell each picture point shows, and whether it meets the shell at all.

    `x`, `y` are in head lengths around the middle of the head; `turned` is yaw and pitch in degrees (yaw > 0 turns
    the nose to the right of the picture, pitch > 0 lifts it). The relief moves what it raises.
    """
    turn, nod = radians(turned[0]), radians(turned[1])
    reach = np.sqrt((shell.half_width * cos(turn)) ** 2 + (shell.depth * sin(turn)) ** 2) + np.float32(1e-6)
    start = np.arctan2(shell.depth * sin(turn), shell.half_width * cos(turn))
    offset = shell.centre_z * sin(turn)
    reach, start, offset = (np.asarray(part, dtype=np.float32) for part in (reach, start, offset))
    height = _height(shell, x, y, (turn, nod), reach)
    row = _rows(height, shell)
    across = (x - offset[row]) / reach[row]
    inside = (np.abs(across) < 1) & (height > shell.top) & (height < shell.bottom)
    begin = start[row]
    base = row * np.int32(TEXTURE_WIDTH)
    texel = base + _columns(across, begin)
    if turn:
        across -= relief.ravel()[texel] * np.float32(sin(turn)) / reach[row]
        texel = base + _columns(across, begin)
    return texel, inside


def _height(shell: Shell, x: Floats, y: Floats, angles: tuple[float, float], reach: Floats) -> Floats:
    """The height on the shell that shows at each picture point of a nodding head."""
    turn, nod = angles
    if not nod:
        return y
    offset, forward = shell.centre_z * sin(turn), shell.centre_z * cos(turn)
    facing = shell.depth * shell.half_width / reach
    height = y
    for _ in range(2):
        row = _rows(height, shell)
        across = np.clip((x - offset[row]) / reach[row], -1, 1)
        z = forward[row] + facing[row] * np.sqrt(1 - across * across)
        height = np.asarray((y + z * sin(nod)) / cos(nod), dtype=np.float32)
    return height


def normals(shell: Shell, relief: Floats) -> Floats:
    """Unit normals (rows x columns x 3) of the shell with a relief, in head lengths, laid over it."""
    phi = np.linspace(-PHI_MAX, PHI_MAX, TEXTURE_WIDTH, dtype=np.float32)
    step_y = (shell.bottom - shell.top) / (shell.rows - 1)
    along = np.gradient(relief, axis=1) / (
        (2 * PHI_MAX / (TEXTURE_WIDTH - 1)) * np.maximum(shell.half_width, 0.2)[:, None]
    )
    down = np.gradient(relief, axis=0) / step_y
    front = shell.half_width + shell.centre_z
    slope = np.clip(-np.gradient(front) / step_y, -3, 3)
    slope = np.convolve(np.pad(slope, 24, mode="edge"), np.hanning(51)[1:-1] / np.hanning(51).sum(), mode="valid")[
        :, None
    ]
    out = np.empty((shell.rows, TEXTURE_WIDTH, 3), dtype=np.float32)
    out[..., 0] = np.sin(phi) - along * np.cos(phi)
    out[..., 1] = slope - down
    out[..., 2] = np.cos(phi) + along * np.sin(phi)
    out /= np.linalg.norm(out, axis=2, keepdims=True)
    return out


def _shell(
    top: float,
    bottom: float,
    half_width: NDArray[np.float64],
    depth: NDArray[np.float64],
    centre_z: NDArray[np.float64],
) -> Shell:
    as_floats = [np.asarray(part, dtype=np.float32) for part in (half_width, depth, centre_z)]
    return Shell(top, bottom, as_floats[0], as_floats[1], as_floats[2])


def _row_count(top: float, bottom: float) -> int:
    return round((bottom - top) * TEXELS) + 1


def _rows(height: Floats, shell: Shell) -> Indices:
    rows = ((height - np.float32(shell.top)) * np.float32(TEXELS)).astype(np.int32)
    return np.clip(rows, 0, shell.rows - 1, out=rows)


def _columns(across: Floats, begin: Floats) -> Indices:
    phi = np.arcsin(np.clip(across, -1, 1)) - begin
    columns = ((phi + np.float32(PHI_MAX)) * np.float32(TEXELS)).astype(np.int32)
    return np.clip(columns, 0, TEXTURE_WIDTH - 1, out=columns)

"""Textures of a drawn head: relief, skin and hair colour, and the light on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from countenance.testing.sample_call.head import (
    PHI_MAX,
    TEXTURE_WIDTH,
    Floats,
    Shell,
    hair_shell,
    head_shell,
    normals,
)
from countenance.testing.sample_call.people import Colour, Look


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """One shell with its colours, its surface directions and how opaque it is."""

    shell: Shell
    colour: Floats
    """rows x columns x 3, 0..255, unlit."""
    normal: Floats
    shine: Floats
    """rows x columns, 0..1: how much of the light it mirrors."""
    opaque: Floats
    """rows x columns, 0..1."""
    relief: Floats


def skin_texture(look: Look) -> Texture:
    """The bare face, without eyes, brows and mouth."""
    shell = head_shell(look.jaw)
    across, down = _grid(shell)
    relief = _relief(across, down)
    colour = _paint(shell, look.skin)
    blush = (
        0.50 * _spot(across, down, (0.54, 0.46), (0.26, 0.20), mirrored=True)
        + 0.32 * _spot(across, down, (0.0, 0.52), (0.15, 0.12))
        + 0.20 * _spot(across, down, (0.0, 1.22), (0.22, 0.12))
    )
    _mix(colour, look.blush, 0.55 * blush)
    shade = (
        0.26 * _spot(across, down, (0.40, 0.0), (0.27, 0.16), mirrored=True)
        + 0.22 * _spot(across, down, (0.0, 0.665), (0.15, 0.045))
        + 0.46 * _spot(across, down, (0.078, 0.632), (0.038, 0.024), mirrored=True)
        + 0.20 * _spot(across, down, (0.175, 0.56), (0.028, 0.06), mirrored=True)
        + 0.22 * _spot(across, down, (0.0, 1.10), (0.19, 0.05))
        + 0.10 * _spot(across, down, (0.16, 0.12), (0.06, 0.22), mirrored=True)
        + 0.20 * _spot(across, down, (0.0, 1.46), (0.9, 0.14))
        + 0.16 * _spot(across, down, (1.05, 0.6), (0.28, 0.8), mirrored=True)
        + 0.20 * _spot(across, down, (0.0, -0.95), (0.9, 0.16))
    )
    colour *= (1 - np.clip(shade, 0, 0.85))[..., None] ** np.array([0.8, 1.05, 1.15], dtype=np.float32)
    _beard(colour, across, down, look)
    shine = 0.10 + 0.14 * _spot(across, down, (0.0, 0.47), (0.08, 0.12))
    shine += 0.10 * _spot(across, down, (0.0, -0.5), (0.5, 0.2))
    return Texture(shell, colour, normals(shell, relief), shine, np.ones_like(across), relief)


def hair_texture(look: Look) -> Texture:
    """The hair that frames the face."""
    shell = hair_shell(1.95, 1.10) if look.long_hair else hair_shell(0.30, 1.035)
    _, down = _grid(shell)
    phi = np.linspace(-PHI_MAX, PHI_MAX, TEXTURE_WIDTH, dtype=np.float32)[None, :]
    strands = _strands(shell, 3) if look.long_hair else _cropped(shell, 4)
    line = _hairline(phi, look)
    edge = (0.022 if look.long_hair else 0.035) * strands
    opaque = np.clip((line + edge - down) / 0.05, 0, 1)
    if look.long_hair:
        opaque *= np.clip((1.95 - 0.22 * np.abs(strands) - down) / 0.08, 0, 1)
    else:
        opaque *= np.clip((0.10 - 0.04 * strands - down) / 0.10, 0, 1)
    gloss = np.exp(-(((down + 0.95 + 0.10 * strands) / 0.24) ** 2))
    colour = _paint(shell, look.hair)
    _mix(colour, look.hair_light, np.clip(0.30 + 0.26 * strands + 0.35 * gloss, 0, 1))
    if look.long_hair:
        parting = np.exp(-(((phi + 0.24) / 0.022) ** 2)) * (down < -0.98)
        colour *= (1 - 0.45 * parting)[..., None]
    relief = 0.012 * strands
    return Texture(
        shell, colour, normals(shell, _floats(relief)), _floats(0.08 + 0.15 * gloss), _floats(opaque), _floats(relief)
    )


def light(texture: Texture, towards: Floats, tint: Colour = (255, 250, 244)) -> Floats:
    """The texture's colours under a main light and a soft fill; `towards` is in head directions."""
    facing = texture.normal @ towards
    soft = np.clip((facing + 0.35) / 1.35, 0, 1)
    fill = 0.50 + 0.10 * texture.normal[..., 2]
    level = fill + 0.56 * soft
    lit = texture.colour * level[..., None]
    half = towards + np.array([0, 0, 1], dtype=np.float32)
    half /= np.linalg.norm(half)
    gleam = np.clip(texture.normal @ half, 0, 1) ** 22 * texture.shine
    lit += gleam[..., None] * np.array(tint, dtype=np.float32) * 0.55
    return _floats(np.clip(lit, 0, 255))


def _relief(across: Floats, down: Floats) -> Floats:
    """Bumps and hollows in head lengths: nose, sockets, brow ridge, cheekbones, lips, chin."""
    ridge_width = 0.12 + 0.05 * np.clip((down - 0.1) / 0.4, 0, 1)
    rise = np.clip((down + 0.10) / 0.62, 0, 1) ** 1.6 * np.clip((0.67 - down) / 0.14, 0, 1) ** 0.8
    relief = 0.135 * rise * np.exp(-((across / ridge_width) ** 2))
    relief += 0.040 * _spot(across, down, (0.125, 0.555), (0.065, 0.065), mirrored=True)
    relief -= 0.085 * _spot(across, down, (0.41, 0.02), (0.24, 0.17), mirrored=True)
    relief += 0.050 * _spot(across, down, (0.40, -0.27), (0.34, 0.12), mirrored=True)
    relief += 0.060 * _spot(across, down, (0.60, 0.42), (0.28, 0.22), mirrored=True)
    relief += 0.050 * _spot(across, down, (0.0, 0.93), (0.32, 0.17))
    relief -= 0.040 * _spot(across, down, (0.0, 1.13), (0.24, 0.07))
    relief += 0.065 * _spot(across, down, (0.0, 1.28), (0.22, 0.12))
    relief -= 0.012 * _spot(across, down, (0.0, 0.76), (0.04, 0.07))
    return _floats(relief)


def _beard(colour: Floats, across: Floats, down: Floats, look: Look) -> None:
    if look.stubble == 0:
        return
    jaw_line = np.clip((down - (0.62 + 0.30 * np.exp(-((across / 0.50) ** 4)))) / 0.22, 0, 1)
    moustache = _spot(across, down, (0.0, 0.815), (0.30, 0.06))
    lips = _spot(across, down, (0.0, 0.96), (0.34, 0.13))
    cover = np.clip(jaw_line + 0.8 * moustache, 0, 1) * (1 - 0.9 * lips) * look.stubble
    _mix(colour, look.hair, 0.72 * cover)


def _hairline(phi: Floats, look: Look) -> Floats:
    """The height down to which hair covers the head at each longitude."""
    side = np.abs(phi)
    if look.long_hair:
        part = -0.24
        left, right = np.clip((part - phi) / 0.62, 0, 1), np.clip((phi - part) / 1.06, 0, 1)
        sweep = -1.06 + 0.86 * (left**1.3 + right**1.4)
        return _floats(sweep + np.clip((side - 0.80) / 0.20, 0, 1) ** 2 * 3.4)
    temple = np.clip((side - 0.50) / 0.40, 0, 1) ** 1.8
    burns = np.clip((side - 1.02) / 0.16, 0, 1) * 1.0
    return _floats(-0.93 - 0.02 * np.cos(4 * phi) + 0.40 * temple + burns)


def _grid(shell: Shell) -> tuple[Floats, Floats]:
    phi = np.linspace(-PHI_MAX, PHI_MAX, TEXTURE_WIDTH, dtype=np.float32)
    across, down = np.meshgrid(phi, shell.row_y)
    return across.astype(np.float32), down.astype(np.float32)


def _spot(
    across: Floats,
    down: Floats,
    centre: tuple[float, float],
    size: tuple[float, float],
    *,
    mirrored: bool = False,
) -> Floats:
    """A soft round spot; `mirrored` puts a second one on the other side of the nose."""
    spot = np.exp(-(((across - centre[0]) / size[0]) ** 2) - ((down - centre[1]) / size[1]) ** 2)
    if mirrored:
        spot += np.exp(-(((across + centre[0]) / size[0]) ** 2) - ((down - centre[1]) / size[1]) ** 2)
    return _floats(spot)


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float32)


def _paint(shell: Shell, colour: Colour) -> Floats:
    return np.broadcast_to(np.array(colour, dtype=np.float32), (shell.rows, TEXTURE_WIDTH, 3)).copy()


def _mix(colour: Floats, towards: Colour, share: Floats) -> None:
    colour += (np.array(towards, dtype=np.float32) - colour) * np.clip(share, 0, 1)[..., None]


def _strands(shell: Shell, seed: int) -> Floats:
    """Streaks that run down the hair, about -1..1."""
    rng = np.random.default_rng(seed)
    columns = np.arange(TEXTURE_WIDTH, dtype=np.float32)[None, :]
    rows = np.arange(shell.rows, dtype=np.float32)[:, None]
    streaks = np.zeros((shell.rows, TEXTURE_WIDTH), dtype=np.float32)
    for period, weight in ((61, 0.45), (27, 0.35), (13, 0.25), (7, 0.18)):
        phase, bend = rng.uniform(0, 6.28), rng.uniform(0.6, 1.4)
        drift = 5 * np.sin(rows / 120 * bend + phase)
        streaks += weight * np.sin((columns + drift) * (6.283 / period) + phase)
    return _floats(streaks)


def _cropped(shell: Shell, seed: int) -> Floats:
    """The fine, short tufts of cropped hair, about -1..1."""
    noise = np.random.default_rng(seed).standard_normal((shell.rows + 8, TEXTURE_WIDTH + 4))
    smooth = np.cumsum(np.cumsum(noise, axis=0), axis=1)
    mean = (smooth[8:, 4:] - smooth[:-8, 4:] - smooth[8:, :-4] + smooth[:-8, :-4]) / 32
    return _floats(mean * 2.2)

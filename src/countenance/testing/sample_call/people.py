"""The two people of the sample call: what they look like. Nobody real."""

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Look:
    """How one drawn person looks, and the room behind them."""

    skin: Colour
    blush: Colour
    lips: Colour
    iris: Colour
    hair: Colour
    hair_light: Colour
    brow: Colour
    shirt: Colour
    collar: Colour
    wall: Colour
    wall_light: Colour
    long_hair: bool
    jaw: float
    """Exponent of the jaw line; see `head_shell`."""
    brow_weight: float
    stubble: float
    """0 (none) to 1 (a short beard)."""
    lip_fullness: float
    key_light: tuple[float, float, float]
    """Direction towards the main light: right, down, towards the camera."""


ANA = Look(
    skin=(226, 172, 140),
    blush=(214, 118, 100),
    lips=(170, 68, 70),
    iris=(92, 62, 38),
    hair=(58, 36, 26),
    hair_light=(128, 84, 56),
    brow=(62, 40, 30),
    shirt=(58, 104, 122),
    collar=(46, 84, 100),
    wall=(176, 182, 180),
    wall_light=(232, 228, 214),
    long_hair=True,
    jaw=2.1,
    brow_weight=0.8,
    stubble=0.0,
    lip_fullness=1.0,
    key_light=(-0.45, -0.5, 0.74),
)

BEN = Look(
    skin=(146, 98, 70),
    blush=(150, 78, 58),
    lips=(130, 74, 62),
    iris=(52, 34, 24),
    hair=(26, 22, 22),
    hair_light=(66, 56, 52),
    brow=(28, 22, 20),
    shirt=(222, 222, 216),
    collar=(198, 200, 198),
    wall=(120, 134, 150),
    wall_light=(190, 202, 210),
    long_hair=False,
    jaw=2.6,
    brow_weight=1.2,
    stubble=0.75,
    lip_fullness=0.85,
    key_light=(0.42, -0.5, 0.76),
)

LOOKS = {"ana": ANA, "ben": BEN}
"""Looks by the name that the script gives them."""

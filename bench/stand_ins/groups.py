"""Which columns of the functionals belong together, so that a group can be left out."""

from countenance.inference.functionals import FUNCTIONALS
from countenance.inference.shades import SHADES
from countenance.inference.tone import BALANCE, QUALITY, TONE, TRACT

_START = FUNCTIONALS - SHADES
_UNREST = _START + 2 * len(TONE) + len(BALANCE)


def _toned(names: tuple[str, ...]) -> list[int]:
    places = [TONE.index(name) for name in names]
    return [_START + side + place for side in (0, len(TONE)) for place in places]


GROUPS = {
    "quality": [*_toned(QUALITY), _UNREST, _UNREST + 1],
    "tract": _toned(TRACT),
    "balance": [*_toned(BALANCE), *range(_UNREST - len(BALANCE), _UNREST)],
    "dynamics": list(range(_UNREST + 2, FUNCTIONALS)),
    "shades": list(range(_START, FUNCTIONALS)),
}
"""The groups of the fourth round, and all of them; places in `functionals`."""

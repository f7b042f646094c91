"""Curves for paper: one picture per state as SVG, with its own colours, and nothing drawn over a gap."""

import numpy as np

from countenance.surface.drawing import holes, runs, thin
from countenance.surface.series import Curve, Floats, Series

WIDE, TALL = 1000.0, 132.0
EDGE = 5.0
LEVELS = (0.75, 0.55, 0.35)
"""Where the words for a probability change."""
TONES = {"engaged": "#0b7285", "disengaged": "#6b5b95", "confused": "#9a5b00", "frustrated": "#b5382a"}
"""As on the pages."""
USUAL = "#0b5d66"

Spans = tuple[tuple[int, int], ...]


def picture(series: Series, curve: Curve, label: str, duration_us: int, shown: Spans) -> str:
    """One state over the call: its band, its line, gaps hatched; `shown` are the events."""
    tone = TONES.get(label, USUAL)
    spans, value, low, high = thin(series, curve, duration_us)
    parts = [_box(0, WIDE, "#f4f1ea")]
    parts += [_box(_x(start, duration_us), _x(end - start, duration_us), "#fff3cf") for start, end in shown]
    parts += [
        _box(left * WIDE / 100, width * WIDE / 100, "url(#gap)") for left, width in holes(series, curve, duration_us)
    ]
    parts += [f'<path d="M0 {y(p):.1f}H1000" stroke="#dcd8cf" stroke-dasharray="3 6"/>' for p in LEVELS]
    for run in runs(value):
        across = np.concatenate((spans[run][:1, 0], spans[run].mean(axis=1), spans[run][-1:, 1]))
        top, bottom, middle = (_points(across, part[run]) for part in (high, low, value))
        parts.append(f'<path d="M{"L".join([*top, *reversed(bottom)])}Z" fill="{tone}" fill-opacity="0.2"/>')
        parts.append(f'<path d="M{"L".join(middle)}" fill="none" stroke="{tone}" stroke-width="2.6"/>')
    return f"{HEAD}{''.join(parts)}</svg>"


def rank(label: str) -> tuple[int, str]:
    """The product's own states come first, in their own order."""
    return (list(TONES).index(label) if label in TONES else len(TONES)), label


def y(probability: float) -> float:
    """How far from the top a probability is drawn."""
    return EDGE + (1.0 - probability) * (TALL - 2 * EDGE)


def _points(across: Floats, values: Floats) -> list[str]:
    """A point over the middle of every span, the outermost drawn out to both ends."""
    whole = np.concatenate((values[:1], values, values[-1:]))
    return [f"{x:.1f} {y(p):.1f}" for x, p in zip(across.tolist(), whole.tolist(), strict=True)]


def _x(us: int, duration_us: int) -> float:
    return WIDE * us / max(1, duration_us)


def _box(left: float, width: float, paint: str) -> str:
    return f'<rect x="{left:.1f}" width="{max(width, 0.0):.1f}" y="0" height="{TALL:g}" fill="{paint}"/>'


HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE:g} {TALL:g}"><defs>'
    '<pattern id="gap" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path d="M0 0V9" stroke="#8a8f98" stroke-width="2.4"/></pattern></defs>'
)

"""Curves as SVG: a line, its band of uncertainty, and hatched gaps. No number is invented where there is none."""

import math

import numpy as np
from markupsafe import Markup, escape

from countenance.surface.findings import tick_spans
from countenance.surface.series import Curve, Floats, Series

POINTS = 600
WIDTH, HEIGHT = 1000.0, 100.0


Spans = tuple[tuple[int, int], ...]


def curve(series: Series, drawn: Curve, duration_us: int, floor: float, summary: str, shown: Spans = ()) -> Markup:
    """One lane: `floor` is the value at the bottom (0 or -1), the top is 1; `shown` marks events."""
    spans, value, low, high = thin(series, drawn, duration_us)
    lines = "".join(_line(_across(spans[run]), _ends(value[run]), floor) for run in runs(value))
    bands = "".join(_band(_across(spans[run]), _ends(low[run]), _ends(high[run]), floor) for run in runs(value))
    marks = Markup("").join(
        Markup('<rect class="hatched" x="{}%" width="{}%" y="0" height="100%"/>').format(left, width)
        for left, width in holes(series, drawn, duration_us)
    )
    event = Markup("").join(
        Markup('<rect class="event-span" x="{}%" width="{}%" y="0" height="100%"/>').format(
            percent(start, duration_us), percent(end - start, duration_us)
        )
        for start, end in shown
    )
    return Markup(
        '<svg class="curve" role="img" aria-label="{summary}" focusable="false">{event}{marks}'
        '<line class="half" x1="0" x2="100%" y1="50%" y2="50%"/>'
        '<svg viewBox="0 0 1000 100" preserveAspectRatio="none" width="100%" height="100%">'
        '<path class="band" d="{bands}"/><path class="line" d="{lines}"/></svg></svg>'
    ).format(summary=escape(summary), event=event, marks=marks, bands=Markup(bands), lines=Markup(lines))


def thin(series: Series, drawn: Curve, duration_us: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Spans (n x 2, 0..1000) and values at no more than POINTS points; a bucket keeps the outermost band."""
    scale = WIDTH / max(1, duration_us)
    spans = np.array(list(tick_spans(series)), dtype=np.float64).reshape(-1, 2) * scale
    if len(spans) <= POINTS:
        return spans, drawn.value, drawn.low, drawn.high
    rows: list[tuple[float, float, float, float, float]] = []
    for ticks in np.array_split(np.arange(len(spans)), POINTS):
        left, right = float(spans[ticks[0], 0]), float(spans[ticks[-1], 1])
        known = ticks[~np.isnan(drawn.value[ticks])]
        if len(known) * 2 < len(ticks):
            rows.append((left, right, math.nan, math.nan, math.nan))
            continue
        value, low, high = drawn.value[known].mean(), drawn.low[known].min(), drawn.high[known].max()
        rows.append((left, right, float(value), float(low), float(high)))
    table = np.array(rows)
    return table[:, :2], table[:, 2], table[:, 3], table[:, 4]


def runs(value: Floats) -> list[slice]:
    """Slices of consecutive points that hold a number."""
    known = np.concatenate(([False], ~np.isnan(value), [False]))
    edges = np.flatnonzero(known[1:] != known[:-1])
    return [slice(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def holes(series: Series, drawn: Curve, duration_us: int) -> list[tuple[float, float]]:
    """Left and width, in percent, of everything without a number, before, between and after the ticks."""
    found: list[tuple[int, int]] = []
    covered = 0
    spans = list(tick_spans(series))
    for run in runs(drawn.value):
        start, end = spans[run.start][0], spans[run.stop - 1][1]
        if start > covered:
            found.append((covered, start))
        covered = max(covered, end)
    if covered < duration_us:
        found.append((covered, duration_us))
    return [(percent(start, duration_us), percent(end - start, duration_us)) for start, end in found]


def percent(part_us: int, whole_us: int) -> float:
    """A place on the time axis."""
    return round(100 * min(1.0, max(0.0, part_us / whole_us)) if whole_us else 0.0, 3)


def _height(value: float, floor: float) -> float:
    return round(HEIGHT * (1.0 - (value - floor) / (1.0 - floor)) * 0.94 + 3.0, 1)


def _across(spans: Floats) -> Floats:
    """Where a run is drawn: from its beginning over the middle of every span to its end."""
    return np.concatenate((spans[:1, 0], spans.mean(axis=1), spans[-1:, 1]))


def _ends(values: Floats) -> Floats:
    """The first and the last value doubled, for the two ends of a run."""
    return np.concatenate((values[:1], values, values[-1:]))


def _line(places: Floats, value: Floats, floor: float) -> str:
    points = [f"{place:.1f} {_height(one, floor)}" for place, one in zip(places.tolist(), value.tolist(), strict=True)]
    return f"M{'L'.join(points)}"


def _band(places: Floats, low: Floats, high: Floats, floor: float) -> str:
    across = places.tolist()
    top = [f"{place:.1f} {_height(one, floor)}" for place, one in zip(across, high.tolist(), strict=True)]
    bottom = [f"{place:.1f} {_height(one, floor)}" for place, one in zip(across, low.tolist(), strict=True)]
    return f"M{'L'.join(top)}L{'L'.join(reversed(bottom))}Z"

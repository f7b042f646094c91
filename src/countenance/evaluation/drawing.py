"""Charts as inline SVG, drawn for 360 units of width so that they stay legible on a phone; colours are classes."""

from collections.abc import Sequence

from markupsafe import Markup

from countenance.evaluation.report import Chosen, ReliabilityBin, Risk

WIDE, TALL = 360.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 10.0, 12.0, 40.0
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
BAR = 46.0
"""Height of the histogram below a reliability diagram."""


RELIABILITY = (
    "confidence",
    "share that was right",
    "Reliability diagram: {count} groups of rows by confidence; the table below says the same.",
)
"""What stands below and beside the diagram, and what it says to whoever does not see it."""


def reliability(bins: Sequence[ReliabilityBin], words: tuple[str, str, str] = RELIABILITY) -> Markup:
    """Share right over confidence, with intervals, the diagonal of perfect calibration, and how many rows there are."""
    below, beside, instead = words
    box = _Box(bottom=BOTTOM + BAR)
    most = max(one.n for one in bins)
    parts = [box.frame(below, beside, tall=TALL + BAR)]
    parts.append(Markup('<path class="ideal" d="M{} {}L{} {}"/>').format(*box.at(0, 0), *box.at(1, 1)))
    floor = TALL + BAR - BOTTOM
    for one in bins:
        left, right = box.across(one.low) + 1, box.across(one.high) - 1
        height = round(one.n / most * (BAR - 12), 1)
        parts.append(
            Markup('<rect class="count" x="{}" y="{}" width="{}" height="{}"/>').format(
                round(left, 1), round(floor - height, 1), round(right - left, 1), max(height, 0.8)
            )
        )
        x, y = box.at(one.confidence, one.correct)
        low, high = box.up(one.correct_low), box.up(one.correct_high)
        parts.append(Markup('<path class="whisker" d="M{} {}V{}"/>').format(x, low, high))
        parts.append(Markup('<circle class="dot" cx="{}" cy="{}" r="4"/>').format(x, y))
    return _svg(parts, instead.format(count=len(bins)), TALL + BAR)


def risk_coverage(risk: Risk) -> Markup:
    """Share of wrong answers over share of rows answered, with the thresholds chosen on dev."""
    top = _ceiling(max((point.risk for point in risk.points), default=1.0))
    box = _Box(highest=top)
    places = [box.at(point.coverage, point.risk) for point in risk.points]
    line = "L".join(f"{x} {y}" for x, y in places)
    parts = [box.frame("share of rows answered", "share of them wrong", tall=TALL)]
    parts.append(Markup('<path class="line" d="M{}"/>').format(line))
    parts += [_stop(box, stop) for stop in risk.chosen if stop.coverage and stop.risk is not None]
    words = "Risk-coverage curve: fewer answers, fewer errors; the table below says the same."
    return _svg(parts, words, TALL)


def band(value: float, low: float | None, high: float | None, other: float | None, ends: tuple[float, float]) -> Markup:
    """One figure on a scale: its interval, itself, and a mark for what it is compared with."""
    box = _Strip(*ends)
    parts = [Markup('<path class="axis" d="M2 10H118"/>')]
    if other is not None:
        parts.append(Markup('<path class="other" d="M{} 2V18"/>').format(box.at(other)))
    if low is not None and high is not None:
        left = box.at(low)
        width = max(1.5, round(box.at(high) - left, 1))
        parts.append(Markup('<rect class="span" x="{}" y="6" width="{}" height="8" rx="3"/>').format(left, width))
    parts.append(Markup('<circle class="dot" cx="{}" cy="10" r="3.5"/>').format(box.at(value)))
    return Markup('<svg class="band" viewBox="0 0 120 20" aria-hidden="true" focusable="false">{}</svg>').format(
        Markup("").join(parts)
    )


class _Strip:
    """A scale of 116 units between two ends."""

    def __init__(self, low: float, high: float) -> None:
        self._low, self._span = low, (high - low) or 1.0

    def at(self, value: float) -> float:
        return round(2 + 116 * min(1.0, max(0.0, (value - self._low) / self._span)), 1)


class _Box:
    """The plotting area: 0 to 1 across, 0 to `highest` upwards."""

    def __init__(self, highest: float = 1.0, bottom: float = BOTTOM) -> None:
        self.highest = highest
        self._floor = TALL - BOTTOM if bottom == BOTTOM else TALL - BOTTOM + BAR - (bottom - BOTTOM) + 2
        self._ceiling = TOP

    def across(self, value: float) -> float:
        return LEFT + value * (WIDE - LEFT - RIGHT)

    def up(self, value: float) -> float:
        return round(self._floor - min(1.0, value / self.highest) * (self._floor - self._ceiling), 1)

    def at(self, x: float, y: float) -> tuple[float, float]:
        return round(self.across(x), 1), self.up(y)

    def frame(self, across: str, upwards: str, tall: float) -> Markup:
        """Grid, numbers and names of both axes."""
        parts = []
        for tick in TICKS:
            x, y = round(self.across(tick), 1), self.up(tick * self.highest)
            parts.append(Markup('<path class="grid" d="M{} {}H{}"/>').format(LEFT, y, WIDE - RIGHT))
            shown = f"{tick * self.highest:.2g}"
            parts.append(
                Markup('<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>').format(LEFT - 6, y + 4, shown)
            )
            parts.append(
                Markup('<text class="tick" x="{}" y="{}" text-anchor="middle">{:.2g}</text>').format(
                    x, tall - BOTTOM + 16, tick
                )
            )
        parts.append(
            Markup('<text class="name" x="{}" y="{}" text-anchor="middle">{}</text>').format(
                (LEFT + WIDE - RIGHT) / 2, tall - 5, across
            )
        )
        middle = (self._floor + self._ceiling) / 2
        parts.append(
            Markup('<text class="name" transform="translate(11 {}) rotate(-90)" text-anchor="middle">{}</text>').format(
                middle, upwards
            )
        )
        return Markup("").join(parts)


def _stop(box: _Box, stop: Chosen) -> Markup:
    x, y = box.at(stop.coverage or 0.0, stop.risk or 0.0)
    wanted = box.up(stop.wanted)
    return Markup('<path class="other" d="M{} {}H{}"/><circle class="stop" cx="{}" cy="{}" r="4.5"/>').format(
        round(x - 8, 1), wanted, round(x + 8, 1), x, y
    )


def _ceiling(value: float) -> float:
    """A round top for an axis that begins at 0."""
    return next((top for top in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8) if value <= top), 1.0)


def _svg(parts: Sequence[Markup], words: str, tall: float) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}" focusable="false">{}</svg>'
    ).format(WIDE, tall, words, Markup("").join(parts))

"""The curves of a training as one picture: a small chart per value, a line per stage."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT, GAP = 360, 140, 28
COLOURS = ("#2f6f8f", "#b3541e", "#4a7c3a", "#7a4b8f", "#8a6d1d")


def draw(rows: Sequence[Mapping[str, Any]]) -> str:
    """Draw logged points (`stage`, `step` and named values) as SVG."""
    names = list(dict.fromkeys(key for row in rows for key in row if key not in ("stage", "step")))
    charts = [_chart(name, rows, place * (HEIGHT + GAP)) for place, name in enumerate(names)]
    height = max(1, len(names)) * (HEIGHT + GAP)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 80} {height}" font-family="sans-serif"'
    return f'{head} font-size="11">' + "".join(charts) + "</svg>\n"


def _chart(name: str, rows: Sequence[Mapping[str, Any]], top: int) -> str:
    seen = [row for row in rows if name in row]
    stages = list(dict.fromkeys(str(row["stage"]) for row in seen))
    low, high = min(row[name] for row in seen), max(row[name] for row in seen)
    last = max(row["step"] for row in seen)
    first = min(row["step"] for row in seen)
    lines = []
    for place, stage in enumerate(stages):
        points = " ".join(
            f"{_across(row['step'], first, last):.1f},{top + GAP + _down(row[name], low, high):.1f}"
            for row in seen
            if row["stage"] == stage
        )
        colour = COLOURS[place % len(COLOURS)]
        lines.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
        lines.append(f'<text x="{WIDTH + 6}" y="{top + GAP + 12 + 13 * place}" fill="{colour}">{escape(stage)}</text>')
    title = f"{escape(name)}: {seen[-1][name]:.4g} at {seen[-1]['step']} (from {low:.4g} to {high:.4g})"
    return f'<text x="0" y="{top + 18}">{title}</text>' + "".join(lines)


def _across(step: float, first: float, last: float) -> float:
    return WIDTH * (step - first) / ((last - first) or 1)


def _down(value: float, low: float, high: float) -> float:
    return (HEIGHT - GAP) * (1 - (value - low) / ((high - low) or 1))

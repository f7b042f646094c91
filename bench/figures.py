"""Write `docs/figures.md` out of the bundles' cards and the results of the bench commands.

python -m bench.figures            # writes the page
python -m bench.figures --check    # exits 1 when the page is not what it would write
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from countenance.contracts.card import Card, Figure
from countenance.inference.shelf import Profile, Shelf

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "figures.md"
RESULTS = Path(__file__).parent / "results"
ROOTS = (ROOT / "src/countenance/models", ROOT / "research/src/countenance_research/models")


def main() -> None:
    """Write or check the page."""
    text = page()
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == text else "docs/figures.md is stale: run `make figures`")
    PAGE.write_text(text, encoding="utf-8")


def page() -> str:
    """The whole page."""
    folders = [folder for root in ROOTS for folder in sorted(root.glob("*.v*"))]
    cards = [card for _, card in sorted(Shelf(folders, Profile.OPEN).cards.items())]
    sizes = {folder.name: sum(f.stat().st_size for f in folder.iterdir()) for folder in folders}
    lines = [
        "# Figures",
        "",
        "Written by `make figures` out of the model cards and the bench results; never edited by hand. The commands",
        "that measured each figure are in [training.md](training.md). Intervals are 95 % bootstrap intervals;",
        "*majority* is the same metric for always answering the commonest class.",
        "",
        *sizes_table(cards, sizes),
        *(line for card in cards for line in card_section(card)),
        *speed(),
    ]
    return "\n".join(lines).rstrip() + "\n"


def sizes_table(cards: list[Card], sizes: dict[str, int]) -> Iterator[str]:
    """Name, size and terms of every bundle."""
    yield from ("## Bundles", "", "| bundle | MB | weights | data | profile `commercial` |", "|---|---|---|---|---|")
    for card in cards:
        clean = "yes" if card.licence.commercial else "no"
        yield f"| {card.name} | {sizes[card.name] / 1e6:.2f} | {card.licence.weights} | {card.licence.data} | {clean} |"
    yield f"| together | {sum(sizes.values()) / 1e6:.2f} | | | |"
    yield ""


def card_section(card: Card) -> Iterator[str]:
    """The figures of one bundle."""
    yield from (f"## {card.name}", "", card.summary, "")
    if card.figures:
        yield from ("| metric | value | interval | n | majority | protocol |", "|---|---|---|---|---|---|")
        yield from (figure_row(figure) for figure in card.figures)
        yield ""


def figure_row(figure: Figure) -> str:
    """One measured figure."""
    band = "" if figure.low is None or figure.high is None else f"{figure.low:.3f} to {figure.high:.3f}"
    majority = "" if figure.majority is None else f"{figure.majority:.3f}"
    return f"| {figure.metric} | {figure.value:.3f} | {band} | {figure.n} | {majority} | {figure.protocol} |"


def speed() -> Iterator[str]:
    """What the bench commands measured."""
    yield from ("## Speed", "")
    for path in sorted(RESULTS.glob("*.json")):
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        yield from (
            f"`python -m bench.{path.stem} --save`: {result.pop('what')}.",
            "",
            "| figure | value |",
            "|---|---|",
        )
        for name, value in result.items():
            rows = value if isinstance(value, dict) else {"": value}
            for part, number in rows.items():
                yield f"| {' '.join(filter(None, (name.replace('_', ' '), part)))} | {number} |"
        yield ""


if __name__ == "__main__":
    main()

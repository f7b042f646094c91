"""One page on every bundle: whom it serves well and whom it does not, worst first, good or bad."""

from collections.abc import Iterator, Sequence

from countenance.evaluation.cards.artefacts import Artefacts
from countenance.evaluation.cards.document import Block, Items, Sheet, Words
from countenance.evaluation.cards.groups import groups, worst_rows
from countenance.evaluation.cards.markdown import blocks, plain
from countenance.evaluation.gate_limits import shipped_gates

COLUMNS = ("bundle", "measure", "worst group", "figure", "95 % interval", "n", "distance", "stated by", "measured on")


def fairness(bundles: Sequence[Artefacts]) -> str:
    """The page as Markdown; ends with one newline."""
    lines = ["# Fairness: how well it does, and for whom", ""]
    lines += blocks(_opening())
    lines += ["## The worst group of each measure", "", *blocks(_worst(bundles))]
    for found in bundles:
        lines += [f"## {plain(found.card.name)}", "", *blocks((Words(found.card.summary),))]
        lines += blocks(list(groups(found)) or _unknown(found))
    return "\n".join(lines).rstrip() + "\n"


def _opening() -> Iterator[Block]:
    least = shipped_gates().least
    yield Words(
        "Written by `make cards` out of the measurements of the shipped bundles; never edited by hand. What is blocked "
        "before a release stands in gate.md; how each bundle was made stands in its card under models/."
    )
    yield Items(
        (
            "Worst first. Intervals are 95 % bootstrap intervals, drawn over people where people have several rows.",
            f"A group of under {least.rows} rows or {least.people} people carries no conclusion: not enough data.",
            "Elsewhere a distance whose interval holds 0 says that none was seen, not that there is none.",
            "Above each table stands whether people stated a group or others judged it, which is a guess.",
            "No group is an input or an output of any model here.",
        )
    )


def _worst(bundles: Sequence[Artefacts]) -> Iterator[Block]:
    rows = tuple((found.card.name, *row) for found in bundles for row in worst_rows(found))
    if rows:
        yield Sheet("Among groups with enough data", COLUMNS, rows)
    unknown = [found.card.name for found in bundles if not list(groups(found))]
    if unknown:
        yield Words(f"Nothing is known by group of people for {', '.join(unknown)}; why stands below.")


def _unknown(found: Artefacts) -> tuple[Block, ...]:
    why = found.card.data.get("demographics", "The card does not say who the people in the data are.")
    return (
        Words("None known. The data on which it is measured does not say who the people in it are."),
        Words(f"What the card says of them: {why}"),
    )

"""A document as one page: complete in itself, no script, nothing asked of any network."""

import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Template
from markupsafe import Markup, escape

from countenance.evaluation.cards.document import (
    TO_BE_FILLED,
    Band,
    Bands,
    Code,
    Document,
    Facts,
    Items,
    Missing,
    Sheet,
    Words,
)
from countenance.evaluation.templating import templates

CODE = re.compile(r"`([^`]+)`")
ROOM = "evaluation/cards/templates"
KINDS = {
    Words: "words",
    Items: "items",
    Facts: "facts",
    Sheet: "sheet",
    Bands: "bands",
    Code: "code",
    Missing: "missing",
}


def html(document: Document) -> str:
    """The whole page."""
    style = _style()
    return _template().render(
        document=document,
        style=Markup(style),
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        to_be_filled=TO_BE_FILLED,
    )


@dataclass(frozen=True, slots=True)
class Plot:
    """Where a band lies, in hundredths of the width of its column."""

    left: float
    width: float
    at: float
    whole: float | None


def plot(bands: Bands, band: Band) -> Plot | None:
    """The place of a band on the scale that all bands of the block share; None where there is no number."""
    if band.value is None:
        return None
    ends = [end for one in bands.rows for end in (one.low, one.value, one.high) if end is not None]
    ends += [] if bands.whole is None else [bands.whole]
    least, most = min(ends), max(ends)
    span = (most - least) or 1.0

    def place(value: float) -> float:
        return round(2.0 + 96.0 * (value - least) / span, 2)

    left = place(band.value if band.low is None else band.low)
    right = place(band.value if band.high is None else band.high)
    return Plot(left, round(right - left, 2), place(band.value), None if bands.whole is None else place(bands.whole))


def coded(words: str) -> Markup:
    """Words with what stands between backticks as code."""
    pieces = CODE.split(words)
    return Markup("").join(
        escape(piece) if at % 2 == 0 else Markup("<code>{}</code>").format(piece) for at, piece in enumerate(pieces)
    )


@cache
def _template() -> Template:
    environment = templates(ROOM)
    environment.filters["coded"] = coded
    environment.tests["kind"] = lambda block, name: KINDS.get(type(block), "text") == name
    environment.globals.update(plot=plot)
    return environment.get_template("card.html.j2")


@cache
def _style() -> str:
    return files("countenance").joinpath(ROOM, "card.css").read_text(encoding="utf-8")

"""A document as Markdown that any reader of Markdown shows the same way."""

import re
from collections.abc import Iterable, Iterator

from countenance.evaluation.cards.document import (
    TO_BE_FILLED,
    Band,
    Bands,
    Block,
    Code,
    Document,
    Facts,
    Items,
    Missing,
    Said,
    Sheet,
    Words,
)

SPECIAL = re.compile(r"[\\`*<>|]|(?<=\])\(|(?<!\w)_|_(?!\w)")
CODE = re.compile(r"`([^`]+)`")
AT_START = re.compile(r"^(\s*)([#>+-]|\d+[.)])(?=\s)")


def markdown(document: Document) -> str:
    """The whole document; ends with one newline."""
    lines = [f"# {plain(document.title)}", "", plain(document.summary), ""]
    for sentence in document.notice:
        lines += [f"> {plain(sentence)}", ">"]
    lines[-1] = ""
    lines += blocks(document.glance)
    for section in document.sections:
        lines += [f"## {section.number}. {plain(section.title)}", "", f"*{plain(section.point)}*", ""]
        for part in section.parts:
            lines += [f"### {plain(part.title)}", ""]
            lines += blocks(part.blocks)
    return "\n".join(lines).rstrip() + "\n"


def blocks(given: Iterable[Block]) -> list[str]:
    """Lines of several blocks, each with an empty line behind it."""
    return [line for block in given for line in _block(block)]


def plain(words: str) -> str:
    """Words that Markdown shows as they are, on one line; what stands between backticks is code."""
    pieces = CODE.split(" ".join(words.split()))
    shown = [_escaped(piece) if at % 2 == 0 else _code(piece) for at, piece in enumerate(pieces)]
    return AT_START.sub(r"\1\\\2", "".join(shown))


def _escaped(words: str) -> str:
    return SPECIAL.sub(lambda found: "\\" + found.group(0), words)


def _code(words: str) -> str:
    # Even inside a code span a bar ends the cell of a table.
    return f"`{words.replace('`', '').replace('|', '/')}`" if words else ""


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Words):
        yield from (plain(block.words), "")
    elif isinstance(block, Items):
        yield from (*(f"- {plain(item)}" for item in block.items), "")
    elif isinstance(block, Facts):
        yield from (*(f"- **{plain(term)}**: {_said(said)}" for term, said in block.rows), "")
    else:
        yield from _sheet(block if isinstance(block, Sheet) else sheet_of(block))


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield from (f"{plain(sheet.title)}:", "")
    yield f"| {' | '.join(plain(name) for name in sheet.columns)} |"
    yield "|" + "---|" * len(sheet.columns)
    for row in sheet.rows:
        yield f"| {' | '.join(_said(cell) for cell in row)} |"
    yield ""


def sheet_of(bands: Bands) -> Sheet:
    """Bands as a plain table."""

    def row(band: Band) -> tuple[str, ...]:
        return band.name, "" if band.value is None else f"{band.value:.3f}", band.interval, f"{band.n:,}", band.note

    columns = ("", bands.metric.replace("_", " "), "95 % interval", "n", "note")
    return Sheet(bands.title, columns, tuple(row(band) for band in bands.rows))


def _said(said: Said) -> str:
    if isinstance(said, Code):
        return _code(said.words)
    if isinstance(said, Missing):
        return f"**{TO_BE_FILLED}** (`{said.key}`: {plain(said.why)})"
    return plain(said)

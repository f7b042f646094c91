"""A paper as PDF: `python -m countenance.surface.typesetting < paper.json > paper.pdf`.

Typst sets it: tagged for readers of the screen (PDF/UA-1), real text, pictures as vectors, its own fonts. It runs in a
process of its own, for the compiler keeps what it has once laid out. What is set is data to the template, never markup.
"""

import json
import sys
from importlib.resources import files
from typing import Final

import typst

from countenance.inference.trial import cap, leave_the_network
from countenance.surface.paper_blocks import Block

STANDARD: Final = "ua-1"
MEMORY, CPU_S = 3 << 30, 60


def to_pdf(paper: Block) -> bytes:
    """The bytes of the PDF."""
    template = (files("countenance.surface") / "templates" / "paper.typ").read_bytes()
    compiler = typst.Compiler(template, ignore_system_fonts=True, sys_inputs={"paper": json.dumps(paper)})
    made = compiler.compile(format="pdf", pdf_standards=STANDARD, timestamp=paper["at_s"])
    assert isinstance(made, bytes)
    return made


def main() -> None:
    """Reads JSON, writes PDF."""
    cap(MEMORY, CPU_S)
    leave_the_network()
    sys.stdout.buffer.write(to_pdf(json.load(sys.stdin)))


if __name__ == "__main__":
    main()

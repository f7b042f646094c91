"""The review of a call as a PDF, for one reader, in one language."""

import json
from datetime import datetime

from countenance.server.apart import Apart
from countenance.server.words import words_of
from countenance.surface.paper import paper
from countenance.surface.paper_blocks import Review
from countenance.surface.wording import Wording

PDF = "application/pdf"
CATALOGUE = "paper"
WALL_S = 60.0


class Papers:
    """Sets papers, a few at once."""

    def __init__(self) -> None:
        self._apart = Apart()

    async def pdf(self, review: Review, language: str) -> bytes:
        """The bytes of the PDF; raises OverloadError where it cannot be set."""
        made = paper(review, Wording(language, words_of(language, CATALOGUE).one))
        given = json.dumps(made).encode()
        return await self._apart.done("countenance.surface.typesetting", given=given, wall_s=WALL_S)


def file_name(started_at: str | None) -> str:
    """What a browser saves it as: the day, and nobody's name."""
    day = "call" if started_at is None else datetime.fromisoformat(started_at).date().isoformat()
    return f"review-{day}.pdf"

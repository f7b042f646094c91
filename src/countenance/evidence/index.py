"""The first page of a pack: what is in it, and what still waits for the operator."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from markupsafe import Markup

from countenance import __version__
from countenance.evaluation.cards.document import Document
from countenance.evaluation.templating import templates
from countenance.evidence.plan import fields
from countenance.evidence.standing import Standing

ROOM = "evidence/templates"
STYLE = "evaluation/cards/templates/card.css"


@dataclass(frozen=True, slots=True)
class Listed:
    """One paper on the first page."""

    file: str
    """Without its ending: a page and a Markdown file bear it."""
    title: str
    summary: str
    open: int
    """How many operator fields wait in it."""


def listed(papers: Iterable[tuple[str, Document]]) -> tuple[Listed, ...]:
    """Papers as the first page names them."""
    return tuple(Listed(file, one.title, one.summary, len(one.missing)) for file, one in papers)


def index_page(
    standing: Standing, papers: Sequence[Listed], cards: Sequence[Listed], texts: Iterable[str], waiting: Sequence[str]
) -> str:
    """The first page."""
    style = files("countenance").joinpath(STYLE).read_text(encoding="utf-8")
    return (
        templates(ROOM)
        .get_template("index.html.j2")
        .render(
            standing=standing,
            papers=papers,
            cards=cards,
            texts=sorted(texts),
            waiting=[(key, fields()[key].why) for key in waiting],
            version=__version__,
            style=Markup(style),
            style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        )
    )


def index_text(
    standing: Standing, papers: Sequence[Listed], cards: Sequence[Listed], texts: Iterable[str], waiting: Sequence[str]
) -> str:
    """The same as Markdown."""
    asked = standing.deployment
    lines = [
        "# Evidence pack",
        "",
        f"Deployment `{asked.deployment_id}`, purpose {asked.purpose.value}, law of {standing.on.isoformat()}.",
        "Drafts written out of the running configuration; not legal advice, and no proof of conformity.",
        "",
    ]
    lines += [f"- [{one.title}]({one.file}.html): {one.summary}" for one in papers]
    lines += ["", "Models:", "", *(f"- [{one.title}]({one.file}.html): {one.summary}" for one in cards)]
    lines += ["", "Notices as people are shown them:", "", *(f"- notices/{name}" for name in sorted(texts))]
    lines += ["", "`rulings.jsonl` holds the rulings for machines; `manifest.json` the sha256 of every file."]
    if waiting:
        lines += ["", f"{len(waiting)} fields wait for you:", "", *(f"- `{k}`: {fields()[k].why}" for k in waiting)]
    return "\n".join(lines) + "\n"

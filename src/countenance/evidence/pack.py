"""The pack as a folder: papers as pages and as Markdown, the models' documents, rulings, notices, a manifest."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from countenance import __version__
from countenance.contracts.errors import EvidenceError, UsageError
from countenance.evaluation.cards.artefacts import gather
from countenance.evaluation.cards.compose import compose as compose_card
from countenance.evaluation.cards.document import Document
from countenance.evaluation.cards.html import html
from countenance.evaluation.cards.markdown import markdown
from countenance.evidence.compose import compose
from countenance.evidence.index import index_page, index_text, listed
from countenance.evidence.law import law_words, shipped_recipes
from countenance.evidence.notices import notices, said
from countenance.evidence.plan import PAPERS, paper
from countenance.evidence.standing import Standing
from countenance.inference.shelf import Shelf
from countenance.policy.explain import plain

SCHEMA = "countenance.evidence.v1"
MANIFEST = "manifest.json"
"""A folder without this file was not made here and is never replaced."""


@dataclass(frozen=True, slots=True)
class Pack:
    """What was written."""

    folder: Path
    papers: tuple[Document, ...]
    open: tuple[str, ...]
    """Keys of the operator fields that still wait, each once."""


def write_pack(
    standing: Standing, operator: Mapping[str, str], out: Path, measured: Path | None = None, strict: bool = False
) -> Pack:
    """Write the whole pack or nothing; with `strict`, raises EvidenceError while an operator field is open."""
    if out.exists() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise UsageError(f"{out} exists and is no evidence pack", "Choose another --out, or move it away.")
    told = said(standing, operator)
    papers = tuple((paper(name).file, compose(paper(name), standing, told)) for name in PAPERS)
    cards = tuple(_cards(standing, told, measured))
    waiting = tuple(dict.fromkeys(one.key for _, document in (*papers, *cards) for one in document.missing))
    if strict and waiting:
        raise EvidenceError(
            f"{len(waiting)} fields are still open: {', '.join(waiting)}",
            "Fill them in the file given to --operator; --operator-blank prints one to start from.",
        )
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    written = dict(_files(standing, papers, cards, waiting))
    for name, text in written.items():
        path = partial / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (partial / MANIFEST).write_text(_manifest(standing, written, waiting), encoding="utf-8")
    if out.exists():
        shutil.rmtree(out)
    partial.rename(out)
    return Pack(out, tuple(document for _, document in papers), waiting)


def _files(
    standing: Standing,
    papers: Iterable[tuple[str, Document]],
    cards: Iterable[tuple[str, Document]],
    waiting: tuple[str, ...],
) -> Iterator[tuple[str, str]]:
    for name, document in (*papers, *cards):
        yield f"{name}.html", html(document)
        yield f"{name}.md", markdown(document)
    texts = notices(standing)
    yield from ((f"notices/{name}", text) for name, text in texts.items())
    yield "rulings.jsonl", "".join(json.dumps(row) + "\n" for row in _rulings(standing))
    if standing.kept is not None:
        yield "checkpoint", standing.kept.checkpoint
    first = (standing, listed(papers), listed(cards), tuple(texts), waiting)
    yield "index.html", index_page(*first)
    yield "README.md", index_text(*first)


def _cards(standing: Standing, operator: Mapping[str, str], measured: Path | None) -> Iterator[tuple[str, Document]]:
    shelf = Shelf.installed(standing.deployment.profile, standing.deployment.models.paths)
    for card in standing.cards:
        if card.name in shelf.adapters:
            continue  # other people's weights: their card is their publisher's
        own = measured / card.name if measured is not None and (measured / card.name).exists() else None
        found = gather(shelf.places(card.task)[card.name], own, recipes=shipped_recipes())
        yield f"models/{card.name}", compose_card(found, law_words(card.modality), operator)


def _rulings(standing: Standing) -> Iterator[Mapping[str, object]]:
    for participant, rulings in standing.people():
        for modality, ruling in rulings.items():
            yield {"participant": participant.id, "modality": modality, **plain(ruling)}


def _manifest(standing: Standing, written: Mapping[str, str], waiting: tuple[str, ...]) -> str:
    digests = {name: sha256(text.encode()).hexdigest() for name, text in sorted(written.items())}
    told = {
        "schema": SCHEMA,
        "software": f"Countenance {__version__}",
        "deployment": standing.deployment.deployment_id,
        "on": standing.on.isoformat(),
        "policy_digest": standing.gate.digest,
        "log": None if standing.kept is None else {"size": standing.kept.size, "root": standing.kept.root},
        "open": list(waiting),
        "sha256": digests,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"

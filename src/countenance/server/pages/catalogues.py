"""Keeping the catalogues: `python -m countenance.server.pages.catalogues` adds new words and drops old ones."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from countenance.evidence.plan import paper, sentences
from countenance.server.words import COMMON, ENGLISH, LANGUAGES

Message = str | tuple[str, str]

SHARED = frozenset(
    {"base", "shell", "words", "dom", "api", "chart", "terms", "rendering", "live", "keyed", "seat", "wording"}
)
"""Files whose words belong to every screen."""
TEXT = r'"(?:[^"\\]|\\.)*"'
SAID = re.compile(rf"(?<![\w.$])(?:t\(\s*(?P<one>{TEXT})|n\(\s*(?P<single>{TEXT})\s*,\s*(?P<plural>{TEXT}))")
"""`t("...")` and `n("...", "...")` in a script, also one within the other."""
NOTES = "notes"
"""The folder of the notes, and their catalogue."""
RETENTION = "retention"
"""The public policy: a paper of the evidence pack and a page."""
TEMPLATE_WORDS = {"_": None, "ngettext": (1, 2)}
TRIMMED = {"trimmed": "true", "silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}


def said_by_screen() -> Mapping[str, frozenset[Message]]:
    """What the pages say in English, by catalogue; what several screens say is in `common` alone."""
    found: dict[str, set[Message]] = {COMMON: set()}
    for file in _files():
        screen = _screen(file)
        found.setdefault(screen, set()).update(_messages(file))
    names = [name for name in found if name != COMMON]
    for name in names:
        for other in names:
            found[COMMON] |= found[name] & found[other] if name != other else set()
    return {name: frozenset(said - found[COMMON] if name != COMMON else said) for name, said in found.items()}


def missing(language: str) -> Mapping[str, frozenset[Message]]:
    """What pages say and a language has no words for, by catalogue."""
    found = {}
    for screen, said in said_by_screen().items():
        known = {message.id for message in _catalogue(language, screen) if _is_whole(message.string)}
        found[screen] = frozenset(one for one in said if one not in known)
    return {screen: words for screen, words in found.items() if words}


def update(language: str) -> int:
    """Bring the catalogues of a language in line with the pages; returns how many words wait to be translated."""
    known = {message.id: message.string for screen in _known(language) for message in _catalogue(language, screen)}
    waiting = 0
    for screen, said in said_by_screen().items():
        fresh = Catalog(locale=language, project="Countenance", charset="utf-8")
        for one in sorted(said, key=str):
            words = known.get(one) or ""
            waiting += not _is_whole(words)
            fresh.add(one, words)
        path = _folder(language) / f"{screen}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            write_po(out, fresh, width=120, omit_header=True, sort_output=True)
    for screen in _known(language) - set(said_by_screen()):
        (_folder(language) / f"{screen}.po").unlink()
    return waiting


def _is_whole(words: Iterable[str]) -> bool:
    return words != "" and all(words)


def _known(language: str) -> set[str]:
    return {path.stem for path in _folder(language).glob("*.po")}


def _catalogue(language: str, screen: str) -> Catalog:
    path = _folder(language) / f"{screen}.po"
    return read_po(BytesIO(path.read_bytes() if path.is_file() else b""), locale=language)


def _folder(language: str) -> Path:
    return Path(str(resources.files("countenance.server"))) / "locale" / language


def _files() -> Iterator[Path]:
    server = Path(str(resources.files("countenance.server")))
    yield from sorted((server / "templates").glob("*.j2"))
    yield from sorted((server / "static").glob("*.js"))
    yield server / "pages" / "rendering.py"
    evidence = Path(str(resources.files("countenance.evidence")))
    yield from (evidence / "people.py", evidence / "papers" / f"{RETENTION}.toml")
    surface = Path(str(resources.files("countenance.surface")))
    yield from (surface / "wording.py", *sorted(surface.glob("paper*.py")), *sorted((surface / "notes").glob("*.py")))


def _screen(file: Path) -> str:
    """The catalogue of a file: `coach.html.j2`, `coach.js` and `coach_card.js` belong to the screen `coach`.

    What leaves on paper has a catalogue too: `paper.py`, `paper_readings.py`; so have the notes for systems of record
    and the public retention policy.
    """
    if file.parent.name == NOTES:
        return NOTES
    if "evidence" in file.parts:
        return RETENTION
    bare = file.name.partition(".")[0].lstrip("_").partition("_")[0]
    return COMMON if bare in SHARED else bare


def _messages(file: Path) -> Iterator[Message]:
    if file.name == "rendering.py":
        from countenance.server.pages.rendering import NAV

        yield from (name for _, name, _ in NAV)
        return
    if file.suffix == ".toml":
        yield from sentences(paper(file.stem))
        return
    if file.suffix == ".js":
        yield from in_script(file.read_text("utf-8"))
        return
    read, of_template = BytesIO(file.read_bytes()), file.suffix == ".j2"
    method, options = ("jinja2.ext:babel_extract", TRIMMED) if of_template else ("python", {})
    for _, message, _, _ in extract(method, read, TEMPLATE_WORDS, options=options):
        yield message if isinstance(message, str) else (message[0], message[1])


def in_script(text: str) -> Iterator[Message]:
    """What a script says, in order; words within the values of other words count as well."""
    for found in SAID.finditer(text):
        one, single, plural = (value and json.loads(value) for value in found.group("one", "single", "plural"))
        yield one if one is not None else (single, plural)


if __name__ == "__main__":
    for each in LANGUAGES:
        if each != ENGLISH:
            sys.stderr.write(f"{each}: {update(each)} to be translated\n")

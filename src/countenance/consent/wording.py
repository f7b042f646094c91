"""The texts of a notice in one language: a versioned TOML file of blocks, each a table of sentences."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from countenance.contracts.errors import ConsentError
from countenance.inference.tables import near

CURRENT = "call.v2"
"""The notice that is shown today; consents to an older one expire."""
NAME = re.compile(r"(?P<id>[a-z]+\.v[1-9][0-9]*)\.(?P<language>[a-z]{2})\.toml")
SLOT = re.compile(r"\{([a-z0-9]+)\}")


@dataclass(frozen=True, slots=True)
class Wording:
    """One notice in one language, not yet filled in."""

    id: str
    language: str
    blocks: Mapping[str, Mapping[str, str]]

    def say(self, block: str, key: str, **facts: object) -> str:
        """One sentence with its slots filled; raises ConsentError when the notice has no such sentence."""
        sentences = self.blocks.get(block, {})
        if key not in sentences:
            problem = f"the notice {self.id} in {self.language} has no words for {block} {key!r}"
            raise ConsentError(problem, near(key, sentences))
        return sentences[key].format(**facts)


def shipped() -> Traversable:
    """The folder of the notices that come with the package."""
    return files("countenance.consent") / "notices"


def languages(notice: str = CURRENT, folder: Traversable | None = None) -> tuple[str, ...]:
    """The languages in which a notice is there."""
    place = folder if folder is not None else shipped()
    found = (NAME.fullmatch(file.name) for file in place.iterdir())
    return tuple(sorted(match["language"] for match in found if match and match["id"] == notice))


def load(language: str, notice: str = CURRENT, folder: Traversable | None = None) -> Wording:
    """Read a notice; raises ConsentError when there is none in this language or the file is not a notice."""
    place = folder if folder is not None else shipped()
    known = languages(notice, place)
    if language not in known:
        raise ConsentError(f"there is no notice {notice} in {language!r}", near(language, known))
    file = place / f"{notice}.{language}.toml"
    try:
        blocks = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConsentError(f"{file.name}: not valid TOML ({error})", "Mend the line it names.") from error
    head = blocks.pop("notice", None)
    if not isinstance(head, dict) or (head.get("id"), head.get("language")) != (notice, language):
        raise ConsentError(
            f"{file.name}: says it is another notice", f'Write id = "{notice}", language = "{language}".'
        )
    _only_sentences(file.name, blocks)
    return Wording(notice, language, blocks)


def slots(sentence: str) -> frozenset[str]:
    """The names of what is filled in."""
    return frozenset(SLOT.findall(sentence))


def _only_sentences(name: str, blocks: Mapping[str, object]) -> None:
    for block, sentences in blocks.items():
        tidy = isinstance(sentences, dict) and all(isinstance(s, str) and s.strip() for s in sentences.values())
        if not tidy:
            raise ConsentError(f"{name}: [{block}] is not a table of sentences", 'Write each as key = "sentence".')

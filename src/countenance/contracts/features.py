"""What people call what is measured, in every language; the table is `features.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

Texts = Mapping[str, str]
"""By language."""


def feature_words(name: str, language: str) -> str:
    """`cue.smile` -> `Lächeln`; what only a head or playbook of one's own names is called by its own word."""
    kind, _, own = name.partition(".")
    table = _table()
    texts = table.get(kind, {}).get(own)
    if texts is not None:
        return texts[language]
    bare = (own or kind).replace("_", " ").replace(".", " ")
    around = table["other"].get(kind)
    return bare if around is None else around[language].format(name=bare)


def named_features(language: str) -> Mapping[str, str]:
    """Every feature that the table knows, by name."""
    return {
        f"{kind}.{own}": texts[language]
        for kind, texts_by_name in _table().items()
        if kind != "other"
        for own, texts in texts_by_name.items()
    }


@cache
def _table() -> Mapping[str, Mapping[str, Texts]]:
    return tomllib.loads((files("countenance.contracts") / "features.toml").read_text(encoding="utf-8"))

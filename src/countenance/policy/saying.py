"""What a rule says to the person it concerns, in their language; the record keeps the English it was given in."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

ASIDE = re.compile(r"(?P<reason>.*) \(not stated, so the strictest is assumed: (?P<facts>[a-z0-9_, ]+)\)")
SILENT = re.compile(r"no rule allows this in (?P<places>[A-Z, -]+)(?:; it may change when these facts are stated: .*)?")


def say(reason: str, language: str) -> str | None:
    """A reason in a language; None in English, and for rules of a deployer's own, which have only their own words."""
    words = _words()
    if language not in words["asides"]:
        return None
    doubt, nowhere = words["asides"][language]
    if (silent := SILENT.fullmatch(reason)) is not None:
        return str(nowhere).format(places=silent["places"])
    unsure = ASIDE.fullmatch(reason)
    bare = reason if unsure is None else unsure["reason"]
    said: str | None = words["reason"].get(bare, {}).get(language)
    if said is None or unsure is None:
        return said
    facts = [words["facts"].get(name, {}).get(language, name) for name in unsure["facts"].split(", ")]
    return f"{said} ({str(doubt).format(facts=', '.join(facts))})"


@cache
def _words() -> Mapping[str, Any]:
    table = tomllib.loads((files("countenance.policy") / "reasons.toml").read_text(encoding="utf-8"))
    return {**table, "reason": {one["en"]: one for one in table["reason"]}}

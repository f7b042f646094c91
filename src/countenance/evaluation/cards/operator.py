"""What an operator says of the own deployment: `operator.toml`, checked to the last key."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from countenance.contracts.errors import UsageError
from countenance.evaluation.cards.document import TO_BE_FILLED
from countenance.evaluation.cards.skeleton import OperatorField, skeleton
from countenance.inference.tables import near

EMPTY_WORDS = ("todo", "tbd", "tba", "n/a", "na", "none", "xxx", "?", "-", "unknown", TO_BE_FILLED.lower())
"""Words that only look like an answer."""


def read_operator(path: Path, beside: Iterable[OperatorField] = ()) -> dict[str, str]:
    """Values by key, such as `provider.name`; raises UsageError on anything unknown, empty or of no content.

    `beside`: what other papers ask for, so that one file can serve them all.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "Give the path of a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not valid TOML ({error})", "Mend the line it names.") from error
    known = {field.key: field for field in (*skeleton().field, *beside)}
    values: dict[str, str] = {}
    for key, value in _flat(data, ""):
        if key not in known:
            raise UsageError(f"{path}: unknown key {key!r}", near(key, known))
        if not isinstance(value, str) or value.strip().rstrip(".").lower() in ("", *EMPTY_WORDS):
            raise UsageError(
                f"{path}: {key} says nothing ({value!r})",
                f"Write {known[key].why}, in quotes; or leave the key out, and it stays open.",
            )
        values[key] = value.strip()
    return values


def blank_operator(beside: Iterable[OperatorField] = ()) -> str:
    """An `operator.toml` with every key, none filled: each line waits behind a hash."""
    lines = ["# What only you can say of your deployment. Take the hash away and write between the quotes."]
    table = ""
    for field in sorted((*skeleton().field, *beside), key=lambda field: field.key.split(".")[0]):
        head, _, key = field.key.partition(".")
        if head != table:
            lines += ["", f"[{head}]"]
            table = head
        lines += [f"# {field.title}: {field.why}", f'# {key} = ""']
    return "\n".join(lines) + "\n"


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value

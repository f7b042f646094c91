"""Strict tables: a TOML file becomes a checked value, and a key that nobody knows is an error naming the nearest."""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from countenance.contracts.errors import UsageError


class Table(BaseModel):
    """A table whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


T = TypeVar("T", bound=BaseModel)

WANTED = {
    "tuple_type": 'a list is wanted, such as ["a", "b"]',
    "model_type": "a table is wanted",
    "dict_type": "a table is wanted",
    "mapping_type": "a table is wanted",
}
"""In the words of TOML; everything else is said well enough by pydantic."""


def read_table(kind: type[T], path: Path, remedy: str = "") -> T:
    """Read a TOML file as a checked table; `remedy` is what to do about a value that is wrong."""
    return checked(kind, read_toml(path), str(path), remedy)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file, not yet checked against a schema."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "Give the path of a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not valid TOML ({error})", "Mend the line it names.") from error


def checked(kind: type[T], data: Mapping[str, Any], source: str | Callable[[str], str], remedy: str = "") -> T:
    """Check a mapping against its schema; the first fault becomes one clear line.

    `source`: where the data comes from, or what says it of a dotted key.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise _usage(kind, error, source, remedy) from error


def near(word: str, known: Iterable[str]) -> str:
    """The remedy for an unknown word: the nearest known one, or all of them."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known: {', '.join(words)}."


def _usage(
    kind: type[BaseModel], error: ValidationError, source: str | Callable[[str], str], remedy: str
) -> UsageError:
    # A key that is missing is often one that is misspelt: the misspelt one says more.
    fault = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    place = ".".join(str(part) for part in fault["loc"])
    key = str(fault["loc"][-1]) if fault["loc"] else ""
    source = source if isinstance(source, str) else source(place)
    if fault["type"] == "extra_forbidden":
        return UsageError(f"{source}: unknown key {key!r} ({place})", near(key, keys_of(kind, fault["loc"][:-1])))
    if fault["type"] in ("enum", "literal_error"):
        expected = re.findall(r"'([^']+)'", str(fault["ctx"]["expected"]))
        return UsageError(f"{source}: unknown {key} {fault['input']!r} ({place})", near(str(fault["input"]), expected))
    message = WANTED.get(fault["type"], str(fault["msg"]).removeprefix("Value error, ").removesuffix("."))
    where = f"{source}: {place}" if place else source
    step = "Add that key." if fault["type"] == "missing" else "Mend that key."
    return UsageError(f"{where}: {message}", remedy or step)


def keys_of(kind: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """The keys of the table at a path of keys and indices."""
    for part in path:
        if isinstance(part, str) and part in (fields := _fields(kind)):
            kind = _table_in(fields[part]) or kind
    return list(_fields(kind))


def _fields(kind: type[BaseModel]) -> dict[str, object]:
    """The keys as they are written, and what each holds."""
    return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}


def _table_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _table_in(part))), None)

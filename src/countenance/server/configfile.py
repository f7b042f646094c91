"""Reading the configuration: one TOML file, then the environment, then flags; each key knows where it came from."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr

from countenance.contracts.errors import UsageError
from countenance.inference.tables import checked, near, read_toml
from countenance.server.config import Config

FILE = Path("countenance.toml")
PREFIX = "COUNTENANCE__"
NAMED = "COUNTENANCE_CONFIG"
"""The variable that names the file, where it is not countenance.toml here."""
SEE = "See docs/configuration.md, or `countenance config schema`."
MASK = "***"
DEFAULT = "default"

Flags = Mapping[str, object]
"""Dotted keys and what the command line says of them; None where it says nothing."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and the origin of each key that was set."""

    config: Config
    origins: Mapping[str, str] = field(default_factory=dict)
    """A file, a variable or a flag, by dotted key; what is not in here is a default."""

    def shown(self) -> Iterator[tuple[str, object, str]]:
        """Every key, its value without secrets, and its origin."""
        for key, value in leaves(self.config):
            here = sorted({name for at, name in self.origins.items() if at == key or at.startswith(f"{key}.")})
            yield key, MASK if isinstance(value, SecretStr) else value, ", ".join(here) or DEFAULT


def load(path: Path | None, environ: Mapping[str, str], flags: Flags | None = None) -> Loaded:
    """The configuration of this process; without any file, the defaults."""
    found = path or _named(environ)
    data: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if found is not None:
        data = read_toml(found)
        _refuse_secrets(data, str(found))
        data = _placed(Config, data, found.parent)
        origins.update((".".join(at), str(found)) for at, _ in _ends(data))
    for name, text in sorted(environ.items()):
        if name.startswith(PREFIX):
            at = _place_of(name)
            _put(data, at, _value(text, name))
            origins[".".join(at)] = name
    for key, value in (flags or {}).items():
        if value is not None:
            _put(data, tuple(key.split(".")), value)
            origins[key] = "the command line"
    config = checked(Config, _with_files(Config, data), lambda place: _source(place, origins, found), SEE)
    return Loaded(config, origins)


def leaves(table: BaseModel, above: str = "") -> Iterator[tuple[str, object]]:
    """Dotted keys and values of a table and all tables in it."""
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, BaseModel):
            yield from leaves(value, f"{above}{name}.")
        elif isinstance(value, Mapping) and any(isinstance(one, BaseModel) for one in value.values()):
            for key, one in value.items():
                yield from leaves(one, f"{above}{name}.{key}.")
        else:
            yield f"{above}{name}", value


def _source(place: str, origins: Mapping[str, str], found: Path | None) -> str:
    """Who said what is wrong: the variable, the flag or the file of this key, or of one in it."""
    above = [key for key in origins if place == key or place.startswith(f"{key}.")]
    inside = [key for key in origins if key.startswith(f"{place}.")]
    said = above or inside
    return origins[said[0]] if said else str(found or "the configuration")


def _named(environ: Mapping[str, str]) -> Path | None:
    if name := environ.get(NAMED):
        return Path(name)
    return FILE if FILE.exists() else None


def _place_of(name: str) -> tuple[str, ...]:
    """The keys that a variable names; raises UsageError naming the nearest."""
    at = tuple(name.removeprefix(PREFIX).lower().split("__"))
    kind: object = Config
    for depth, key in enumerate(at):
        known = _keys_of(kind)
        if known is not None and key not in known:
            nearest = near(_upper(at[: depth + 1]), [_upper((*at[:depth], one)) for one in known])
            raise UsageError(f"{name}: unknown key {key!r}", nearest)
        kind = _inside(kind, key)
        if kind is None:
            raise UsageError(f"{name}: {'.'.join(at[:depth])} is no table", SEE)
    return at


def _upper(at: tuple[str, ...]) -> str:
    return PREFIX + "__".join(at).upper()


def _value(text: str, name: str) -> object:
    """Lists and tables are written as in TOML; everything else as it is."""
    if not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{name}: not valid TOML ({error})", 'Write a list as ["a", "b"].') from error


def _put(data: dict[str, Any], at: tuple[str, ...], value: object) -> None:
    for key in at[:-1]:
        data = data.setdefault(key, {})
        if not isinstance(data, dict):
            raise UsageError(f"{'.'.join(at)}: {key} is no table in the file", SEE)
    data[at[-1]] = value


def _ends(data: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _ends(value, (*above, key))
        else:
            yield (*above, key), value


def _refuse_secrets(data: Mapping[str, Any], source: str) -> None:
    for at, _ in _ends(data):
        if _is(_at(at), SecretStr):
            remedy = f"Set {_upper(at)}, or name a file with {at[-1]}_file, and change the secret: it stood in a file."
            raise UsageError(f"{source}: {'.'.join(at)} is a secret, and secrets do not stand in TOML", remedy)


def _placed(kind: object, data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Paths in a file are relative to its folder."""
    placed: dict[str, Any] = {}
    for key, value in data.items():
        inside = _inside(kind, key)
        if isinstance(value, Mapping):
            placed[key] = _placed(inside, value, folder)
        elif _is(inside, Path) and isinstance(value, str):
            placed[key] = folder / value
        elif _is(inside, Path) and isinstance(value, list):
            placed[key] = [folder / one if isinstance(one, str) else one for one in value]
        else:
            placed[key] = value
    return placed


def _with_files(kind: object, data: Mapping[str, Any]) -> dict[str, Any]:
    """Secrets that stand in files of their own."""
    filled: dict[str, Any] = {}
    for key, value in data.items():
        filled[key] = _with_files(_inside(kind, key), value) if isinstance(value, Mapping) else value
        secret = key.removesuffix("_file")
        if secret != key and _is(_inside(kind, secret), SecretStr):
            if secret in data:
                raise UsageError(f"{secret} and {key} are both given", "Keep one of them.")
            filled[secret] = _content(Path(str(value)))
    return filled


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the secret in {path} cannot be read ({error})", "Check the file and its rights.") from error


def _at(at: tuple[str, ...]) -> object:
    kind: object = Config
    for key in at:
        kind = _inside(kind, key)
    return kind


def _inside(kind: object, key: str) -> object:
    """The type of a key in a table or a mapping; None where there is none."""
    if get_origin(kind) is not None and issubclass(_origin(kind), Mapping):
        return get_args(kind)[1]
    table = _table(kind)
    return table.model_fields[key].annotation if table is not None and key in table.model_fields else None


def _keys_of(kind: object) -> list[str] | None:
    table = None if issubclass(_origin(kind), Mapping) else _table(kind)
    return None if table is None else list(table.model_fields)


def _origin(kind: object) -> type:
    origin = get_origin(kind)
    return origin if isinstance(origin, type) else object


def _table(kind: object) -> type[BaseModel] | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((found for part in get_args(kind) if (found := _table(part))), None)


def _is(kind: object, wanted: type) -> bool:
    return kind is wanted or any(_is(part, wanted) for part in get_args(kind))

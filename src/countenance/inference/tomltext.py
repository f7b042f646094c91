"""Values as plain TOML, for cards."""

import json
from collections.abc import Mapping
from typing import Any


def to_toml(data: Mapping[str, Any]) -> str:
    """Plain TOML: scalars, lists and flat tables inline, then tables, then arrays of tables."""
    lines = [f"{_key(k)} = {_value(v)}" for k, v in data.items() if not _is_table(v) and not _is_rows(v)]
    for name, table in data.items():
        if _is_table(table):
            lines += ["", f"[{_key(name)}]", *(f"{_key(k)} = {_value(v)}" for k, v in table.items())]
    for name, rows in data.items():
        if _is_rows(rows):
            for row in rows:
                lines += [
                    "",
                    f"[[{_key(name)}]]",
                    *(f"{_key(k)} = {_value(v)}" for k, v in row.items() if v is not None),
                ]
    return "\n".join(lines) + "\n"


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else json.dumps(name)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, bool | str | int | float):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"TOML cannot hold {type(value).__name__}")

"""Holding written lines to their schemas; needs the package `jsonschema`."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from countenance.surface.schemas import ENVELOPE, schemas

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator


def check_line(line: Mapping[str, Any]) -> None:
    """Hold one envelope, and the data in it, to the closed form of their schemas."""
    name = line["dataschema"].removeprefix("/schemas/").removesuffix(".json")
    check_value(line, ENVELOPE)
    check_value(line["data"], name)


def check_value(value: object, name: str) -> None:
    """Hold a value to the closed form of a named schema."""
    _validator(name).validate(value)


def closed(schema: dict[str, object]) -> dict[str, object]:
    """The same schema, refusing members that it does not name."""
    inner = {key: _inside(value) for key, value in schema.items()}
    if "properties" in inner and "required" in inner:
        inner.setdefault("additionalProperties", False)
    return inner


@cache
def _validator(name: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator

    return Draft202012Validator(closed(schemas()[name]))


def _inside(value: object) -> object:
    if isinstance(value, dict):
        return closed(value)
    return [_inside(one) for one in value] if isinstance(value, list) else value

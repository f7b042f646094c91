"""The few forms that all schemas are made of."""

from collections.abc import Mapping

Schema = dict[str, object]

TEXT: Schema = {"type": "string", "minLength": 1}
MICROSECONDS: Schema = {"type": "integer", "minimum": 0}
PROBABILITY: Schema = {"type": "number", "minimum": 0, "maximum": 1}
SIGNED: Schema = {"type": "number", "minimum": -1, "maximum": 1}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def record(required: Mapping[str, object], optional: Mapping[str, object] | None = None) -> Schema:
    """An object with these members."""
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def table(values: object) -> Schema:
    """An object whose keys are names and whose values are alike."""
    return {"type": "object", "additionalProperties": values}


def array(items: object) -> Schema:
    """A list of alike values."""
    return {"type": "array", "items": items}


def maybe(schema: Schema) -> Schema:
    """The value, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def span(bound: Schema) -> Schema:
    """`[low, high]`."""
    return {"type": "array", "prefixItems": [bound, bound], "minItems": 2, "maxItems": 2}


def one_of(*names: str) -> Schema:
    """One of these words."""
    return {"enum": list(names)}

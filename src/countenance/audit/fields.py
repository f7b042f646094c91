"""The fields of an entry that anybody may have written: one of a wrong kind counts as absent."""

from collections.abc import Mapping, Sequence

from countenance.audit.reading import Leaf

Key = tuple[object, ...]
WORDS = {str}
NUMBERS = {int}


def counts_of(leaf: Leaf) -> Mapping[str, int]:
    """How many readings of each modality an entry counts; what is no whole number is left out."""
    value = leaf.get("counts")
    if not isinstance(value, dict):
        return {}
    if set(map(type, value.values())) <= NUMBERS:
        return value
    return {k: n for k, n in value.items() if type(n) is int}


def names(leaf: Leaf, key: str) -> Sequence[str]:
    """A list of words in a field; empty when it is none."""
    value = leaf.get(key)
    return value if isinstance(value, list) and set(map(type, value)) <= WORDS else ()


def word(leaf: Leaf, key: str) -> str | None:
    """A text in a field; None when it is none."""
    value = leaf.get(key)
    return value if type(value) is str else None


def whole(leaf: Leaf, key: str, other: int = 0) -> int:
    """A whole number in a field, or another when it is none."""
    value = leaf.get(key)
    return value if type(value) is int else other


def person_of(leaf: Leaf) -> Key:
    """One person in one call."""
    return word(leaf, "call_ref"), word(leaf, "subject_ref")


def place_of(leaf: Leaf) -> Key:
    """One modality of one person in one call, of which an entry speaks."""
    return *person_of(leaf), word(leaf, "modality")

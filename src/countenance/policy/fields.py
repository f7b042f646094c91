"""Typed fields of a TOML table; each fault names the file, the rule and the key."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from countenance.contracts.errors import PolicyError
from countenance.policy.vocabulary import GROUPS, nearest

Table = Mapping[str, object]
NO_TABLE: Table = MappingProxyType({})


def only(table: Table, known: tuple[str, ...], place: str) -> None:
    """A key that is not known is an error naming the nearest."""
    for key in table:
        if key not in known:
            raise PolicyError(f"{place}: unknown key `{key}`", nearest(key, known))


def need(table: Table, key: str, place: str) -> object:
    """A value that must be there."""
    if key not in table:
        raise PolicyError(f"{place}: `{key}` is missing", "Add it.")
    return table[key]


def table(table: Table, key: str, place: str) -> Table:
    """A table that must be there."""
    value = need(table, key, place)
    if not isinstance(value, dict):
        raise PolicyError(f"{place}: `{key}` must be a table", f"Write [{key}].")
    return value


def tables(table: Table, key: str, place: str) -> list[Table]:
    """A list of tables, not an empty one."""
    value = need(table, key, place)
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise PolicyError(f"{place}: `{key}` must be a list of tables, not an empty one", f"Write [[{key}]].")
    return value


def text(table: Table, key: str, place: str) -> str:
    """A text that is not empty."""
    value = need(table, key, place)
    if not isinstance(value, str) or not value.strip():
        raise PolicyError(f"{place}: `{key}` must be a text that is not empty", "Write it in quotes.")
    return value


def word(table: Table, key: str, known: tuple[str, ...], place: str) -> str:
    """One of a closed list of words."""
    value = text(table, key, place)
    if value not in known:
        raise PolicyError(f"{place}: `{key}` cannot be `{value}`", nearest(value, known))
    return value


def words(table: Table, key: str, known: tuple[str, ...], place: str) -> frozenset[str]:
    """Words of a closed list, groups spelled out."""
    value = table[key]
    if not isinstance(value, list) or not value:
        raise PolicyError(f"{place}: `{key}` must be a list with at least one word", "Leave the key out to mean any.")
    found = [one for item in value for one in GROUPS.get(str(item), (str(item),))]
    for one in found:
        if one not in known:
            raise PolicyError(f"{place}: `{key}` cannot hold `{one}`", nearest(one, known))
    return frozenset(found)


def day(table: Table, key: str, place: str) -> date:
    """A date."""
    value = need(table, key, place)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise PolicyError(f"{place}: `{key}` must be a date", "Write it without quotes, such as 2026-08-02.")
    return value


def flag(table: Table, key: str, place: str) -> bool:
    """True or false."""
    value = need(table, key, place)
    if not isinstance(value, bool):
        raise PolicyError(f"{place}: `{key}` must be true or false", "Write it without quotes.")
    return value


def count(table: Table, key: str, place: str) -> int:
    """A whole number, 0 or more."""
    value = need(table, key, place)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise PolicyError(f"{place}: `{key}` must be a whole number, 0 or more", "Write it without quotes.")
    return value

"""Limits of the release gate: one shipped table, which a deployer may tighten and never loosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from countenance.contracts.errors import UsageError
from countenance.inference.tables import Table, near, read_table

Amount = Annotated[float, Field(ge=0.0, le=1.0)]
REMEDY = "See docs/gate.md for the keys."


class Least(Table):
    """Below these nothing is concluded."""

    rows: int = Field(ge=1)
    people: int = Field(ge=2)


class Rule(Table):
    """Limits for the measures whose names fit."""

    measures: tuple[str, ...] = Field(min_length=1)
    fall: Amount
    gap: Amount
    doubt: Amount
    relative: bool = False
    reason: str


class Refusals(Table):
    """How many of the rows judged before may be refused now."""

    rows: Amount
    reason: str


class Gates(Table):
    """The whole table."""

    version: str
    not_enough_data: Literal["say", "block"]
    also: tuple[str, ...]
    least: Least
    rule: dict[str, Rule] = Field(min_length=1)
    refusals: Refusals

    def of(self, measure: str) -> Rule:
        """The limits for a measure; the last rule fits every name."""
        return next(rule for rule in self.rule.values() if any(fnmatchcase(measure, name) for name in rule.measures))


class TighterRule(Table):
    """What a deployer may say of one rule."""

    fall: Amount | None = None
    gap: Amount | None = None
    doubt: Amount | None = None


class TighterRefusals(Table):
    """What a deployer may say of refusals."""

    rows: Amount


class Tighter(Table):
    """A deployer's file: only what shall be stricter."""

    not_enough_data: Literal["block"] | None = None
    also: tuple[str, ...] = ()
    rule: dict[str, TighterRule] = Field(default_factory=dict)
    refusals: TighterRefusals | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one measure in its own unit."""

    fall: float
    gap: float
    doubt: float


def limits(gates: Gates, measure: str, baseline: float) -> Limits:
    """The limits of a measure whose baseline has this figure over everybody."""
    rule = gates.of(measure)
    unit = abs(baseline) if rule.relative else 1.0
    return Limits(rule.fall * unit, rule.gap * unit, rule.doubt * unit)


def shipped_gates() -> Gates:
    """The table of this package."""
    with as_file(files("countenance.evaluation") / "gates.toml") as path:
        gates = read_table(Gates, path, REMEDY)
    if "*" not in list(gates.rule.values())[-1].measures:
        raise UsageError("gates.toml: no rule fits every measure", 'Let the last rule have measures = ["*"].')
    return gates


def tightened(gates: Gates, path: Path) -> Gates:
    """The shipped table made stricter by a deployer's file; a value that would loosen it is an error."""
    asked = read_table(Tighter, path, REMEDY)
    rules = dict(gates.rule)
    for name, wanted in asked.rule.items():
        if name not in rules:
            raise UsageError(f"{path}: unknown rule {name!r}", near(name, rules))
        rules[name] = rules[name].model_copy(update=_stricter(wanted, rules[name], f"{path}: rule.{name}"))
    update: dict[str, object] = {"rule": rules, "also": tuple(dict.fromkeys((*gates.also, *asked.also)))}
    if asked.not_enough_data is not None:
        update["not_enough_data"] = asked.not_enough_data
    if asked.refusals is not None:
        kept = _stricter(asked.refusals, gates.refusals, f"{path}: refusals")
        update["refusals"] = gates.refusals.model_copy(update=kept)
    return gates.model_copy(update=update)


def _stricter(wanted: Table, shipped: Table, place: str) -> Mapping[str, float]:
    update: dict[str, float] = {}
    for key, value in wanted.model_dump(exclude_none=True).items():
        most = getattr(shipped, key)
        if value > most:
            raise UsageError(
                f"{place}.{key} = {value} is looser than the {most} of this release",
                "A deployer may only tighten the gate: give that or less.",
            )
        update[key] = value
    return update

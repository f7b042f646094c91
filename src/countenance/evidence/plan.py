"""The plan of each paper, as checked values: the words stand in TOML, the code fills the blocks."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import as_file, files
from typing import TypeVar

from pydantic import Field

from countenance.evaluation.cards.skeleton import OperatorField, SectionPlan, skeleton
from countenance.inference.tables import Table, read_table

PAPERS = ("dpia", "system", "retention", "rulings", "consents", "audit")
"""In the order in which they are read."""

Shape = TypeVar("Shape", bound=Table)


class RightsRisk(Table):
    """What can go wrong for the people read, and what the program does about it."""

    what: str
    measure: str
    to: tuple[str, ...] = ()
    """Modalities that it concerns; all when empty."""


class Paper(Table):
    """One paper of the pack."""

    file: str
    title: str
    kind: str
    summary: str
    notice: tuple[str, ...]
    section: tuple[SectionPlan, ...] = Field(min_length=1)
    risk: tuple[RightsRisk, ...] = ()


class Duty(Table):
    """A duty of a ruling in plain words."""

    name: str
    means: str
    program: str
    """What the program does for it; empty when it does nothing."""
    operator: str
    """What stays with the operator; empty when nothing does."""


class _Duties(Table):
    duty: tuple[Duty, ...]


class _Fields(Table):
    field: tuple[OperatorField, ...]


@cache
def paper(name: str) -> Paper:
    """A shipped plan."""
    return _shipped(Paper, name)


@cache
def duties() -> Mapping[str, Duty]:
    """Every duty that a law file names, by its name."""
    return {duty.name: duty for duty in _shipped(_Duties, "duties").duty}


@cache
def own_fields() -> tuple[OperatorField, ...]:
    """What these papers ask of an operator beside what the model cards ask."""
    return _shipped(_Fields, "fields").field


def fields() -> Mapping[str, OperatorField]:
    """Every operator field of papers and cards, by its key."""
    return {field.key: field for field in (*skeleton().field, *own_fields())}


def sentences(plan: Paper) -> Iterator[str]:
    """Every sentence of a plan, with the titles of the fields that it asks for: what a translator needs."""
    yield from (plan.title, plan.kind, plan.summary, *plan.notice)
    for section in plan.section:
        yield from (section.title, section.point)
        for part in section.part:
            yield from (part.title, *part.text)
            for key in part.fields:
                yield from (fields()[key].title, fields()[key].why)


def _shipped(table: type[Shape], name: str) -> Shape:
    with as_file(files("countenance.evidence") / "papers" / f"{name}.toml") as path:
        return read_table(table, path)

"""The skeleton of the documentation, `annex_iv.toml`, as checked values."""

from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import as_file, files

from pydantic import Field

from countenance.inference.tables import Table, read_table


class PartPlan(Table):
    """What a part is made of: words, a block that code fills, fields that an operator fills."""

    title: str
    text: tuple[str, ...] = ()
    block: str = ""
    fields: tuple[str, ...] = ()


class SectionPlan(Table):
    """One point of the law."""

    title: str
    point: str
    part: tuple[PartPlan, ...] = Field(min_length=1)


class OperatorField(Table):
    """Something that only an operator can say."""

    key: str
    title: str
    why: str


class Risk(Table):
    """What can go wrong, and what is done about it today."""

    what: str
    measure: str
    only: tuple[str, ...] = ()
    """Modalities that it concerns; all when empty."""


class Hardness(Table):
    """Words that mark a figure as measured under harder conditions."""

    words: tuple[str, ...]


class MetricPlan(Table):
    """What metrics of a name mean."""

    match: str
    means: str


class Skeleton(Table):
    """The whole plan."""

    version: str
    section: tuple[SectionPlan, ...]
    field: tuple[OperatorField, ...]
    risk: tuple[Risk, ...]
    robustness: Hardness
    metric: tuple[MetricPlan, ...]

    def meaning(self, metric: str) -> str:
        """What a metric means in plain words; empty where nothing is written about it."""
        return next((plan.means for plan in self.metric if fnmatchcase(metric, plan.match)), "")


@cache
def skeleton() -> Skeleton:
    """The shipped plan."""
    with as_file(files("countenance.evaluation.cards") / "annex_iv.toml") as path:
        return read_table(Skeleton, path)

"""When a rule speaks, as a table: estimates, turn-taking and words, combined by `all`, `any` and `not`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from countenance.inference.tables import Table

Probability = Annotated[float, Field(gt=0.0, lt=1.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Seconds = Annotated[int, Field(ge=1, le=900)]
Language = Literal["en", "de", "es", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "de", "es", "fr")


class Side(StrEnum):
    """Who somebody is to the coaching: the one who is coached, or the one they talk to."""

    COACH = "coach"
    OTHER = "other"


class Certainty(StrEnum):
    """How wide the band of an estimate is, in words."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class StateCondition(Table):
    """The probability of a label stayed on one side of a limit for N of the last M seconds."""

    label: str
    at_least: Probability | None = None
    at_most: Probability | None = None
    leave: Probability | None = None
    """Hysteresis: a second that follows one inside counts until it crosses this; the limit itself when left out."""
    for_s: Seconds
    of_s: Seconds
    after_at_least: Probability | None = None
    """It stood at or above this at some time before: only then has it fallen."""
    certainty: Certainty = Certainty.MEDIUM
    """Seconds of less certainty do not count, nor do those without an estimate."""

    @model_validator(mode="after")
    def _is_one_limit(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a state has either at_least or at_most")
        if self.of_s < self.for_s:
            raise ValueError(f"{self.for_s} of the last {self.of_s} seconds cannot be; raise of_s")
        limit = self.at_most if self.at_least is None else self.at_least
        if self.leave is not None and limit is not None:
            widens = self.leave <= limit if self.at_most is None else self.leave >= limit
            if not widens:
                raise ValueError("`leave` lies on the wrong side of the limit: leaving must need more than entering")
        return self


class TalkCondition(Table):
    """The share of one side in all talk of the last while; unknown unless both sides are measured."""

    who: Side
    share_at_least: Share | None = None
    share_at_most: Share | None = None
    over_s: Seconds
    least_s: Seconds = 30
    """Less talk than this says nothing about shares."""

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.share_at_least is None and self.share_at_most is None:
            raise ValueError("talk has share_at_least, share_at_most or both")
        return self


class SpeaksCondition(Table):
    """One side spoke for so long within the last while."""

    who: Side
    at_least_s: Seconds
    over_s: Seconds = 60


class MonologueCondition(Table):
    """One person has spoken without a break for so long, and still does."""

    who: Side
    at_least_s: Seconds


class SilenceCondition(Table):
    """Nobody has spoken for so long; unknown unless both sides are measured."""

    at_least_s: Seconds


class Phrases(Table):
    """What may be said, in each language; whole words, however they are written."""

    en: tuple[str, ...] = ()
    de: tuple[str, ...] = ()
    es: tuple[str, ...] = ()
    fr: tuple[str, ...] = ()

    @property
    def by_language(self) -> Mapping[str, tuple[str, ...]]:
        """The same by language."""
        return {"en": self.en, "de": self.de, "es": self.es, "fr": self.fr}


class SaidCondition(Table):
    """One of these phrases was said; unknown where the words of that side may not be read."""

    who: Side
    phrases: Phrases
    within_s: Seconds = 15


class QuestionsCondition(Table):
    """How many questions one side asked; unknown where its words may not be read."""

    who: Side
    at_least: int | None = Field(default=None, ge=1)
    at_most: int | None = Field(default=None, ge=0)
    over_s: Seconds = 60

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("questions has at_least, at_most or both")
        return self


class Condition(Table):
    """Exactly one of these. What is unknown is neither so nor not so; a rule that is not known to hold is silent."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    every: tuple["Condition", ...] | None = Field(default=None, alias="all", min_length=1)
    some: tuple["Condition", ...] | None = Field(default=None, alias="any", min_length=1)
    never: "Condition | None" = Field(default=None, alias="not")
    state: StateCondition | None = None
    talk: TalkCondition | None = None
    speaks: SpeaksCondition | None = None
    monologue: MonologueCondition | None = None
    silence: SilenceCondition | None = None
    said: SaidCondition | None = None
    questions: QuestionsCondition | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = [field.alias or name for name, field in type(self).model_fields.items() if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(
                f"a condition says one thing, this one says {', '.join(given) or 'nothing'}; use all or any"
            )
        return self

    @property
    def reads_states(self) -> bool:
        """Whether it rests on estimates of somebody."""
        inner = (*(self.every or ()), *(self.some or ()), *((self.never,) if self.never else ()))
        return self.state is not None or any(one.reads_states for one in inner)

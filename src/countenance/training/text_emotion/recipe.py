"""What decides how the text net is trained: courses, of which later ones learn from what earlier ones say."""

from typing import Literal

from pydantic import Field, model_validator

from countenance.inference.tables import Table
from countenance.training.recipe import Recipe


class Soft(Table):
    """How far a course learns from what its teachers say instead of from the labels alone."""

    teachers: tuple[str, ...] = Field(min_length=1)
    """Checkpoints of earlier courses, such as `first-3`: the course `first` after three epochs. They are averaged."""
    share: float = Field(ge=0.0, le=1.0)
    none_below: int = Field(ge=0)
    """A label with so few training texts is learnt from the labels alone: the teacher is no judge of it."""
    full_from: int = Field(ge=1)


class Course(Table):
    """One training, from the pretrained encoder on or from where an earlier course ended."""

    name: str = Field(pattern=r"^[a-z]+$")
    goes_on_from: tuple[str, ...] = ()
    """Checkpoints of an earlier course; their mean is the beginning. Without them it is the pretrained encoder."""
    soft: Soft | None = None
    comments: int | None = Field(default=None, ge=1)
    """How many of the comments are shown, drawn once; all of them when it is left out."""
    call_lines: int = Field(default=0, ge=0)
    """How many times each of this project's call lines is shown in every epoch."""
    keeps: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of what it began with in the finished weights: the more, the less of earlier courses is forgotten."""
    seed: int = Field(ge=0)
    epochs: int = Field(ge=1)
    batch: int = Field(default=64, ge=1)
    rate: float = Field(gt=0.0)
    """Highest rate of the last layer; it warms up, then falls to zero in a straight line."""
    head_rate: float = Field(gt=0.0)
    layer_decay: float = Field(default=1.0, gt=0.0, le=1.0)
    """Each layer below the last one learns this much slower than the one above."""
    warm_up: float = Field(default=0.06, ge=0.0, lt=1.0)
    weight_decay: float = Field(default=0.01, ge=0.0)
    informed_start: bool = False
    """Whether the heads begin at the share of each label instead of near one half."""
    masked: float = Field(default=0.0, ge=0.0, lt=0.5)
    """Share of word pieces that are hidden."""
    rare_below: int = Field(default=0, ge=0)
    """A label with fewer training texts is rare: its texts are shown `rare_extra` times more in every epoch."""
    rare_extra: int = Field(default=0, ge=0)
    rarity: float = Field(default=0.0, ge=0.0, le=1.0)
    """Weight of a label in the loss: this power of (median count / its count), kept within `weights`, mean 1."""
    weights: tuple[float, float] = (0.5, 2.5)

    @model_validator(mode="after")
    def _keeps_what_it_has(self) -> "Course":
        if self.keeps and not self.goes_on_from:
            raise ValueError("keeps: a course that begins anew has nothing to keep; give goes_on_from")
        return self


class Head(Table):
    """The head for valence, arousal and dominance."""

    seed: int = Field(ge=0)
    hidden: int = Field(ge=1)
    epochs: int = Field(ge=1)
    rate: float = Field(gt=0.0)
    dropout: float = Field(ge=0.0, lt=1.0)
    input_dropout: float = Field(ge=0.0, lt=1.0)
    weight_decay: float = Field(ge=0.0)


class TextRecipe(Recipe):
    """The recipe of `text-emotion.v1` and of its head for valence, arousal and dominance, `text-vad.v1`."""

    kind: Literal["text"]
    course: tuple[Course, ...] = Field(min_length=1)
    """In order; the last one is shipped."""
    average: int = Field(default=1, ge=1)
    """Over how many of its last epochs the weights are averaged."""
    vad: Head
    wanted_risk: float = Field(gt=0.0, lt=1.0)
    """Share of wrong answers on dev that sets the bar below which a text may be left unanswered."""

    @model_validator(mode="after")
    def _names_what_it_trains(self) -> "TextRecipe":
        trained: set[str] = set()
        for course in self.course:
            wanted = {*course.goes_on_from, *(course.soft.teachers if course.soft else ())}
            if unknown := sorted(wanted - trained):
                raise ValueError(f"course {course.name}: no course before it leaves {', '.join(unknown)}")
            trained |= {f"{course.name}-{epoch}" for epoch in range(1, course.epochs + 1)}
        if self.average > self.course[-1].epochs:
            raise ValueError(f"average: the last course has {self.course[-1].epochs} epochs, not {self.average}")
        return self

"""The recipe of the voice bundle: its experts, and how much each says."""

from typing import Literal

from pydantic import Field

from countenance.inference.tables import Table
from countenance.training.recipe import Recipe


class FramesRecipe(Table):
    """The expert that hears spectral frames: convolutions, AdamW with a cosine, mixup, an average of the weights."""

    epochs: int = Field(ge=1)
    batch: int = Field(ge=2)
    rate: float = Field(gt=0)
    decay: float = Field(ge=0)
    smoothing: float = Field(ge=0, lt=1)
    mixup: float = Field(ge=0)
    dropout: float = Field(ge=0, lt=1)
    dimension_weight: float = Field(ge=0)
    average: float = Field(ge=0, lt=1)


class StatisticsRecipe(Table):
    """The expert that hears statistics of pitch, level, timbre and tone: a few small nets side by side."""

    members: int = Field(ge=1)
    epochs: int = Field(ge=1)
    batch: int = Field(ge=2)
    rate: float = Field(gt=0)
    decay: float = Field(ge=0)
    smoothing: float = Field(ge=0, lt=1)
    mixup: float = Field(ge=0)
    dropout: tuple[float, ...] = Field(min_length=1)
    """The members take these in turn: some keep to what is plain, some learn more of the detail."""
    input_dropout: tuple[float, ...] = Field(min_length=1)
    noise: float = Field(ge=0)
    words: float = Field(ge=0)
    """How far rows are moved as by other words (`words`); 1 is as far as another sentence does, 0 leaves it out."""
    dimension_weight: float = Field(ge=0)
    widths: tuple[int, int]
    clean_passes: int = Field(ge=1)
    """How often every clip is heard, at any speed, in sessions of changing length."""
    disturbed_passes: int = Field(ge=0)
    """How often it is heard through rooms, noise and narrow bands besides."""
    cold_passes: int = Field(ge=0)
    """How often every clip is the first one heard of its speaker, on top."""
    known_s: float = Field(gt=0)
    """Seconds of speech after which how the speaker talks weighs as much as how people do."""


class LivelyRecipe(Table):
    """The published rule that divides high from low arousal, for what the others learnt by heart."""

    names: float = Field(ge=0, le=1)
    """How far it alone divides the names of a speaker who is known; 0 leaves that to the others."""
    arousal: float = Field(ge=0, le=1)
    """Its share in the arousal output."""
    known_s: float = Field(gt=0)
    """Seconds of a speaker after which it has half of that say."""


class VoiceRecipe(Recipe):
    """Everything that decides how the voice bundle comes out."""

    kind: Literal["voice"] = "voice"
    frames: FramesRecipe
    statistics: StatisticsRecipe
    lively: LivelyRecipe
    frames_share: float = Field(gt=0, lt=1)
    """Weight of the frames expert in the mean of log probabilities; chosen on the actors of the tuned folds."""
    tuned_folds: tuple[int, ...]
    """Folds whose actors chose the first settings; figures without them stand beside those with them."""
    abstain_risk: float = Field(gt=0, lt=1)
    """Share of wrong answers that the abstention threshold aims at, on dev."""

"""What a worker loads once: weights, encoders, fusion, taxonomies and a transcriber, shared by all its calls."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from countenance.aggregation.smoothing import TaxonomyAggregator
from countenance.aggregation.taxonomy import Taxonomy, load
from countenance.assembly import encoders_of, fusion_of
from countenance.capture.faces import Finder
from countenance.capture.finding import finder_of
from countenance.capture.samplers import FaceSampler, TextSampler
from countenance.capture.speech import VoiceSampler
from countenance.capture.transcription import Transcription, transcriber_of
from countenance.closing import Stages
from countenance.contracts.call import FACE, TEXT, VOICE, Modality, Participant
from countenance.contracts.stages import Aggregator, Encoder, Fusion, Sampler, Transcriber
from countenance.deployment import StageNames
from countenance.fusion.head import TASK as HEAD
from countenance.fusion.head import with_heads
from countenance.inference.shelf import Profile, Shelf
from countenance.permission import Permissions
from countenance.worker.timing import (
    AnsweringEncoder,
    TimedAggregator,
    TimedEncoder,
    TimedFinder,
    TimedFusion,
    Timings,
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which parts: the choices of a deployment that a worker must know before any call."""

    profile: Profile = Profile.OPEN
    models: tuple[Path, ...] = ()
    """Folders with bundles beside the installed ones."""
    taxonomies: tuple[str, ...] = ("engagement.v1",)
    stages: StageNames = field(default_factory=StageNames)
    fps: int = 10
    """Faces per second."""
    transcription: Transcription = field(default_factory=Transcription)
    tenant: str = ""
    """Whose servers and keys its calls use, where there are several tenants."""
    recipients: tuple[str, ...] = ()
    """Whom the notice names: a voice leaves this machine only to one of them."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that reads; nothing in it remembers a person."""

    recipe: Recipe
    encoders: tuple[Encoder, ...]
    fusion: Fusion
    taxonomies: Mapping[str, Taxonomy]
    finder: Finder
    digests: Mapping[str, str]
    """sha256 of the weights by name of the bundle."""
    transcriber: Transcriber | None = None
    """One for all calls of this worker; it keeps nothing of what it heard."""
    timings: Timings | None = None
    """Where it is noted how long the stages take."""

    @classmethod
    def load(cls, recipe: Recipe) -> "Parts":
        """Load and check the weights; raises BundleError."""
        shelf = Shelf.installed(recipe.profile, recipe.models)
        taxonomies = {name: load(name, shelf.places(HEAD)) for name in recipe.taxonomies}
        inner, fused = fusion_of(recipe.stages.fusion, shelf)
        fusion, heads = with_heads(inner, [t.home for t in taxonomies.values() if t.home], shelf)
        cards = {**shelf.cards, **fused, **heads}
        return cls(
            recipe,
            tuple(encoders_of(recipe.stages.encoders, shelf)),
            fusion,
            taxonomies,
            finder_of(shelf),
            {name: card.files["model.onnx"] for name, card in sorted(cards.items())},
            transcriber_of(recipe.transcription, recipe.recipients, os.environ),
        )

    def timed(self, timings: Timings) -> "Parts":
        """The same, with every call of a stage noted."""
        encoders = tuple(TimedEncoder(one, timings) for one in self.encoders)
        finder, fusion = TimedFinder(self.finder, timings), TimedFusion(self.fusion, timings)
        return replace(self, encoders=encoders, finder=finder, fusion=fusion, timings=timings)

    def stages(self, permissions: Permissions, taxonomies: Sequence[str], now_us: Callable[[], int]) -> Stages:
        """The stages of one call, with state of their own; `now_us` is its media time, which only timing asks for."""

        def samplers(participant: Participant) -> Mapping[Modality, Sampler]:
            return self.samplers(participant, permissions.allowed(participant.id))

        plain: list[Aggregator] = [TaxonomyAggregator(self.taxonomies[name]) for name in taxonomies]
        timings = self.timings
        aggregators = plain if timings is None else [TimedAggregator(one, timings) for one in plain]
        encoders = self.encoders
        if timings is not None:
            encoders = tuple(AnsweringEncoder(one, timings, now_us) for one in encoders)
        return Stages(samplers, encoders, self.fusion, aggregators, ())

    def samplers(self, participant: Participant, allowed: Sequence[Modality]) -> Mapping[Modality, Sampler]:
        """One sampler per modality that law and charter allow of this participant."""
        made: Mapping[Modality, Sampler] = {
            FACE: FaceSampler(self.finder, participant.id),
            VOICE: VoiceSampler(participant.id),
            TEXT: TextSampler(participant.id),
        }
        return {modality: made[modality] for modality in allowed if modality in made}

"""Deployment to objects: the only place that resolves `module:attribute` and decides what is built."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import countenance.encoders
from countenance import __version__
from countenance.aggregation.smoothing import TaxonomyAggregator
from countenance.aggregation.taxonomy import Taxonomy, load
from countenance.capture.faces import Finder
from countenance.capture.finding import finder_of
from countenance.capture.recording import Recording, measured, missing_us, probe
from countenance.capture.samplers import FaceSampler, TextSampler
from countenance.capture.sampling import Grid
from countenance.capture.speech import VoiceSampler
from countenance.capture.transcripts import read_transcript
from countenance.consent.register import Register
from countenance.contracts.call import FACE, MODALITY_OF, TELEMETRY, TEXT, VOICE, Call, Modality, Participant
from countenance.contracts.card import Card
from countenance.contracts.errors import MediaError, RefusedError, UsageError
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.stages import Connector, Encoder, Fusion, Sampler
from countenance.contracts.trust import CONSENT_KINDS, Case, ConsentStatus, Ruling
from countenance.deployment import Deployment, Person, digests
from countenance.encoders.adapters import adapted
from countenance.fusion.head import TASK as HEAD
from countenance.fusion.head import with_heads
from countenance.fusion.loading import build_fusion, load_fusion
from countenance.inference.shelf import Shelf
from countenance.inference.tables import near
from countenance.permission import Permissions
from countenance.policy.gate import Gate
from countenance.policy.vocabulary import FACTS, JURISDICTIONS, TURN_TAKING, nearest_place

INDIVIDUAL = "individual"
"""What an analysis makes: readings of single people. Where only aggregates are allowed, the gate refuses it."""
LACKING_US = 3 * SECOND_US
"""A recording may end so much, or a twentieth, before its headers say."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything one analysis needs, checked and built; nothing has been read of anybody yet."""

    deployment: Deployment
    permissions: Permissions
    recordings: Mapping[str, Recording]
    utterances: tuple[Utterance, ...]
    taxonomies: tuple[Taxonomy, ...]
    connector: Connector
    encoders: tuple[Encoder, ...]
    fusion: Fusion
    finder: Finder | None
    cards: tuple[Card, ...]
    gate: Gate
    digest: str
    """Of all that decides the result, what was said included: it stays in the work folder."""
    config_digest: str
    """Of how calls are read here, for the log: nothing that belongs to a person is in it."""

    @property
    def call(self) -> Call:
        """The call."""
        return self.permissions.call

    @property
    def duration_us(self) -> int:
        """The end of the last recording or line."""
        people = zip(self.call.participants, self.deployment.participant, strict=True)
        ends = [
            (self.recordings[p.id].duration_us or 0) + offset_us(person)
            for p, person in people
            if p.id in self.recordings
        ]
        return max([*ends, *(u.end_us for u in self.utterances)], default=0)

    def samplers(self, participant: Participant) -> dict[Modality, Sampler]:
        """One sampler per modality that law and charter allow of this participant."""
        made: dict[Modality, Sampler] = {}
        for modality in self.permissions.allowed(participant.id):
            if modality == FACE and self.finder is not None:
                made[FACE] = FaceSampler(self.finder, participant.id)
            elif modality == VOICE:
                made[VOICE] = VoiceSampler(participant.id)
            elif modality == TEXT:
                made[TEXT] = TextSampler(participant.id)
        return made

    def aggregators(self) -> tuple[TaxonomyAggregator, ...]:
        """Fresh state for one run, one per taxonomy."""
        return tuple(TaxonomyAggregator(taxonomy) for taxonomy in self.taxonomies)


def assemble(deployment: Deployment, today: date) -> Job:
    """Check everything and build the parts; raises before anything is written."""
    call = call_of(deployment)
    shelf = Shelf.installed(deployment.profile, deployment.models.paths)
    taxonomies = tuple(load(name, shelf.places(HEAD)) for name in deployment.taxonomies)
    gate = Gate.load(overlays=deployment.overlays)
    rulings = rule_all(gate, deployment, call, taxonomies, deployment.on or today)
    _refuse_if_nothing_may_be_read(rulings.values())
    permissions = Permissions(call, rulings, _register(deployment, call), (FACE, VOICE, TEXT))
    recordings = _recordings(deployment, permissions)
    utterances = _utterances(deployment, call)
    wanted = {m for (_, m), ruling in rulings.items() if ruling.allowed and m != TELEMETRY}
    encoders = tuple(e for e in encoders_of(deployment.stages.encoders, shelf) if e.takes.modality in wanted)
    inner, fused = fusion_of(deployment.stages.fusion, shelf)
    fusion, heads = with_heads(inner, [t.home for t in taxonomies if t.home], shelf)
    cards = {name: card for name, card in shelf.cards.items() if card.modality in wanted}
    used = {**shelf.cards, **fused, **heads}
    decided = {
        "version": __version__,
        "models": {name: dict(card.files) for name, card in used.items()},
        "taxonomies": [taxonomy.model_dump(mode="json") for taxonomy in taxonomies],
        "policy": gate.digest,
    }
    digest, config_digest = digests(deployment, decided, {who: one.path for who, one in recordings.items()})
    return Job(
        deployment=deployment,
        permissions=permissions,
        recordings=recordings,
        utterances=utterances,
        taxonomies=taxonomies,
        connector=_connector(deployment, permissions, recordings, utterances),
        encoders=encoders,
        fusion=fusion,
        finder=finder_of(shelf) if FACE in wanted else None,
        cards=tuple(card for _, card in sorted({**cards, **fused, **heads}.items())),
        gate=gate,
        digest=digest,
        config_digest=config_digest,
    )


def resolve(name: str) -> Any:  # noqa: ANN401 - whatever stands behind the name
    """`module:attribute` to the object."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"stage {name!r} cannot be loaded ({error})", "Write it as module:attribute.") from error


def rule_all(
    gate: Gate, deployment: Deployment, call: Call, taxonomies: Iterable[Taxonomy], on: date
) -> dict[tuple[str, Modality], Ruling]:
    """A ruling per participant and modality; where several outputs are asked for, the strictest answer."""
    for place in deployment.jurisdictions:
        if place not in JURISDICTIONS:
            raise UsageError(f"unknown jurisdiction {place!r}", nearest_place(place))
    for facts in (deployment.facts, *(person.facts for person in deployment.participant)):
        _check_facts(facts)
    inferred = tuple(dict.fromkeys(output for taxonomy in taxonomies for output in taxonomy.outputs))
    rulings = {}
    for participant, person in zip(call.participants, deployment.participant, strict=True):
        for modality in (FACE, VOICE, TEXT, TELEMETRY):
            outputs = (TURN_TAKING,) if modality == TELEMETRY else inferred
            rulings[participant.id, modality] = strictest(
                gate.rule(_case(deployment, person, modality, output, on)) for output in outputs
            )
    return rulings


def _check_facts(facts: Mapping[str, str]) -> None:
    for name, value in facts.items():
        if name not in FACTS:
            raise UsageError(f"unknown fact {name!r}", near(name, FACTS))
        if value not in FACTS[name]:
            raise UsageError(f"unknown fact {name} = {value!r}", near(value, FACTS[name]))


def strictest(rulings: Iterable[Ruling]) -> Ruling:
    """Of several answers the one that allows least."""
    return max(rulings, key=_strictness)


def _strictness(ruling: Ruling) -> tuple[bool, int, int]:
    return (not ruling.allowed, CONSENT_KINDS.index(ruling.duties.consent), -ruling.duties.retention_days)


def _case(deployment: Deployment, person: Person, modality: Modality, output: str, on: date) -> Case:
    return Case(
        purpose=deployment.purpose,
        role=person.role,
        modality=modality,
        output=output,
        consequence=INDIVIDUAL,
        jurisdictions=deployment.jurisdictions,
        on=on,
        facts={**deployment.facts, **person.facts},
    )


def call_of(deployment: Deployment) -> Call:
    """The call that a deployment speaks of."""
    people = tuple(Participant(f"p_{n}", p.name, p.role) for n, p in enumerate(deployment.participant, start=1))
    return Call(deployment.call_id, deployment.deployment_id, deployment.purpose, people, deployment.started)


def _refuse_if_nothing_may_be_read(rulings: Iterable[Ruling]) -> None:
    answers = list(rulings)
    if not any(ruling.allowed for ruling in answers):
        raise RefusedError.by(answers[0].verdicts, "Nothing was read.")


def _recordings(deployment: Deployment, permissions: Permissions) -> dict[str, Recording]:
    """The recordings that may be read for some time; the file of anybody else is not even opened."""
    found = {}
    for participant, person in zip(permissions.call.participants, deployment.participant, strict=True):
        if person.media is None:
            continue
        if permissions.ever(participant.id, (FACE, VOICE)):
            found[participant.id] = measured(probe(person.media))
        elif not person.media.is_file():
            raise MediaError(f"{person.media}: no such file", "Check the path of the recording.")
    for recording in () if deployment.accept_damaged else found.values():
        lacking_us = missing_us(recording)
        if lacking_us > max(LACKING_US, (recording.duration_us or 0) // 20):
            raise MediaError(
                f"{recording.path}: its last {lacking_us // SECOND_US} s are missing; it was cut short",
                "Record or export it again, or take it as it is with --accept-damaged.",
            )
    return found


def _utterances(deployment: Deployment, call: Call) -> tuple[Utterance, ...]:
    if deployment.transcript is None:
        return ()
    return read_transcript(deployment.transcript, call.participants, deployment.speakers)


def _register(deployment: Deployment, call: Call) -> Register:
    register = Register(call.id, call.purpose)
    for participant, person in zip(call.participants, deployment.participant, strict=True):
        for modality in person.consent:
            register.answer(participant.id, modality, ConsentStatus.GIVEN, 0, kind=person.consent_kind)
        for change in sorted(person.withdraw, key=lambda w: w.at):
            register.answer(participant.id, change.modality, ConsentStatus.WITHDRAWN, change.at)
    return register


def _connector(
    deployment: Deployment,
    permissions: Permissions,
    recordings: Mapping[str, Recording],
    utterances: tuple[Utterance, ...],
) -> Connector:
    """Recordings played with what is known beforehand: when each begins, and when a permission ends."""
    stops: dict[str, list[int]] = {}
    for consent in permissions.register.records:
        if consent.status is not ConsentStatus.GIVEN:
            kind = next(kind for kind, modality in MODALITY_OF.items() if modality == consent.modality)
            stops.setdefault(f"{consent.participant_id}/{kind}", []).append(consent.at_us)
    offsets = {f"p_{n}": offset_us(person) for n, person in enumerate(deployment.participant, start=1)}
    paths = {who: recording.path for who, recording in recordings.items()}
    build = resolve(deployment.stages.connector)
    made: Connector = build(paths, utterances, Grid(deployment.fps), offsets_us=offsets, stops_us=stops)
    return made


def offset_us(person: Person) -> int:
    """Media time at which a person's recording begins."""
    return round(person.offset * SECOND_US)


def encoders_of(named: Iterable[str], shelf: Shelf) -> Iterable[Encoder]:
    """Every class in `countenance.encoders` with `from_shelf`, whose bundles are installed, and those named."""
    kinds: list[Any] = []
    for module in sorted(pkgutil.iter_modules(countenance.encoders.__path__), key=lambda m: m.name):
        found = importlib.import_module(f"countenance.encoders.{module.name}")
        kinds += [
            kind
            for kind in vars(found).values()
            if isinstance(kind, type) and kind.__module__ == found.__name__ and hasattr(kind, "from_shelf")
        ]
    kinds += [resolve(name) for name in named]
    for kind in kinds:
        if all(shelf.has(bundle) for bundle in kind.needs):
            yield kind.from_shelf(shelf)
    yield from adapted(shelf)


def fusion_of(named: str, shelf: Shelf) -> tuple[Fusion, Mapping[str, Card]]:
    """The fusion of a name, `module:attribute` or the folder of a bundle, and the card of its weights."""
    folder = Path(named)
    return load_fusion(folder, shelf) if (folder / "card.toml").is_file() else build_fusion(resolve(named), shelf)

"""What an operator asks for: one TOML file, or the same in command-line flags.

An unknown key is an error that names the nearest key there is.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from countenance.coaching.settings import CoachingTable
from countenance.consent.terms import Terms
from countenance.contracts.call import FACE, TEXT, VOICE, Purpose, Role
from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US
from countenance.inference.shelf import Profile
from countenance.inference.tables import Table, checked, near, read_toml

SEE = "See `countenance analyze --help` for an example."
NOTHING: Mapping[str, Any] = MappingProxyType({})
CLOCK = re.compile(r"(?:(\d+):)?([0-5]?\d):([0-5]?\d(?:\.\d{1,6})?)")


def media_time(value: object) -> int:
    """Microseconds of `mm:ss`, `hh:mm:ss.mmm` or a number of seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return round(value * SECOND_US)
    match = CLOCK.fullmatch(str(value))
    if match is None:
        raise ValueError(f"{value!r} is no time of the call; write 01:30, 01:02:03.5 or seconds")
    hours, minutes, seconds = match.groups()
    return round(((int(hours or 0) * 60 + int(minutes)) * 60 + float(seconds)) * SECOND_US)


MediaTime = Annotated[int, BeforeValidator(media_time)]
ReadModality = Literal["face", "voice", "text"]


class Withdrawal(Table):
    """A consent taken back in the middle of the call."""

    modality: ReadModality
    at: MediaTime


class Person(Table):
    """One participant, the recording of their side, and what they have agreed to."""

    name: str = Field(min_length=1)
    role: Role
    media: Path | None = None
    offset: float = 0.0
    """Seconds after the start of the call at which this recording begins."""
    consent: tuple[ReadModality, ...] = ()
    consent_kind: Literal["explicit", "express_written", "written_release", "parental_verifiable"] = "express_written"
    withdraw: tuple[Withdrawal, ...] = ()
    facts: Mapping[str, str] = Field(default_factory=dict)
    """What is known of this person, such as minor = "adult"; it goes before the facts of the whole call."""
    id: str | None = Field(default=None, min_length=1)
    """Your own id of this person, under which a store finds them again; their name when left out."""

    @property
    def known_as(self) -> str:
        """The id under which a store keeps this person."""
        return self.id or self.name


class StageNames(Table):
    """Replaceable parts as `module:attribute`; the defaults are the product's own."""

    connector: str = "countenance.capture.replay:ReplayConnector"
    encoders: tuple[str, ...] = ()
    """Encoders beside the shipped ones."""
    fusion: str = "countenance.fusion.pool:PoolFusion"


class OwnModels(Table):
    """Bundles and other people's weights of the operator's own."""

    paths: tuple[Path, ...] = ()
    """Folders with a card.toml or an adapter.toml, or folders of such."""


class Deployment(Table):
    """Everything one analysis needs to know."""

    purpose: Purpose
    jurisdictions: tuple[str, ...] = ()
    """Where the people, the deployer and the use of the output are; empty means unknown, so the strictest."""
    participant: tuple[Person, ...] = Field(min_length=1)
    transcript: Path | None = None
    speakers: Mapping[str, str] = Field(default_factory=dict)
    """Names in the transcript that differ from the participants' names."""
    deployment_id: str = "local"
    call_id: str = "call"
    on: date | None = None
    """The day whose law applies; today when left out."""
    started: str | None = None
    """RFC 3339 UTC of media time zero."""
    facts: Mapping[str, str] = Field(default_factory=dict)
    overlays: tuple[Path, ...] = ()
    """Law files of the deployer's own: they refuse, require, or record a legal review of an unclear case."""
    store: Path | None = None
    """The data folder that keeps and proves; one inside the report when left out."""
    terms: Terms | None = None
    """Who is responsible, where data goes, how to stop: what a notice tells the people it asks."""
    profile: Profile = Profile.OPEN
    models: OwnModels = OwnModels()
    accept_damaged: bool = False
    """Take a recording that was cut short as it is."""
    fps: int = Field(default=5, ge=5, le=10)
    taxonomies: tuple[str, ...] = ("engagement.v1", "ekman7.v1", "va.v1")
    stages: StageNames = StageNames()
    coaching: CoachingTable = CoachingTable()
    """What a coach would have been advised, for the report."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [person.name.casefold() for person in self.participant]
        twice = [person.name for person in self.participant if names.count(person.name.casefold()) > 1]
        if twice:
            raise ValueError(f"two participants are named {twice[0]!r}; give each a name of their own")
        return self


def read_deployment(path: Path, instead: Mapping[str, Any] = NOTHING) -> Deployment:
    """Read a TOML file, some of its keys replaced; paths in it are relative to its folder."""
    deployment = checked(Deployment, {**read_toml(path), **instead}, str(path), SEE)
    people = [p.model_copy(update={"media": p.media and path.parent / p.media}) for p in deployment.participant]
    found = {
        "participant": tuple(people),
        "transcript": deployment.transcript and path.parent / deployment.transcript,
        "store": deployment.store and path.parent / deployment.store,
        "overlays": tuple(path.parent / file for file in deployment.overlays),
        "coaching": deployment.coaching.below(path.parent),
        "models": OwnModels(paths=tuple(path.parent / folder for folder in deployment.models.paths)),
    }
    return deployment.model_copy(update=found)


def build_deployment(data: Mapping[str, Any], source: str) -> Deployment:
    """Check a mapping against the schema; the first fault becomes one clear line."""
    return checked(Deployment, data, source, SEE)


def participant_table(spec: str) -> dict[str, Any]:
    """`Ana:customer:ana.mp4` as a table; the media part may be left out."""
    name, _, rest = spec.partition(":")
    role, _, media = rest.partition(":")
    if not name or not role:
        raise UsageError(
            f"--participant {spec!r} is not NAME:ROLE:FILE", "For example: --participant Ana:customer:ana.mp4"
        )
    return {"name": name, "role": role, "media": media or None}


def consent_table(spec: str) -> tuple[str, list[str]]:
    """`Ana=face,voice,text` as a name and modalities."""
    name, found, modalities = spec.partition("=")
    if not found or not name:
        raise UsageError(f"--consent {spec!r} is not NAME=MODALITY,...", "For example: --consent Ana=face,voice,text")
    chosen = [m.strip() for m in modalities.split(",") if m.strip()]
    for modality in chosen:
        if modality not in (FACE, VOICE, TEXT):
            raise UsageError(f"--consent {spec!r}: unknown modality {modality!r}", near(modality, (FACE, VOICE, TEXT)))
    return name, chosen


def withdrawal_table(spec: str) -> tuple[str, dict[str, str]]:
    """`Ana=face@01:10` as a name and a withdrawal."""
    name, found, rest = spec.partition("=")
    modality, at, when = rest.partition("@")
    if not (found and at and name):
        raise UsageError(f"--withdraw {spec!r} is not NAME=MODALITY@TIME", "For example: --withdraw Ana=face@01:10")
    return name, {"modality": modality, "at": when}


MANNER = {"purpose", "jurisdictions", "profile", "fps", "stages", "accept_damaged"}
"""What a deployment says of how it reads; all else is of people, or says where files are."""


def digests(deployment: Deployment, decided: Mapping[str, object], recordings: Mapping[str, Path]) -> tuple[str, str]:
    """Of all that decides one result, and of how results are made here: only the second has nothing of a person in it.

    A plain hash over names or words can be guessed at for as long as it is kept: the first never enters the log.
    """
    manner = {**decided, "deployment": deployment.model_dump(mode="json", include=MANNER)}
    whole = {
        **decided,
        "deployment": deployment.model_dump(mode="json"),
        "recordings": {who: fingerprint(path) for who, path in recordings.items()},
        "transcript": deployment.transcript.read_text("utf-8", "replace") if deployment.transcript else None,
    }
    return _sha256_of(whole), _sha256_of(manner)


def _sha256_of(facts: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def fingerprint(path: Path) -> str:
    """Hash of the size and both ends of a file: enough to know that an interrupted analysis meets the same one."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        digest = hashlib.sha256(str(size).encode())
        for place in (0, max(0, size - 1_000_000)):
            file.seek(place)
            digest.update(file.read(1_000_000))
    return digest.hexdigest()

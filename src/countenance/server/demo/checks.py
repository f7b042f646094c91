"""Did the live call come out as scripted? What the nets read on drawn faces claims nothing and is not asked."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.audit.export import StoredLog
from countenance.audit.log import Log
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.media import SECOND_US
from countenance.surface.envelope import CONSENT_CHANGED, PROMPT_ISSUED, SAMPLE
from countenance.testing.sample_call.script import Script

MS_US = 1000
TAXONOMY = "engagement.v1"
EXPRESSION = "face-expression.v1"
SETTLED_US = 2 * SECOND_US
"""How long after an opt-out the last window may still end; the worker decodes nothing from the moment it is told."""
LEAST = 0.3
"""Of the seconds in which a face can be seen, how many must be read, also on a machine that is busy."""
CONNECTED_US = 8 * SECOND_US

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Played:
    """What was seen from outside, up to a media time."""

    events: Sequence[Event]
    people: Mapping[str, str]
    """Participant by name."""
    decoded: Mapping[str, int]
    """Pictures and pieces of sound decoded, by track."""
    began_us: int
    """Media time at which the clips began."""
    until_us: int
    """Of the clips; then whoever is read takes back their face."""
    models: Collection[str]
    """What the workers have loaded."""

    def samples(self, name: str) -> list[tuple[int, Mapping[str, Any]]]:
        """Each second of a person: its beginning on the clock of the clips, and what became of each modality."""
        return [
            (one["data"]["window"]["start_us"] - self.began_us, one["data"]["modalities"])
            for one in self.events
            if one["type"] == SAMPLE
            and one["data"]["taxonomy"] == TAXONOMY
            and one["data"]["subject"]["participant_id"] == self.people[name]
        ]


def missed(played: Played, script: Script, log: Log) -> Iterator[str]:
    """Everything that did not come out."""
    for person in script.people:
        if person.role == "agent":
            yield from _never_read(played, person.name)
        else:
            yield from _read(played, script, person.name)
            yield from _opted_out(played, person.name)
    yield from _advised(played, script)
    found = verify(StoredLog(log), Policy.trusting(log.key.verifier), completeness=True).findings
    yield from (f"audit log, entry {one.seq}: {one.problem}" for one in found)


def _never_read(played: Played, name: str) -> Iterator[str]:
    """People at work: nothing of their face and voice is decoded, whatever they have said."""
    for modality, kind in ((FACE, "video"), (VOICE, "audio")):
        if any(used.get(modality, {}).get("used") for _, used in played.samples(name)):
            yield f"{name}: {modality} was read, which the law refuses"
        if count := played.decoded.get(f"{played.people[name]}/{kind}", 0):
            yield f"{name}: {count} packets of {kind} were decoded"


def _read(played: Played, script: Script, name: str) -> Iterator[str]:
    seconds = played.samples(name)
    end_us = played.until_us
    gaps = [(gap.start * MS_US, gap.end * MS_US) for gap in script.gaps if gap.who == name]
    seen = [
        used.get(FACE, {}).get("used", False)
        for at_us, used in seconds
        if CONNECTED_US <= at_us < end_us - SECOND_US and not any(a - SECOND_US < at_us < b for a, b in gaps)
    ]
    if not seen or sum(seen) < LEAST * len(seen):
        yield f"{name}: the face was read in {sum(seen)} of {len(seen)} seconds in which it can be seen"
    spoken_us = script.lines_of(name)[0].end * MS_US
    for modality in (VOICE, TEXT) if spoken_us + CONNECTED_US <= played.until_us else ():
        if not any(used.get(modality, {}).get("used") for _, used in seconds):
            yield f"{name}: {modality} was read in no second"


def _opted_out(played: Played, name: str) -> Iterator[str]:
    late = [
        at_us
        for at_us, used in played.samples(name)
        if at_us > played.until_us + SETTLED_US and used.get(FACE, {}).get("used")
    ]
    if late:
        yield f"{name}: the face was read in {len(late)} seconds after it was taken back"
    told = [event["data"] for event in played.events if event["type"] == CONSENT_CHANGED]
    if not any(data["modality"] == FACE and data["status"] == "withdrawn" for data in told):
        yield f"{name}: nothing says that the face was taken back"


def _advised(played: Played, script: Script) -> Iterator[str]:
    """The whole sales call gives its coach exactly one prompt, where the net is installed that names expressions.

    Cues alone move the estimate too little for one when somebody looks away.
    """
    given = sum(1 for event in played.events if event["type"] == PROMPT_ISSUED)
    least = 1 if EXPRESSION in played.models and played.until_us >= script.length * MS_US else 0
    if not least <= given <= 1:
        yield f"the coach was given {given} prompts, the call is made for one"

"""Notes after a call: who may have one, what it would say, and what leaves when a human accepts it.

A draft is kept nowhere: it is made anew each time, out of what the store still keeps. What leaves is sealed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from countenance.consent.canonical import canonical
from countenance.contracts.call import Call, Purpose, Role
from countenance.contracts.errors import NotFoundError
from countenance.control.access import SUMMARY, Access
from countenance.control.notes import Accepted, Notes
from countenance.control.remarks import COMMENT, About, Remarks
from countenance.control.roster import KnownCall, KnownPerson
from countenance.permission import Permissions
from countenance.policy.leaving import PURPOSES, System, stays
from countenance.server.access import NO_SUCH
from countenance.server.keeping import Keeping
from countenance.server.live import LiveCall
from countenance.server.tenancy import Services
from countenance.server.words import words_of
from countenance.surface.envelope import PROMPT_ISSUED, PROMPT_RESOLVED, Envelope, Envelopes, summary_id
from countenance.surface.notes.note import Advice, Comment, Meeting, Note, Person, note_of
from countenance.surface.notes.payloads import whole
from countenance.surface.notes.telling import proposed
from countenance.surface.wording import Wording

SERVICE = "service"
CATALOGUE = "notes"
DRAFT = "draft"
"""The reason that stands in the log for opening what a draft is made of."""
OPEN, RECIPIENTS = "open", "recipients"
"""Why nothing leaves yet, or at all: the call goes on; the notice named nobody who would receive it."""
AFTERWARDS = 1_000_000_000
"""Events about a call that no process remembers are numbered from here on."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft as it is shown."""

    note: Note
    body: Mapping[str, Any]
    """Everything that would leave."""

    @property
    def digest(self) -> str:
        """Of what was shown: what is accepted is that and nothing else."""
        return sha256(canonical(self.body)).hexdigest()


class Drafting:
    """The drafts of one tenant."""

    def __init__(self, here: Services, site: str) -> None:
        """`site`: the address under which the deployment answers, or nothing where that is not configured."""
        self._here = here
        self._site = site.rstrip("/")
        tenant, clock = here.tenant, here.control.clock
        self._notes = Notes(tenant.log, tenant.vault, clock)
        self._remarks = Remarks(tenant.log, tenant.vault, clock)
        self._access = Access(tenant.log, tenant.vault)

    def permissions(self, call: KnownCall) -> Permissions:
        """The rulings of a call, remembered or kept; raises NotFoundError."""
        live = self._live(call.call_id)
        if live is not None:
            return live.running.permissions()
        return Keeping(self._here.tenant, self._here.control.clock).find(call.call_id).permissions

    def against(self, call: KnownCall, person: KnownPerson, system: System, permissions: Permissions) -> str | None:
        """Why nothing of a person may leave for a system; None where a human may let it."""
        rulings = [one for (who, _), one in tuple(permissions.rulings.items()) if who == person.participant_id]
        if (why := stays(system, Purpose(call.purpose), Role(person.role), rulings)) is not None:
            return why.value
        if call.closed_utc_us is None:
            return OPEN
        terms = self._here.deployed.terms
        return None if terms is not None and terms.recipients else RECIPIENTS

    def has_left(self, call: KnownCall, person: KnownPerson, system: System) -> bool:
        """Whether a note about this person has left for this system."""
        return self._notes.has(About(call.call_ref, person.subject_ref), system.value)

    def read(self, call: KnownCall, person: KnownPerson, system: System, actor: str) -> Mapping[str, Any]:
        """A note that has left, for whoever puts it where it belongs; raises NotFoundError."""
        return self._notes.read(About(call.call_ref, person.subject_ref), system.value, actor)

    async def draft(self, call: KnownCall, person: KnownPerson, system: System, actor: str, language: str) -> Drafted:
        """What would leave, in a language; the log says first who opens it."""
        summary = await self._here.calls.summary(call.call_id, SERVICE, SUMMARY)
        wording = Wording(language, words_of(language, CATALOGUE).one)
        return await asyncio.to_thread(self._draft, summary, (call, person), system, (actor, wording))

    async def accept(self, call: KnownCall, person: KnownPerson, drafted: Drafted, text: str, actor: str) -> Note:
        """Let a note leave with this text: sealed, logged, and told of."""
        note = replace(drafted.note, text=text, accepted=True)
        live = self._live(call.call_id)
        if live is None:
            number = AFTERWARDS + self._here.tenant.log.size
            await asyncio.to_thread(self._keep, call, person, (drafted, note), self._told(note, number), actor)
            return note
        async with live.turn:
            told = self._told(note, live.out.number())
            await asyncio.to_thread(self._keep, call, person, (drafted, note), told, actor)
            live.stream.publish(told)
        return note

    def _draft(
        self,
        summary: Mapping[str, Any],
        whose: tuple[KnownCall, KnownPerson],
        system: System,
        told: tuple[str, Wording],
    ) -> Drafted:
        (call, person), (actor, wording) = whose, told
        block = next((one for one in summary["participants"] if one["participant_id"] == person.participant_id), None)
        if block is None:
            raise NotFoundError(*NO_SUCH)
        rest = {
            "events": summary["events"],
            "prompts": self._prompts(call, person, actor),
            "comments": self._comments(call, person, actor),
        }
        about = Person(person.participant_id, person.role, person.person, person.subject_ref)
        note = note_of(system.value, self._meeting(summary["call"]), about, block, rest, wording)
        note = replace(note, text=proposed(note))
        return Drafted(note, whole(note))

    def _meeting(self, call: Mapping[str, Any]) -> Meeting:
        source = Envelopes(_call(call)).source
        link = f"{self._site}/review/{call['id']}"
        numbers = summary_id(source), link
        return Meeting(source, call["id"], call["purpose"], call["started_at"], call["duration_us"], *numbers)

    def _prompts(self, call: KnownCall, person: KnownPerson, actor: str) -> Sequence[Advice]:
        """What was advised on this person's readings, and what became of it."""
        opened = [one.data for one in self._access.read(person.person, actor, DRAFT, call.call_ref)]
        told = [one for one in opened if isinstance(one, dict) and "type" in one]
        ends = {one["data"]["prompt_id"]: one["data"] for one in told if one["type"] == PROMPT_RESOLVED}
        return [_advice(one["data"], ends) for one in told if one["type"] == PROMPT_ISSUED]

    def _comments(self, call: KnownCall, person: KnownPerson, actor: str) -> Sequence[Comment]:
        about = [About(call.call_ref, person.subject_ref)]
        found = self._remarks.all(about, COMMENT, actor)
        return sorted((Comment(one.said["at_us"], one.said["words"]) for one in found), key=lambda one: one.at_us)

    def _told(self, note: Note, number: int) -> Envelope:
        meeting, who = note.meeting, note.person.participant_id
        call = Call(meeting.call_id, self._here.deployed.id, Purpose(meeting.purpose), (), meeting.started_at)
        data: Envelope = {"note_id": note.id, "system": note.system, "participant_id": who}
        path = f"/v1/calls/{meeting.call_id}/participants/{who}/notes/{note.system}"
        return Envelopes(call).note(number, data, meeting.duration_us, path)

    def _keep(
        self, call: KnownCall, person: KnownPerson, both: tuple[Drafted, Note], told: Envelope, actor: str
    ) -> None:
        drafted, note = both
        about, edited = About(call.call_ref, person.subject_ref), note.text != drafted.note.text
        self._notes.accept(Accepted(about, note.system, note.id, actor, edited, whole(note), told))

    def _live(self, call_id: str) -> LiveCall | None:
        with suppress(NotFoundError):
            return self._here.calls.get(call_id)
        return None


def systems_for(purpose: str) -> Sequence[System]:
    """The systems that record calls of a purpose; none for most."""
    return [one for one in System if purpose in PURPOSES[one]]


def _call(block: Mapping[str, Any]) -> Call:
    return Call(block["id"], block["deployment_id"], Purpose(block["purpose"]), (), block["started_at"])


def _advice(said: Mapping[str, Any], ends: Mapping[str, Mapping[str, Any]]) -> Advice:
    end = ends.get(said["prompt_id"], {})
    return Advice(said["prompt_id"], said["text"], end.get("outcome"), end.get("acted"))

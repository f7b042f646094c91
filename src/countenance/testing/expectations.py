"""Did the sample call come out as it was scripted? Reads the report's files, and names everything that did not.

Only what the script states exactly is checked: turn-taking, silences, why a face was not read, the refusal of the
agent's tracks, the opt-out, what the words say, and the log. What the nets read on drawn faces claims nothing.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.audit.reading import Leaf
from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import AuditError
from countenance.contracts.readings import Reason
from countenance.contracts.trust import ConsentStatus, Effect
from countenance.testing.logs import check_log, read_log
from countenance.testing.sample_call.script import Line, Script, ScriptedPerson

MS_US = 1_000
SECOND_MS = 1_000
VOICE_SLACK_MS = 200
"""How far each edge of a turn may lie off when it was heard, not read from the transcript."""
HOLD_MS = 6_000
"""How long words speak for the seconds after them."""
DEAD_AIR_MS = 3_000
TAXONOMY = "engagement.v1"

Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """The files of a report, parsed."""

    readings: tuple[Table, ...]
    """The data of every sample."""
    events: tuple[Table, ...]
    """Every line of events.jsonl."""
    summary: Table
    audit: Path

    def person(self, name: str) -> Table:
        """What the summary says of one participant; empty when it does not know them."""
        return next((one for one in self.summary["participants"] if one["name"] == name), {})

    def uses(self, who: str, modality: str) -> dict[int, Table]:
        """What became of a modality in each whole second, from the readings of the product's taxonomy."""
        return {
            data["window"]["start_us"] // (SECOND_MS * MS_US): data["modalities"].get(modality, {"used": False})
            for data in self.readings
            if data["taxonomy"] == TAXONOMY and data["subject"]["participant_id"] == who
        }


def read_report(folder: Path) -> Report:
    """Parse the files that an analysis writes."""
    return Report(
        readings=tuple(line["data"] for line in _lines(folder / "readings.jsonl")),
        events=tuple(_lines(folder / "events.jsonl")),
        summary=json.loads((folder / "summary.json").read_text(encoding="utf-8")),
        audit=folder / "store" / "log",
    )


def check_sample_report(folder: Path, script: Script) -> list[str]:
    """Everything scripted that did not come out; empty when all of it did."""
    report = read_report(folder)
    missing = [person.name for person in script.people if not report.person(person.name)]
    if missing:
        return [f"{name}: not in the summary" for name in missing]
    return [
        *_silences(report, script),
        *(miss for person in script.people for miss in _talk(report, script, person)),
        *(miss for person in script.people if _is_read(report, person) for miss in _face(report, script, person)),
        *(miss for person in script.people if not _is_read(report, person) for miss in _refused(report, person)),
        *(miss for person in script.people for miss in _opt_outs(report, person)),
        *(miss for line in script.lines if line.meant for miss in _words(report, line)),
        *_log(report, script),
    ]


def _silences(report: Report, script: Script) -> Iterator[str]:
    wanted = script.silences(DEAD_AIR_MS)
    found = [(one["start_us"], one["end_us"]) for one in report.summary["silences"]]
    if len(found) != len(wanted):
        yield f"silences: {len(wanted)} scripted, {len(found)} found"
        return
    for (start, end), heard in zip(wanted, found, strict=True):
        if not (_near(start, heard[0]) and _near(end, heard[1])):
            yield f"silence {_clock(start)}-{_clock(end)}: found at {heard[0] // MS_US}-{heard[1] // MS_US} ms"


def _talk(report: Report, script: Script, person: ScriptedPerson) -> Iterator[str]:
    """Turns are counted exactly; times are exact from the transcript, and near from the voice."""
    talk = report.person(person.name)["talk"]
    if talk is None:
        yield f"{person.name}: no turn-taking"
        return
    lines = script.lines_of(person.name)
    slack = 0 if talk["sources"] == ["transcript"] else VOICE_SLACK_MS
    spoken = sum(line.end - line.start for line in lines)
    if abs(talk["talk_us"] - spoken * MS_US) > slack * len(lines) * MS_US:
        yield f"{person.name}: {spoken} ms of talk scripted, {talk['talk_us'] // MS_US} ms found"
    cuts = script.interruptions()
    for key, wanted in (
        ("turns", len(lines)),
        ("interruptions", sum(by == person.name for by, _ in cuts)),
        ("interrupted", sum(of == person.name for _, of in cuts)),
    ):
        if talk[key] != wanted:
            yield f"{person.name}: {wanted} {key} scripted, {talk[key]} found"
    longest = max(lines, key=lambda line: line.end - line.start)
    found = talk["longest_monologue"]
    length = found["end_us"] - found["start_us"] if found else 0
    if abs(length - (longest.end - longest.start) * MS_US) > 2 * slack * MS_US:
        yield f"{person.name}: longest turn {longest.end - longest.start} ms scripted, {length // MS_US} ms found"


def _face(report: Report, script: Script, person: ScriptedPerson) -> Iterator[str]:
    """Second by second: read, or not read for exactly the scripted reason."""
    uses = report.uses(report.person(person.name)["participant_id"], FACE)
    for second in range(script.length // SECOND_MS):
        wanted = _wanted_reason(script, person, second * SECOND_MS)
        use = uses.get(second)
        if use is None:
            yield f"{person.name} at {_clock(second * SECOND_MS)}: no reading"
        elif use["used"] != (wanted is None) or use.get("reason") != wanted:
            said = "read" if use["used"] else use.get("reason")
            yield f"{person.name}'s face at {_clock(second * SECOND_MS)}: should be {wanted or 'read'}, is {said}"


def _wanted_reason(script: Script, person: ScriptedPerson, at_ms: int) -> str | None:
    stopped = person.withdrawn_at(FACE)
    if stopped is not None and at_ms >= stopped:
        return Reason.NO_CONSENT.value
    gaps = (gap for gap in script.gaps if gap.who == person.name and gap.start <= at_ms < gap.end)
    return next((gap.reason.value for gap in gaps), None)


def _is_read(report: Report, person: ScriptedPerson) -> bool:
    """Whether the summary says that this person's face may be read at all."""
    modalities = report.person(person.name)["modalities"]
    return any(one["modality"] == FACE and one["ruling"]["effect"] == Effect.ALLOW for one in modalities)


def _refused(report: Report, person: ScriptedPerson) -> Iterator[str]:
    """The gate says no with a citation, the event says so, and nothing was ever leased or read."""
    who = report.person(person.name)["participant_id"]
    stated = {one["modality"]: one for one in report.person(person.name)["modalities"]}
    told = {
        line["data"]["modality"]
        for line in report.events
        if line["type"].startswith("io.countenance.policy.refused.") and line["data"]["participant_id"] == who
    }
    for modality in (FACE, VOICE):
        one = stated.get(modality, {"use": "not stated", "ruling": {"verdicts": []}})
        if one["use"] != "refused" or not any(verdict["citation"] for verdict in one["ruling"]["verdicts"]):
            yield f"{person.name}'s {modality}: should be refused with a citation, is {one['use']}"
        if modality not in told:
            yield f"{person.name}'s {modality}: no event tells of the refusal"
    for data in report.readings:
        if data["subject"]["participant_id"] == who and any(data["modalities"].get(m, {}).get("used") for m in stated):
            yield f"{person.name} was read at {data['window']['start_us']} us"


def _opt_outs(report: Report, person: ScriptedPerson) -> Iterator[str]:
    """The withdrawal is an event at its moment, and the summary says from when on nothing was read."""
    said = report.person(person.name)
    who = said["participant_id"]
    for withdrawal in person.withdraw:
        at_us = withdrawal.at * MS_US
        told = any(
            line["type"].startswith("io.countenance.consent.changed.")
            and line["data"]["participant_id"] == who
            and line["data"]["modality"] == withdrawal.modality
            and line["data"]["status"] == ConsentStatus.WITHDRAWN
            and line["data"]["at_us"] == at_us
            for line in report.events
        )
        if not told:
            yield f"{person.name}: no event tells that {withdrawal.modality} was withdrawn at {_clock(withdrawal.at)}"
        stopped = next(
            (one["stopped_us"] for one in said["modalities"] if one["modality"] == withdrawal.modality), None
        )
        if stopped != at_us:
            yield f"{person.name}'s {withdrawal.modality}: should stop at {at_us} us, stopped at {stopped}"
        late = [
            second
            for second, use in report.uses(who, withdrawal.modality).items()
            if use["used"] and (second + 1) * SECOND_MS > withdrawal.at
        ]
        if late:
            yield f"{person.name}'s {withdrawal.modality} was read after the opt-out, at second {late[0]}"


def _words(report: Report, line: Line) -> Iterator[str]:
    """The words were read in the second in which they end, and a state was open while they still spoke."""
    who = report.person(line.who)["participant_id"]
    heard = (line.end - 1) // SECOND_MS
    uses = report.uses(who, TEXT)
    if not any(uses.get(second, {"used": False})["used"] for second in (heard, heard + 1)):
        yield f"{line.who}'s words at {_clock(line.start)} were not read"
    until = (line.end + HOLD_MS) * MS_US
    raised = any(
        one["participant_id"] == who
        and one["label"] == line.meant
        and one["start_us"] < until
        and (one["end_us"] is None or one["end_us"] > line.end * MS_US)
        for one in report.summary["events"]
    )
    if not raised:
        yield f"{line.who} at {_clock(line.start)}: no event says {line.meant!r} after {line.text!r}"


def _log(report: Report, script: Script) -> Iterator[str]:
    """The log holds, covers every second that was read, and never names a person who may not be read."""
    try:
        findings, entries = check_log(report.audit), read_log(report.audit)
    except AuditError as error:
        yield f"audit log: {error}"
        return
    yield from (f"audit log, entry {finding.seq}: {finding.problem}" for finding in findings)
    leased = {entry.get("lease") for entry in entries if entry["kind"] == "LEASE"}
    ended = {entry.get("lease") for entry in entries if entry["kind"] == "RESULT"}
    subjects = report.summary["audit"]["subjects"]
    for data in report.readings:
        who, _, start = (data["audit"]["lease"] or "/").partition("/")
        lease = f"{subjects.get(who)}/{start}"
        if any(use["used"] for use in data["modalities"].values()) and not (lease in leased and lease in ended):
            yield f"the reading at {data['window']['start_us']} us has no lease and result in the log"
    for person in script.people:
        if not _is_read(report, person):
            subject = subjects[report.person(person.name)["participant_id"]]
            yield from _never_leased(entries, subject, person.name)


def _never_leased(entries: Sequence[Leaf], subject: str, name: str) -> Iterator[str]:
    for entry in entries:
        if entry["kind"] in ("LEASE", "RESULT") and entry.get("subject_ref") == subject:
            yield f"{name}: the log holds a {entry['kind']} (entry {entry['seq']}) for a person who may not be read"
            return


def _lines(path: Path) -> Iterator[Table]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _near(scripted_ms: int, found_us: int) -> bool:
    return abs(scripted_ms * MS_US - found_us) <= VOICE_SLACK_MS * MS_US


def _clock(at_ms: int) -> str:
    return f"{at_ms // 60_000:02d}:{at_ms // 1000 % 60:02d}"

"""`report.html`: one page about one call, complete in itself, for a coach; opens from a file, asks no network."""

import json
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from countenance.contracts.media import SECOND_US
from countenance.surface import trust_view, view, words
from countenance.surface.findings import Moment, by_person, shares
from countenance.surface.record import CallRecord, LineStatus, ParticipantRecord, Use
from countenance.surface.series import Series
from countenance.surface.summary import policy_digest, write_summary

TEMPLATES = "surface/templates"


@dataclass(frozen=True, slots=True)
class Glance:
    """One person in a few sentences."""

    id: str
    name: str
    role: str
    headline: str
    notes: tuple[str, ...]
    moments: tuple[Moment, ...]
    chips: tuple[trust_view.Chip, ...]
    has_usual: bool


def write_report(record: CallRecord, folder: Path) -> Path:
    """Write summary.json and report.html into a folder; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    write_summary(record, folder / "summary.json")
    page = folder / "report.html"
    page.write_text(render(record), encoding="utf-8")
    return page


def render(record: CallRecord) -> str:
    """The page."""
    environment = Environment(
        loader=PackageLoader("countenance", TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(words=words, view=view, clock=_clock)
    style, script = _text("report.css"), _text("report.js")
    people = view.people(record)
    return environment.get_template("report.html.j2").render(
        record=record,
        style=Markup(style),
        script=Markup(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        data=_data(record, people),
        people=people,
        names={one.participant.id: one.participant.name for one in record.participants},
        glances=glances(record),
        ticks=view.ticks(record.duration_us),
        turns={one.id: view.talk_pieces(record, one.id) for one in people},
        silences=view.silence_pieces(record),
        talk_rows=trust_view.talk_rows(record),
        talk_sentence=trust_view.talk_sentence(record),
        decisions=trust_view.decisions(record),
        models=trust_view.models(record),
        digest=policy_digest(record),
        hidden=LineStatus.HIDDEN,
        read=LineStatus.READ,
    )


def glances(record: CallRecord) -> tuple[Glance, ...]:
    """Every person in a few sentences."""
    series, standing_out = by_person(record), view.moments_of(record)
    return tuple(
        Glance(
            id=(who := one.participant).id,
            name=who.name,
            role=words.plain(who.role.value),
            headline=_headline(record, one, series[who.id]),
            notes=_notes(record, one, series[who.id]),
            moments=tuple(standing_out[who.id]),
            chips=trust_view.chips(one),
            has_usual=bool(series[who.id]) and shares(series[who.id][0], record.duration_us).usual is not None,
        )
        for one in record.participants
    )


def _headline(record: CallRecord, person: ParticipantRecord, series: list[Series]) -> str:
    if not person.was_read or not series:
        return "Not read. Only who spoke when is shown."
    divided = shares(series[0], record.duration_us)
    if divided.usual is not None:
        much = words.share(divided.labels[divided.usual], divided.read_us)
        return f"Read as {words.plain(divided.usual)} for {much} of the time that could be read."
    led = [name for name, time in divided.labels.items() if time]
    if not led:
        return "No clear state in what could be read."
    states = words.listed([words.plain(name) for name in sorted(led, key=lambda name: -divided.labels[name])])
    much = words.share(divided.unclear_us, divided.read_us)
    return f"Read as {states} at times; no clear state for {much} of the time that could be read."


def _notes(record: CallRecord, person: ParticipantRecord, series: list[Series]) -> tuple[str, ...]:
    if not series:
        refused = [one for one in person.modalities if one.use is Use.REFUSED]
        given = (each for one in refused for each in trust_view.reasons(one))
        return tuple(dict.fromkeys(f"{reason} Source: {source}." for reason, source in given))
    divided = shares(series[0], record.duration_us)
    unsure = sum(divided.not_sure.values())
    if not unsure:
        return ()
    parts = [f"{words.reason(why)} for {words.lasting(time)}" for why, time in divided.not_sure.items()]
    return (f"Not sure for {words.lasting(unsure)}: {words.listed(parts)}.",)


def _data(record: CallRecord, people: tuple[view.Person, ...]) -> Markup:
    names = {one.id: one.name for one in people}
    value = {
        "seconds": record.duration_us / SECOND_US,
        "people": [{"name": one.name, "runs": one.runs} for one in people if one.runs],
        "turns": [
            [turn.start_us / SECOND_US, turn.end_us / SECOND_US, names[turn.participant_id]]
            for turn in record.telemetry.turns
            if turn.participant_id in names
        ],
    }
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _clock(seconds: float) -> str:
    return words.clock(round(seconds * SECOND_US))


def _text(name: str) -> str:
    return files("countenance").joinpath(TEMPLATES, name).read_text(encoding="utf-8")

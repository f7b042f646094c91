"""What was read and why, what was not and why not, and what stands behind the numbers: for people."""

from dataclasses import dataclass

from countenance.contracts.call import TELEMETRY
from countenance.contracts.card import Card, Figure
from countenance.contracts.telemetry import CallTelemetry, TalkMeasures
from countenance.contracts.trust import Effect, Layer
from countenance.surface import words
from countenance.surface.record import CallRecord, ModalityRecord, ParticipantRecord, Use
from countenance.surface.view import use_words

LAYERS = {Layer.LAW: "law", Layer.PRODUCT: "this product's own rule", Layer.DEPLOYER: "this organisation's rule"}
SIGNS = {
    Use.READ: "on",
    Use.STOPPED: "stopped",
    Use.REFUSED: "barred",
    Use.DECLINED: "off",
    Use.NOT_ASKED: "off",
    Use.ABSENT: "off",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One modality in a few words, with a sign beside the colour."""

    name: str
    sign: str
    words: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate and the person said of some modalities."""

    who: str
    what: str
    sign: str
    outcome: str
    reasons: tuple[tuple[str, str], ...]
    """Reason and source."""
    receipt: str


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model in words."""

    name: str
    modality: str
    summary: str
    licence: str
    figures: tuple[tuple[str, str, str], ...]
    """Metric, figure with its interval, how it was measured."""
    limits: tuple[str, ...]


def chips(person: ParticipantRecord) -> tuple[Chip, ...]:
    """The modalities of one person."""
    return tuple(Chip(words.modality(one.modality), SIGNS[one.use], _chip_words(one)) for one in person.modalities)


def _chip_words(one: ModalityRecord) -> str:
    if one.modality == TELEMETRY and one.use is Use.READ:
        return "counted"
    return use_words(one.use, one.stopped_us)


def decisions(record: CallRecord) -> tuple[Decision, ...]:
    """One decision per person and outcome; modalities that share it stand together."""
    found: list[Decision] = []
    for person in record.participants:
        groups: dict[tuple[object, ...], list[ModalityRecord]] = {}
        for one in person.modalities:
            key = one.use, one.stopped_us, reasons(one), _receipt(one)
            groups.setdefault(key, []).append(one)
        found.extend(_decision(person, group) for group in groups.values())
    return tuple(found)


def reasons(one: ModalityRecord) -> tuple[tuple[str, str], ...]:
    """Why the gate allows or denies, with sources: the denials if there are any."""
    denied = [each for each in one.ruling.verdicts if each.effect is Effect.DENY]
    speaking = denied if one.use is Use.REFUSED and denied else list(one.ruling.verdicts)
    return tuple((_sentence(each.reason), f"{each.citation} ({LAYERS[each.layer]})") for each in speaking)


def _sentence(text: str) -> str:
    return words.capital(text) if text.endswith((".", "!", "?")) else f"{words.capital(text)}."


def models(record: CallRecord) -> tuple[ModelView, ...]:
    """Every model with its figures and limits."""
    return tuple(_model(card) for card in record.models)


def talk_rows(record: CallRecord) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A row per measure, a cell per participant."""
    measured = {one.participant_id: one for one in record.telemetry.talk}
    ordered = [measured.get(one.participant.id) for one in record.participants]
    columns = [_talk_cells(record.telemetry, one) for one in ordered]
    return tuple((name, tuple(column[place] for column in columns)) for place, name in enumerate(MEASURES))


MEASURES = (
    "Spoke for",
    "Share of all speech",
    "Turns",
    "Longest turn",
    "Pauses inside own speech",
    "Usual time to answer",
    "Slow answers (one in ten is slower)",
    "Cut in on the other",
    "Was cut off",
    "Words per minute",
    "Measured from",
)


def talk_sentence(record: CallRecord) -> str:
    """Who spoke most, in one sentence."""
    names = {one.participant.id: one.participant.name for one in record.participants}
    spoken = [one for one in record.telemetry.talk if one.sources]
    if not spoken:
        return "Who spoke when is not known: no voice could be read and there is no transcript."
    total = sum(one.talk_us for one in spoken)
    most = max(spoken, key=lambda one: one.talk_us)
    silent = [names[one.participant_id] for one in record.telemetry.talk if not one.sources]
    much = words.share(most.talk_us, total)
    if len(spoken) == 2 and much == "about half":
        return f"{words.listed([names[one.participant_id] for one in spoken])} spoke about equally long."
    text = f"{names[most.participant_id]} spoke for {much} of the time in which anyone spoke."
    if silent:
        text += f" The speech of {words.listed(silent)} was not measured."
    return text


def _talk_cells(telemetry: CallTelemetry, one: TalkMeasures | None) -> tuple[str, ...]:
    if one is None or not one.sources:
        return ("not measured", *("–" for _ in MEASURES[1:]))
    total = sum(each.talk_us for each in telemetry.talk)
    longest = one.monologue
    lag = one.response
    return (
        words.lasting(one.talk_us),
        f"{words.share(one.talk_us, total)} ({one.talk_share:.0%})",
        str(one.turns),
        f"{words.lasting(longest.length_us)}, from {words.clock(longest.start_us)}" if longest else "–",
        f"{one.pauses}, longest {words.lasting(one.longest_pause_us)}" if one.pauses else "none",
        "–" if lag.median_us is None else words.lasting(lag.median_us),
        "–" if lag.p90_us is None else words.lasting(lag.p90_us),
        times(one.interruptions),
        times(one.interrupted),
        "–" if one.words_per_minute is None else str(round(one.words_per_minute)),
        words.listed(one.sources),
    )


def times(count: int) -> str:
    """`never`, `once`, `3 times`."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _decision(person: ParticipantRecord, group: list[ModalityRecord]) -> Decision:
    first = group[0]
    what = words.listed([words.modality(one.modality).lower() for one in group])
    outcome = use_words(first.use, first.stopped_us)
    if first.use is Use.READ:
        kind = words.plain(first.ruling.duties.consent)
        outcome = "read; no consent is needed" if first.needs_nobody else f"read, with {kind} consent"
        if first.modality == TELEMETRY:
            outcome = "counted; no consent is needed" if first.needs_nobody else "counted"
    elif first.use is Use.STOPPED:
        outcome = f"read until {words.clock(first.stopped_us or 0)}, when consent was withdrawn"
    return Decision(person.participant.name, what, SIGNS[first.use], outcome, reasons(first), _receipt(first))


def _receipt(one: ModalityRecord) -> str:
    if not one.consents or one.use is Use.REFUSED:
        return ""
    last = one.consents[-1]
    return f"{last.receipt_id}, version {last.version}"


def _model(card: Card) -> ModelView:
    terms = "clean for commercial use" if card.licence.commercial else "not for commercial use"
    return ModelView(
        name=card.name,
        modality=words.modality(card.modality),
        summary=card.summary,
        licence=f"weights {card.licence.weights}, data {card.licence.data}; {terms}",
        figures=tuple((words.plain(one.metric), _figure(one), _protocol(one)) for one in card.figures),
        limits=card.limits,
    )


def _figure(one: Figure) -> str:
    return (
        f"{one.value:.3g}"
        if one.low is None or one.high is None
        else f"{one.value:.3g} ({one.low:.3g} to {one.high:.3g})"
    )


def _protocol(one: Figure) -> str:
    majority = "" if one.majority is None else f"; always guessing the commonest gives {one.majority:.3g}"
    return f"{one.protocol}, n = {one.n:,}{majority}"

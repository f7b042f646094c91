"""May this person be asked, and does their yes count: re-ask limits, the kind the law wants, the notice of today."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from countenance.consent.answers import History, Said, latest, state
from countenance.consent.evidence import check_evidence
from countenance.contracts.errors import ConsentError, RefusedError
from countenance.contracts.trust import CONSENT_KINDS, ConsentStatus, Ruling

REASK = timedelta(days=184)
"""Six months, the longest there are; nobody who said no is asked again before they are over."""


class Ask(StrEnum):
    """What to do about asking."""

    ASK = "ask"
    ANSWERED = "answered"
    """There is a yes that holds."""
    LEAVE = "leave"
    """There is a no, and six months are not over; the person may still open the choice themselves."""
    NEVER = "never"
    """The gate refuses, or no consent is needed."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Whether one person may be asked about one modality."""

    ask: Ask
    until: datetime | None = None
    """With LEAVE: when asking is allowed again. With ANSWERED: when the yes ends."""


def asking(history: History, ruling: Ruling, now: datetime, substance: str) -> Asking:
    """What to do about asking this person now."""
    if not ruling.allowed or ruling.duties.consent == "none":
        return Asking(Ask.NEVER)
    status = state(history, now, substance)
    if status is ConsentStatus.GIVEN and strong_enough(history[-1].said.kind, ruling):
        return Asking(Ask.ANSWERED, history[-1].expires)
    until = left_in_peace(history, now)
    return Asking(Ask.ASK) if until is None else Asking(Ask.LEAVE, until)


def left_in_peace(history: History, now: datetime) -> datetime | None:
    """Until when nobody may ask after a no; None when asking is free."""
    if not history or history[-1].said.status not in _NOES:
        return None
    free = history[-1].at + REASK
    return free if latest(history, now) < free else None


def check_yes(history: History, said: Said, ruling: Ruling, now: datetime, substance: str) -> None:
    """Raise RefusedError or ConsentError when this yes may not be recorded as one."""
    where = f"consent for {said.modality}"
    if not ruling.allowed:
        first = ruling.verdicts[0]
        problem = f"{where} cannot be given: {first.reason} [{first.citation}]"
        raise RefusedError(problem, "No consent lifts this.", ruling.verdicts)
    if said.shown is None or said.shown.substance != substance:
        problem = f"{where} was given to a notice that is not the one of today"
        raise ConsentError(problem, "Show the present notice and ask again.")
    if said.shown.shown_at > latest(history, now):
        raise ConsentError(f"{where} was given before the notice was shown", "Show the notice first.")
    if not strong_enough(said.kind, ruling):
        problem = f"{where} is {said.kind}, and the law here asks for {ruling.duties.consent}"
        raise ConsentError(problem, "Ask in that form; a weaker yes would permit nothing.")
    check_evidence(said.kind, said.evidence, ruling.duties.names)
    asked = asking(history, ruling, now, substance)
    if asked.ask is Ask.LEAVE and asked.until is not None and not said.own_wish:
        problem = f"{where} was asked for again before {asked.until.date().isoformat()}, after a no"
        raise ConsentError(problem, "Wait, or let the person open the choice themselves.")


def strong_enough(kind: str, ruling: Ruling) -> bool:
    """True when a consent of this kind is what the ruling asks for, or more."""
    return CONSENT_KINDS.index(kind) >= CONSENT_KINDS.index(ruling.duties.consent)


_NOES = frozenset({ConsentStatus.REFUSED, ConsentStatus.WITHDRAWN})

"""What the answers of a participant come to: while the call runs, and when it is over."""

from collections.abc import Sequence

from pydantic import Field

from countenance.contracts.errors import NotFoundError
from countenance.contracts.trust import Consent, ConsentStatus
from countenance.control.roster import Roster
from countenance.server.api.shapes import AnswerView, Given, utc_text
from countenance.server.live import LIVE, LiveCall
from countenance.server.tenancy import Services
from countenance.storage.consents import ConsentRow

OVER = "call_over: nothing is read when the call is over"


class Standing(Given):
    """What a person's answers come to now."""

    modality: str
    readable: bool = Field(description="Whether it may be read at this moment.")
    why_not: str | None
    answer: AnswerView | None


class RegisterView(Given):
    """All that stands of one participant."""

    participant_id: str
    paused: bool = Field(default=False, description="Whether they have paused: nothing is read until they resume.")
    modalities: Sequence[Standing]
    history: Sequence[AnswerView] = Field(description="Every answer in this call, the oldest first.")


def running(here: Services, call_id: str) -> LiveCall | None:
    """The call, while it runs."""
    try:
        live = here.calls.get(call_id)
    except NotFoundError:
        return None
    return live if live.state == LIVE else None


def register_of(live: LiveCall, participant_id: str) -> RegisterView:
    """What stands in a running call."""
    now = live.running
    permissions = now.permissions()
    found = []
    for modality in permissions.modalities:
        barred = permissions.barred(participant_id, modality, now.at_us)
        last = now.register.current(participant_id, modality, now.at_us)
        given = None if last is None else _in_call(last)
        why = None if barred is None else f"{barred.reason}: {barred.detail}"
        found.append(Standing(modality=modality, readable=barred is None, why_not=why, answer=given))
    history = [_in_call(one) for one in now.register.records if one.participant_id == participant_id]
    paused = participant_id in now.paused
    return RegisterView(participant_id=participant_id, paused=paused, modalities=found, history=history)


def afterwards(here: Services, call_id: str, participant_id: str) -> RegisterView:
    """What stands when the call is over, and holds in the next one; raises NotFoundError, of who was erased too."""
    call, known = Roster(here.tenant.vault).person(call_id, participant_id)
    ledger = here.control.consents.ledger
    with here.tenant.store.reading() as tx:
        last = [row for row in ledger.standing(tx, known.person) if row.purpose == call.purpose]
        history = [view_of(row) for row in ledger.in_call(tx, known.person, call.call_ref)]
    found = [Standing(modality=row.modality, readable=False, why_not=OVER, answer=view_of(row)) for row in last]
    return RegisterView(participant_id=participant_id, modalities=found, history=history)


def view_of(row: ConsentRow) -> AnswerView:
    """An answer as it is shown."""
    return AnswerView(
        modality=row.modality,
        status=ConsentStatus(row.status),
        receipt_id=row.receipt_id,
        version=row.version,
        at=utc_text(row.at_utc_us),
        at_us=row.at_us,
        expires=None if row.expires_utc_us is None else utc_text(row.expires_utc_us),
    )


def _in_call(one: Consent) -> AnswerView:
    return AnswerView(
        modality=one.modality, status=one.status, receipt_id=one.receipt_id, version=one.version, at_us=one.at_us
    )

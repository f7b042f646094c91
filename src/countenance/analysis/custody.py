"""How a recorded call stands in the tenant's store: opened and ended by the control plane, its log written as files."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from countenance.audit.export import export
from countenance.audit.outcome import Terms
from countenance.consent.register import Register
from countenance.contracts.call import TELEMETRY, Call
from countenance.contracts.card import Card
from countenance.contracts.errors import ConsentError
from countenance.contracts.trust import ConsentStatus
from countenance.control.plane import Control
from countenance.control.running import RunningCall

STORE = "store"
"""The tenant's folder inside a report, where the operator names none."""
LOG = "log"
"""The exported log inside a tenant's folder."""
NOES = (ConsentStatus.REFUSED, ConsentStatus.WITHDRAWN)
DAY_US = 86_400 * 1_000_000


def open_recorded(
    control: Control, call: Call, people: Mapping[str, str], cards: Iterable[Card], kept_days: int
) -> RunningCall:
    """Begin a recorded call, or go on with it; `people`: who each participant is.

    Nobody can change their mind in a recording, so no real time bounds its leases. What comes of them is due after
    `kept_days`.
    """
    digests = tuple(card.files["model.onnx"] for card in cards)
    return control.open_call(call, people, Terms(digests, valid_us=None, retention_us=kept_days * DAY_US))


def check_answers(control: Control, call: Call, people: Mapping[str, str], register: Register) -> None:
    """What people said themselves, in the store, goes before what a file says of them; raises ConsentError.

    Who has said no to what a file lists as agreed to is not read; who has objected to turn-taking is not counted.
    """
    with control.tenant.store.reading() as tx:
        for who, person in people.items():
            listed = {one.modality for one in register.records if one.participant_id == who}
            for modality in (*sorted(listed), TELEMETRY):
                last = control.consents.ledger.last(tx, person, modality, call.purpose)
                if last is None or last[1].said.status not in NOES:
                    continue
                if modality == TELEMETRY:
                    register.answer(who, TELEMETRY, last[1].said.status, 0)
                    continue
                name = next(one.name for one in call.participants if one.id == who)
                problem = f"{name} said no to {modality} for {call.purpose} on {last[1].at.date().isoformat()}"
                raise ConsentError(problem, "The file lists a consent: take it out, or record their new yes first.")


def finish(control: Control, call: RunningCall, folder: Path) -> None:
    """The call is over: note when, and write the log as files that anybody can check."""
    control.end_call(call)
    export(control.tenant.log, folder)

"""How a recorded call stands in the tenant's store: opened and ended by the control plane, its log written as files."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from countenance.audit.export import export
from countenance.audit.outcome import Terms
from countenance.contracts.call import Call
from countenance.contracts.card import Card
from countenance.control.plane import Control
from countenance.control.running import RunningCall

STORE = "store"
"""The tenant's folder inside a report, where the operator names none."""
LOG = "log"
"""The exported log inside a tenant's folder."""
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


def finish(control: Control, call: RunningCall, folder: Path) -> None:
    """The call is over: note when, and write the log as files that anybody can check."""
    control.end_call(call)
    export(control.tenant.log, folder)

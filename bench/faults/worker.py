"""The media plane as a process of its own: it runs fake models under leases, and stops when it is told to."""

import os
import selectors
import time
from pathlib import Path
from random import Random

from bench.faults.service import TERMS
from bench.faults.wire import Line, Message
from countenance.audit.holder import LIMIT, VALID_US, LeaseHolder
from countenance.contracts.call import Modality
from countenance.contracts.errors import RefusedError
from countenance.contracts.trust import Lease
from countenance.storage.clocks import SystemClock

SECOND_US = 1_000_000
RATES = {"face": 5.0, "voice": 2.0, "text": 1.0}
"""Model calls per second and person."""
MODEL_S = 0.001
"""How long a fake model holds the worker."""


class Worker:
    """The media plane: it runs models under leases, and stops when it is told or when its second is over."""

    def __init__(self, folder: Path, link: Line, plant: str = "") -> None:
        self._link = link
        self._plant = plant
        self._clock = SystemClock()
        self._invoked = os.open(folder / "invoked", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._holders: dict[tuple[int, str], LeaseHolder] = {}
        self._leases: dict[tuple[int, str], Lease] = {}
        self._stopped_us: dict[tuple[int, str, Modality], int] = {}
        self._due: dict[tuple[int, str, Modality], float] = {}
        self._rng = Random(1)

    def work(self) -> None:
        """Until the control plane is gone."""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._link, selectors.EVENT_READ)
            while self._link.open:
                ran = self._run_one()
                # Between any two model calls: whoever has said no is heard.
                if waiting.select(0 if ran else 0.002):
                    for message in self._link.receive():
                        self._hear(message)
                self._link.flush()

    def _run_one(self) -> bool:
        now = time.monotonic()
        for place, due in self._due.items():
            if due <= now:
                self._due[place] = max(due + 1 / RATES[place[2]], now)
                self._model(*place)
                return True
        return False

    def _model(self, call: int, who: str, modality: Modality) -> None:
        try:
            self._holders[call, who].check(modality)
        except RefusedError:
            if self._plant != "lease_not_checked":
                return
        os.write(self._invoked, f"{time.monotonic_ns()} {call} {who} {modality}\n".encode())
        time.sleep(MODEL_S)

    def _hear(self, message: Message) -> None:
        if "stop" in message:
            call, who, modality = message["stop"]
            self._stopped_us[call, who, modality] = self._clock.mono_us()
            self._holders[call, who].stop(modality)
            self._due.pop((call, who, modality), None)
        elif "confirm" in message:
            self._link.send({"confirmed": message["confirm"]})
        else:
            self._renewed(message["call"], message["asked_us"], message["leases"])

    def _renewed(self, call: int, asked_us: int, leases: list[tuple[str, int, list[Modality]]]) -> None:
        done = []
        for place in [place for place in self._leases if place[0] == call]:
            lease = self._leases.pop(place)
            done.append([place[1], lease.start_us, dict(self._holders[place].release())])
        if self._plant != "lease_not_checked":
            for due in [due for due in self._due if due[0] == call]:
                del self._due[due]
        for who, start_us, modalities in leases:
            lease = Lease(f"{who}/{start_us}", who, tuple(modalities), start_us, start_us + SECOND_US, "", ())
            holder = self._holders.setdefault((call, who), LeaseHolder(self._clock.mono_us))
            holder.hold(lease, asked_us, VALID_US, min(LIMIT, TERMS.limit))
            self._leases[call, who] = lease
            for modality in modalities:
                # A no may overtake the lease that was asked for before it.
                if self._stopped_us.get((call, who, modality), -1) >= asked_us:
                    holder.stop(modality)
                else:
                    self._due[call, who, modality] = time.monotonic() + self._rng.random() / RATES[modality]
        self._link.send({"call": call, "done": done})

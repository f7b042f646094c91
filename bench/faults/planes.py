"""The two planes as processes of their own: a control plane that answers people, and a worker that runs fake models.

The control plane has threads as the service has them: one for the calls, some for noes, one that sends webhooks. What
comes of a reading leaves when it is durable, in the thread that also says that a no holds; webhooks carry the same
later, and only weigh on the machine here.
"""

import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from bench.faults.receiver import TAKEN, listen
from bench.faults.service import MODALITIES, SIGNED, TOLD, TOPIC, Room, Service, notice
from bench.faults.tenant import Tenant
from bench.faults.truth import Teller
from bench.faults.wire import Line, Message
from bench.faults.worker import Worker
from countenance.audit.holder import VALID_US
from countenance.audit.outcome import Outcome, Outgoing
from countenance.consent.answers import Said, Shown
from countenance.contracts.call import Modality
from countenance.contracts.errors import AuditError
from countenance.contracts.trust import ConsentStatus

PEOPLE_PER_CALL = 2
WINDOW_S = 0.95
"""Leases are renewed a little before their second is over."""
SECOND_US = 1_000_000
IDLE_S = 0.02
NOES = 32
PLANTS = ("worker_not_told", "lease_not_checked")


class Silent(Teller):
    """Nobody listens here: the facts stand in files with their times."""

    def _tell(self, text: str) -> None:
        pass


@dataclass(slots=True)
class Pending:
    """A no that waits for the worker's word."""

    until_s: float
    n: int


class Plane:
    """The control plane: calls, people who answer, one worker."""

    def __init__(self, folder: Path, people: int, api: Line, link: Line, plant: str = "") -> None:
        self.folder, self.people, self.api, self.link, self.plant = folder, people, api, link, plant
        self.rooms: list[Room] = []
        self.shown: dict[tuple[str, Modality], Shown] = {}
        self.pending: dict[int, Pending] = {}
        self.cut_until_s = 0.0
        self.held: deque[Message] = deque()
        self.to_worker = threading.Lock()
        self.waiting: SimpleQueue[Message] = SimpleQueue()
        """What people say that is no no."""
        self.costs_s: list[float] = []
        """Of the processor, for each no until it was durable."""
        self.tenant = Tenant.open(folder / "tenant")
        self.service = Service(self.tenant, Silent(-1))
        self.emitted = os.open(folder / "emitted", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.delivery = listen(self.tenant.log, self.tenant.vault, self.tenant.clock)

    def serve(self) -> None:
        """Until the client hangs up."""
        self._open_calls()
        self.api.send({"ready": len(self.rooms)})
        with ThreadPoolExecutor(2) as threads, ThreadPoolExecutor(NOES) as noes:
            beside = [threads.submit(self._hear_people, noes), threads.submit(self._send_out)]
            try:
                self._run_calls()
            finally:
                self.api.open = False
        for one in beside:
            one.result()
        self._report()

    def _run_calls(self) -> None:
        """Leases, what comes of them, and the word of the worker that it has heard a no."""
        began, due = time.monotonic(), [n * WINDOW_S / len(self.rooms) for n in range(len(self.rooms))]
        ticked = began
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.link, selectors.EVENT_READ)
            while self.api.open:
                turn = min(range(len(due)), key=due.__getitem__)
                waiting.select(max(0.0, min(began + due[turn] - time.monotonic(), IDLE_S)))
                self._hear_worker()
                if time.monotonic() >= began + due[turn]:
                    due[turn] = max(due[turn] + WINDOW_S, time.monotonic() - began)
                    self._renew(turn)
                if time.monotonic() - ticked > 1.0:
                    ticked = time.monotonic()
                    self.service.control.tick()

    def _hear_people(self, noes: Executor) -> None:
        """A no waits for nothing but the disk, nor for another no; everything else is left to the calls."""
        said: list[Future[None]] = []
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.api, selectors.EVENT_READ)
            while self.api.open:
                waiting.select(IDLE_S)
                for message in self.api.receive():
                    if message.get("says") == "no":
                        said.append(noes.submit(self._no, message))
                    elif "cut" in message:
                        self.cut_until_s = time.monotonic() + message["cut"]
                    else:
                        self.waiting.put(message)
        for one in said:
            one.result()

    def _send_out(self) -> None:
        while self.api.open:
            self.delivery.hand_out()
            parcels = self.delivery.due()
            self.delivery.settle([(parcel, TAKEN) for parcel in parcels])
            time.sleep(0 if parcels else IDLE_S)

    def _open_calls(self) -> None:
        for n in range(self.people // PEOPLE_PER_CALL):
            seats = {f"p{m}": f"person-{n}-{m}" for m in range(PEOPLE_PER_CALL)}
            room = self.service.open_call(f"call-{n}", seats, stop=self._stop_of(n))
            self.rooms.append(room)
            for who in seats:
                for modality in MODALITIES:
                    self._yes(n, who, modality)

    def _stop_of(self, call: int) -> Any:  # noqa: ANN401 - the type is the control plane's own
        def stop(who: str, modality: Modality) -> None:
            if self.plant != "worker_not_told":
                self._to_worker({"stop": [call, who, modality]})

        return stop

    def _yes(self, call: int, who: str, modality: Modality) -> None:
        room, control = self.rooms[call], self.service.control
        running = room.running
        person, purpose = running.seats[who].person, running.call.purpose
        key = (person, modality)
        if key not in self.shown:
            found = control.consents.show(person, notice(modality), purpose, running.place(who), own_wish=True)
            self.shown[key] = found[modality]
        kind = running.rulings[who, modality].duties.consent
        said = Said(modality, purpose, ConsentStatus.GIVEN, kind, self.shown[key], SIGNED, own_wish=True)
        control.answer(running, who, said, TOLD)

    def _hear_worker(self) -> None:
        self._to_worker()
        for message in self.link.receive():
            if "confirmed" in message:
                self._confirm(message["confirmed"])
            else:
                self._done(message)
        now = time.monotonic()
        for n in [n for n, waiting in tuple(self.pending.items()) if now > waiting.until_s]:
            self._confirm(n)
        while not self.waiting.empty():
            place = self.waiting.get()["who"]
            self._yes(*place)
            self.api.send({"resumed": place})
        self.api.flush()
        self.link.flush()

    def _no(self, message: Message) -> None:
        call, who, modality = message["who"]
        n, began_s = message["n"], time.thread_time()
        self.service.control.stop(self.rooms[call].running.seats[who].person, [modality])
        self.costs_s.append(time.thread_time() - began_s)
        # All leases that may be held now are over a second later, told or not.
        self.pending[n] = Pending(time.monotonic() + VALID_US / 1e6, n)
        if self.plant == "worker_not_told":
            self._confirm(n)
        else:
            self._to_worker({"confirm": n})

    def _confirm(self, n: int) -> None:
        if self.pending.pop(n, None) is not None:
            self.api.send({"acked": n, "at": time.monotonic_ns()})

    def _renew(self, call: int) -> None:
        room = self.rooms[call]
        asked_us = self.tenant.clock.mono_us()
        leases = self.service.control.grant(room.running, room.start_us, room.start_us + SECOND_US)
        room.start_us += SECOND_US
        told = [[one.participant_id, one.start_us, list(one.modalities)] for one in leases]
        self._to_worker({"call": call, "asked_us": asked_us, "leases": told})

    def _done(self, message: Message) -> None:
        room = self.rooms[message["call"]]
        still = {(lease.participant_id, lease.start_us): lease for lease in room.running.open_leases}
        outcomes = []
        for who, start_us, counts in message["done"]:
            lease = still.get((who, start_us))
            if lease is None:
                continue
            given = {m: n for m, n in counts.items() if room.status(who, m) is ConsentStatus.GIVEN}
            reading = f"{message['call']} {who} {' '.join(sorted(given))}".encode()
            if any(given.values()):
                outcomes.append(Outcome(lease, given, reading, (Outgoing(TOPIC, reading),)))
            else:
                self.service.control.close_lease(room.running, lease, "nothing_read")
        try:
            self.service.control.results(room.running, outcomes)
        except AuditError:
            # The worker had not heard of a no: what came of these leases is thrown away.
            for outcome in outcomes:
                self.service.control.close_lease(room.running, outcome.lease, "stopped")
            return
        for outcome in outcomes:
            os.write(self.emitted, f"{time.monotonic_ns()} {outcome.payload.decode()}\n".encode())

    def _to_worker(self, *messages: Message) -> None:
        """In order, and all that was held once the line is whole again."""
        with self.to_worker:
            self.held.extend(messages)
            while self.held and time.monotonic() > self.cut_until_s:
                self.link.send(self.held.popleft())

    def _report(self) -> None:
        for room in self.rooms:
            self.service.control.end_call(room.running)
        (self.folder / "costs").write_text("\n".join(map(str, self.costs_s)), encoding="ascii")
        report = self.tenant.verified()
        text = "".join(f"{found.seq} {found.problem}\n" for found in report.findings)
        (self.folder / "findings").write_text(text, encoding="utf-8")
        self.tenant.close()


@dataclass(frozen=True, slots=True)
class Planes:
    """Both, running."""

    api: Line
    control: int
    worker: int

    @classmethod
    def start(cls, folder: Path, people: int, plant: str = "") -> "Planes":
        """Fork them; returns when all calls are open and everyone has said yes."""
        client, api = socket.socketpair()
        link, far = socket.socketpair()
        worker = os.fork()
        if worker == 0:
            for other in (client, api, link):
                other.close()
            _end(lambda: Worker(folder, Line(far), plant).work())
        control = os.fork()
        if control == 0:
            for other in (client, far):
                other.close()
            _end(lambda: Plane(folder, people, Line(api), Line(link), plant).serve())
        for other in (api, link, far):
            other.close()
        return cls(Line(client), control, worker)


def _end(work: Any) -> None:  # noqa: ANN401 - any work at all
    """The child: it never returns into the parent's code."""
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def read_events(path: Path) -> Sequence[tuple[int, tuple[str, str]]]:
    """Lines of a file of facts: a time in nanoseconds, a call, a participant, modalities."""
    found = []
    for line in path.read_text(encoding="ascii").splitlines():
        at, call, who, *modalities = line.split(" ")
        found += [(int(at), (f"{call}/{who}", modality)) for modality in modalities]
    return found

"""Delete each log call of the pipeline in turn: the verifier or an invariant must notice that the entry is missing.

    python -m bench.faults.mutants [--save]

A mutant is the product with one kind of entry unsaid at one place of its code; all else goes on as if it had been
written. Each runs a call with leases, noes, a crash and a clock that jumps in a process of its own, and is judged.
"""

import argparse
import ast
import importlib
import inspect
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from bench.faults.lives import FAILED, live
from bench.faults.outcome import Outcome
from bench.faults.service import MODALITIES, SECOND_US, Service, case, gate
from bench.faults.tenant import Tenant
from bench.faults.trial import PEOPLE, Trial
from bench.faults.truth import Teller
from countenance.audit.entries import KINDS
from countenance.audit.log import Also, Draft, Log
from countenance.audit.permission import Request
from countenance.contracts.call import Purpose
from countenance.contracts.errors import CountenanceError
from countenance.contracts.trust import Consent, ConsentStatus, LogEntry
from countenance.storage.store import Transaction

MODULES = (
    "countenance.audit.leases",
    "countenance.audit.log",
    "countenance.control.plane",
    "countenance.control.consents",
    "countenance.control.changes",
)
UNSAID = "UNSAID:"
HOUR_US = 3_600 * SECOND_US


@dataclass(frozen=True, slots=True)
class Mutant:
    """One log call, deleted."""

    module: str
    line: int
    kind: str

    @property
    def name(self) -> str:
        """Where it is and what it leaves out."""
        return f"{self.kind} at {self.module.removeprefix('countenance.')}:{self.line}"


def mutants() -> Sequence[Mutant]:
    """Every place in the pipeline at which an entry is made."""
    found = []
    for module in MODULES:
        tree = ast.parse(inspect.getsource(importlib.import_module(module)))
        found += [Mutant(module, said.lineno, str(said.value)) for said in _said(tree)]
    return found


def _said(tree: ast.AST) -> Iterator[ast.Constant]:
    """The words that name a kind in drafts, `("KIND", body)`, and in calls, `append("KIND", body)`."""
    for node in ast.walk(tree):
        words: list[ast.expr] = []
        if isinstance(node, ast.Tuple):
            words = node.elts
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            words = node.args
        match words:
            case [ast.Constant() as said, body] if said.value in KINDS and not isinstance(body, ast.Constant):
                yield said


def mutate(mutant: Mutant) -> None:
    """Put the mutant in place of the product, in this process."""
    module = importlib.import_module(mutant.module)
    tree = ast.parse(inspect.getsource(module))
    for said in _said(tree):
        if (said.lineno, said.value) == (mutant.line, mutant.kind):
            said.value = UNSAID + mutant.kind
    before = dict(vars(module))
    exec(compile(tree, str(module.__file__), "exec"), vars(module))  # noqa: S102 - our own source, one word changed
    _rebind(module, before)
    _let_unsaid_pass()


def _rebind(module: ModuleType, before: dict[str, object]) -> None:
    """Whoever imported something from the module has the mutant's instead."""
    changed = {id(old): vars(module)[name] for name, old in before.items() if name in vars(module)}
    for other in list(sys.modules.values()):
        if other is module or not (getattr(other, "__name__", "") or "").startswith(("countenance", "bench")):
            continue
        for name, value in list(vars(other).items()):
            if id(value) in changed and getattr(value, "__module__", "") == module.__name__:
                setattr(other, name, changed[id(value)])


def _let_unsaid_pass() -> None:
    """Unsaid entries are not written; their callers get one that looks as if they were."""
    log = importlib.import_module("countenance.audit.log")
    real = log.Log.append_all

    def append_all(self: Log, drafts: Iterable[Draft], also: Also | None = None) -> Sequence[LogEntry]:
        wanted = list(drafts)
        kept = [draft for draft in wanted if not draft[0].startswith(UNSAID)]
        if len(kept) == len(wanted):
            return tuple(real(self, wanted, also))

        def whole(entries: Sequence[LogEntry]) -> Sequence[LogEntry]:
            left = iter(entries)
            return tuple(_fake(self, *draft) if draft[0].startswith(UNSAID) else next(left) for draft in wanted)

        def both(tx: Transaction, entries: Sequence[LogEntry]) -> None:
            if also is not None:
                also(tx, whole(entries))

        if kept:
            return whole(real(self, kept, both))
        with self.store.transaction() as tx:
            both(tx, ())
        return whole(())

    log.Log.append_all = append_all


def _fake(log: Log, kind: str, body: object) -> LogEntry:
    at = "2026-11-22T09:00:00.000000Z"
    return LogEntry(log.size + 1000, kind.removeprefix(UNSAID), at, 0, "boot-1", "local", dict(body), "0" * 64)  # type: ignore[call-overload]


def story(folder: Path) -> Sequence[str]:
    """A call in which every entry of the pipeline is due, and everything that is wrong with its log."""
    trial = Trial(folder)
    # Before anything is read: a pause closes leases, and would hide that a result is missing.
    trial.service.control.pause(trial.room.running, "p1")
    trial.service.control.resume(trial.room.running, "p1")
    trial.seconds(2)
    trial.stop("p0", "face")
    trial.seconds(1)
    trial.turn()
    trial.clock.set_by(HOUR_US)
    trial.close()  # with leases open, as after a crash
    trial.tenant = Tenant.open(folder, trial.clock)
    trial.service = Service(trial.tenant, trial.witness)
    trial.room = trial.service.open_call("call", PEOPLE, trial.room.start_us + SECOND_US)
    trial.room.start_us += SECOND_US
    trial.seconds(2)
    _apart_from_the_register(trial)
    for who in PEOPLE:
        for modality in MODALITIES[1:]:
            trial.stop(who, modality)
    trial.turn()
    trial.service.control.end_call(trial.room.running)
    entries = trial.tenant.log.entries()
    found = [*trial.misses(), *invariants(entries)]
    if [entry.body["status"] for entry in entries if entry.kind == "SUPPRESSED"] != ["paused", "resumed"]:
        found.append("somebody paused and went on, and the log does not say so")
    trial.close()
    return found


def _apart_from_the_register(trial: Trial) -> None:
    """Answers and leases of a recorded call, whose consents are in its own register."""
    running = trial.room.running
    leases, start_us = running.leases, trial.room.start_us + 50 * SECOND_US
    yes = Consent("p0", "face", Purpose.SUPPORT_QA, ConsentStatus.GIVEN, start_us, "r-1", 9, "express_written")
    leases.answered(yes)
    request = Request(
        "p0", ("face",), start_us, start_us + SECOND_US, {"face": gate().rule(case("face"))}, {"face": yes}
    )
    leases.close(leases.grant(request), "nothing_read")
    no = Consent("p0", "face", Purpose.SUPPORT_QA, ConsentStatus.WITHDRAWN, start_us + SECOND_US, "r-2", 10)
    leases.answered(no)


def invariants(entries: Sequence[LogEntry]) -> Iterator[str]:
    """What holds of every log beside what the verifier asks for."""
    shown: set[object] = set()
    configured = False
    for entry, after in zip(entries, [*entries[1:], None], strict=True):
        body = entry.body
        configured |= entry.kind == "CONFIG" and "software" in body
        if entry.kind == "NOTICE":
            shown.add(body.get("notice_sha256"))
        elif entry.kind == "LEASE" and not configured:
            yield f"lease {body.get('lease')} before any CONFIG"
        elif entry.kind == "CONSENT" and body.get("status") == "given":
            if body.get("notice_sha256") not in {None, *shown}:
                yield f"a yes at {entry.seq} to a notice that was never shown"
        elif entry.kind == "CONSENT" and "call_ref" in body and (after is None or after.kind != "OPT_OUT"):
            yield f"a no at {entry.seq} without its OPT_OUT"


def caught(mutant: Mutant | None, folder: Path) -> Sequence[str]:
    """What was found wrong with a mutant, or with the product itself."""

    def work(teller: Teller) -> None:
        if mutant is not None:
            mutate(mutant)
        try:
            found = story(folder)
        except (CountenanceError, StopIteration) as fault:
            found = [f"the story breaks off: {fault}"]
        for problem in found:
            teller.note(problem)

    life = live(work, None)
    told = [line.removeprefix("# ") for line in life.told.decode().splitlines()]
    return [*told, *(["the mutant breaks the code"] if life.status >> 8 == FAILED else [])]


def main() -> None:
    """Run all mutants and print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    asked = parser.parse_args()
    began = time.perf_counter()
    everyone = mutants()
    with tempfile.TemporaryDirectory() as name:
        misses = [f"the product itself: {problem}" for problem in caught(None, Path(name) / "product")]
        for number, mutant in enumerate(everyone):
            if not caught(mutant, Path(name) / str(number)):
                misses.append(f"nobody notices: no {mutant.name}")
    figures = {
        "log calls deleted": len(everyone),
        "kinds of entry": len({mutant.kind for mutant in everyone}),
        "noticed": len(everyone) - sum(miss.startswith("nobody") for miss in misses),
        "seconds": round(time.perf_counter() - began, 1),
    }
    sys.exit(Outcome("mutants", "R9", "python -m bench.faults.mutants", figures, misses).conclude(save=asked.save))


if __name__ == "__main__":
    main()

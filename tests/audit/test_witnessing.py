"""What an export gets from witnesses: cosignatures where they are there, a line where they are not."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest
from tests.audit.logs import KEY, open_log

from countenance.audit.cosignature import cosignatures
from countenance.audit.export import export
from countenance.audit.folder import LogFolder
from countenance.audit.log import Log
from countenance.audit.note import COSIGNATURE, SigningKey, parse_note
from countenance.audit.quorum import parse_policy
from countenance.audit.verify import verify
from countenance.audit.witness import Witness
from countenance.audit.witness_http import WitnessServer
from countenance.audit.witnessing import Witnesses, witnesses_of
from countenance.contracts.errors import AuditError
from countenance.storage.store import Store

NAMES = ("w1", "w2", "w3")
KEYS = {name: SigningKey(f"witness.example/{name}", name.encode() * 16, COSIGNATURE) for name in NAMES}


class Outside:
    """Three witnesses, each of which a test may take away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.urls = dict.fromkeys(NAMES, "http://127.0.0.1:1")
        self._up: dict[str, ExitStack] = {}

    def begin(self, name: str) -> None:
        (self.folder / name).mkdir(parents=True, exist_ok=True)
        witness = Witness(self.folder / name, KEYS[name], [KEY.verifier], lambda: 1_800_000_000)
        with ExitStack() as stack:
            server = stack.enter_context(WitnessServer(witness))
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            self._up[name] = stack.pop_all()
        self.urls[name] = f"http://127.0.0.1:{server.server_port}"

    def end(self, name: str) -> None:
        self._up.pop(name).close()
        self.urls[name] = "http://127.0.0.1:1"

    def close(self) -> None:
        for name in tuple(self._up):
            self.end(name)

    def policy(self, least: int = 2, silent: str = "") -> bytes:
        lines = [f"log {KEY.verifier}"]
        lines += [f"witness {n} {KEYS[n].verifier} {'' if n == silent else self.urls[n]}" for n in NAMES]
        lines += [f"group outside {least} {' '.join(NAMES)}", "quorum outside", ""]
        return "\n".join(lines).encode()


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    made = Outside(tmp_path / "witnesses")
    for name in NAMES:
        made.begin(name)
    yield made
    made.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Store.open(tmp_path / "data") as store:
        yield open_log(store)


def exported(log: Log, folder: Path, outside: Outside, entries: int = 300, silent: str = "") -> Witnesses:
    log.append_all([("CONFIG", {"software": str(n)}) for n in range(entries)])
    witnesses = Witnesses(parse_policy(outside.policy(silent=silent)), folder)
    export(log, folder, cosign=witnesses.cosign)
    return witnesses


def seen(folder: Path) -> set[str]:
    note = parse_note(LogFolder(folder).checkpoint())
    return {key.name[-2:] for key in cosignatures(note, [one.verifier for one in KEYS.values()])}


def test_an_export_is_cosigned_and_meets_the_quorum_after_every_growth(
    log: Log, tmp_path: Path, outside: Outside
) -> None:
    folder = tmp_path / "log"
    for entries in (1, 255, 1, 600):
        witnesses = exported(log, folder, outside, entries)
        witnesses.check()
        assert (witnesses.refusals, seen(folder)) == ((), set(NAMES))
        assert verify(LogFolder(folder), parse_policy(outside.policy(3))).point.size == log.size


def test_a_witness_that_is_down_holds_up_nothing_and_catches_up(log: Log, tmp_path: Path, outside: Outside) -> None:
    folder = tmp_path / "log"
    exported(log, folder, outside)
    outside.end("w2")
    witnesses = exported(log, folder, outside)
    assert seen(folder) == {"w1", "w3"}
    assert "w2 cannot be reached" in witnesses.refusals[0]
    witnesses.check()
    outside.end("w3")
    with pytest.raises(AuditError, match="the quorum 'outside' is not met: cosigned by 'w1'"):
        exported(log, folder, outside).check()
    for name in ("w2", "w3"):
        outside.begin(name)
    assert exported(log, folder, outside).refusals == ()
    assert seen(folder) == set(NAMES)


def test_what_was_cosigned_of_the_same_state_stays(log: Log, tmp_path: Path, outside: Outside) -> None:
    folder = tmp_path / "log"
    exported(log, folder, outside)
    outside.end("w1")
    exported(log, folder, outside, entries=0, silent="w2").check()
    assert seen(folder) == set(NAMES)
    lines = (folder / "checkpoint").read_text().splitlines()
    broken = next(line for line in lines if "w2" in line)
    (folder / "checkpoint").write_text(
        "\n".join([*(one for one in lines if one != broken), broken[:-8] + "AAAAAAA=", ""])
    )
    exported(log, folder, outside, entries=0, silent="w2")
    assert seen(folder) == {"w1", "w3"}, "what was changed is not kept"


def test_a_log_that_was_forked_is_exported_and_the_witnesses_say_so(tmp_path: Path, outside: Outside) -> None:
    with Store.open(tmp_path / "one") as store:
        exported(open_log(store), tmp_path / "log", outside)
    with Store.open(tmp_path / "two") as store:
        witnesses = exported(open_log(store), tmp_path / "fork", outside, entries=299)
    assert len(witnesses.refusals) == len(NAMES)
    assert all("holds another history of 300 entries" in one for one in witnesses.refusals)
    assert seen(tmp_path / "fork") == set()


def test_a_policy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="cannot be read"):
        witnesses_of(tmp_path / "none", tmp_path)

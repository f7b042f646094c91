from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.audit.trees import Rows, leaves, mth

from countenance.audit import quorum
from countenance.audit.checkpoint import Checkpoint, sign_checkpoint
from countenance.audit.cosignature import cosign, cosignatures
from countenance.audit.merkle import consistency
from countenance.audit.note import COSIGNATURE, Note, SigningKey, parse_signatures
from countenance.audit.witness import Answer, Request, Witness, parse_request
from countenance.audit.witness_http import WitnessServer, cosigned
from countenance.contracts.errors import AuditError

LOG = SigningKey("example.com/log", b"l" * 32)
KEY = SigningKey("witness.example/w1", b"w" * 32, COSIGNATURE)
ROWS = leaves(40)


def signed(size: int, rows: list[bytes] = ROWS, key: SigningKey = LOG) -> Note:
    return sign_checkpoint(Checkpoint(key.name, size, mth(rows[:size])), key)


def asking(old: int, size: int, rows: list[bytes] = ROWS) -> bytes:
    return Request(old, consistency(Rows(rows), min(old, size), size), signed(size, rows).data).data


def forked(size: int) -> list[bytes]:
    return [*ROWS[:3], b"x" * 32, *ROWS[4:size]]


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path, KEY, [LOG.verifier], lambda: 1_679_315_147)


def test_what_continues_the_log_is_cosigned_and_kept(witness: Witness, tmp_path: Path) -> None:
    for old, size in ((0, 5), (5, 5), (5, 17), (17, 40)):
        answer = witness.add_checkpoint(asking(old, size))
        assert answer.status == 200
        both = signed(size).joined(parse_signatures(answer.body))
        assert cosignatures(both, [KEY.verifier]) == {KEY.verifier: 1_679_315_147}
    again = Witness(tmp_path, KEY, [LOG.verifier], lambda: 0).latest("example.com/log")
    assert again == Checkpoint("example.com/log", 40, mth(ROWS))


def test_another_old_size_is_told_the_size_that_is_held(witness: Witness) -> None:
    witness.add_checkpoint(asking(0, 17))
    assert witness.add_checkpoint(asking(5, 20)) == Answer(409, "17\n", "text/x.tlog.size")
    assert witness.add_checkpoint(asking(0, 17)) == Answer(409, "17\n", "text/x.tlog.size")


def test_a_fork_is_refused(witness: Witness) -> None:
    witness.add_checkpoint(asking(0, 17))
    assert witness.add_checkpoint(asking(17, 30, forked(40))).status == 422
    assert witness.add_checkpoint(asking(17, 17, forked(40))) == Answer(409, "17\n", "text/x.tlog.size")
    assert witness.latest("example.com/log") == Checkpoint("example.com/log", 17, mth(ROWS[:17]))


def test_a_rollback_is_refused(witness: Witness) -> None:
    witness.add_checkpoint(asking(0, 17))
    assert witness.add_checkpoint(Request(17, (), signed(16).data).data).status == 400
    assert witness.add_checkpoint(asking(16, 16)).status == 409


def test_a_proof_where_none_belongs_is_refused(witness: Witness) -> None:
    assert witness.add_checkpoint(Request(0, (b"h" * 32,), signed(5).data).data).status == 422
    witness.add_checkpoint(asking(0, 5))
    assert witness.add_checkpoint(Request(5, (b"h" * 32,), signed(5).data).data).status == 422


def test_strangers_are_refused(witness: Witness) -> None:
    other = SigningKey("example.com/other", b"o" * 32)
    assert witness.add_checkpoint(Request(0, (), signed(5, ROWS, other).data).data).status == 404
    thief = SigningKey("example.com/log", b"t" * 32)
    assert witness.add_checkpoint(Request(0, (), signed(5, ROWS, thief).data).data).status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n\n",
        b"old 00\n\n" + signed(5).data,
        b"new 0\n\n" + signed(5).data,
        b"old 0\nshort\n\n" + signed(5).data,
        b"old 0\n\n" + signed(5).data[:-1],
    ],
)
def test_what_is_no_request_is_refused(witness: Witness, body: bytes) -> None:
    assert witness.add_checkpoint(body).status == 400


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=100), at=st.integers(0, 300))
def test_anything_may_be_sent_to_a_witness(witness: Witness, data: bytes, at: int) -> None:
    body = asking(0, 5)
    for whole in (data, body[:at] + data + body[at:]):
        with suppress(AuditError):
            assert parse_request(whole).data == whole
        assert witness.add_checkpoint(whole).status in {200, 400, 403, 404, 409, 422}


def test_a_witness_whose_memory_was_changed_does_not_start(witness: Witness, tmp_path: Path) -> None:
    witness.add_checkpoint(asking(0, 5))
    (path,) = tmp_path.glob("*.checkpoint")
    path.write_bytes(path.read_bytes().replace(b"\n5\n", b"\n4\n"))
    with pytest.raises(AuditError, match="signature"):
        Witness(tmp_path, KEY, [LOG.verifier], lambda: 0)


def test_a_witness_that_cannot_remember_says_so(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "gone", KEY, [LOG.verifier], lambda: 0)
    with pytest.raises(AuditError, match="cannot keep its state"):
        witness.add_checkpoint(asking(0, 5))
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match="cannot read"):
        Witness(tmp_path / "file", KEY, [LOG.verifier], lambda: 0)


def test_a_log_key_makes_no_witness(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="not for cosignatures"):
        Witness(tmp_path, LOG, [], lambda: 0)


# On a socket of this machine


@pytest.fixture
def served(witness: Witness) -> Iterator[WitnessServer]:
    with WitnessServer(witness) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def address(server: WitnessServer, key: SigningKey = KEY) -> quorum.Witness:
    return quorum.Witness("w1", key.verifier, f"http://127.0.0.1:{server.server_port}/")


def test_a_log_collects_a_cosignature_over_http(served: WitnessServer) -> None:
    def prove(size: int) -> object:
        return lambda old: consistency(Rows(ROWS), old, size)

    for size in (5, 17, 17, 40):
        note = cosigned(signed(size), address(served), prove(size))  # type: ignore[arg-type]
        assert cosignatures(note, [KEY.verifier])
    assert served.witness.latest("example.com/log") == Checkpoint("example.com/log", 40, mth(ROWS))


def test_a_log_that_went_back_is_told_so_over_http(served: WitnessServer) -> None:
    cosigned(signed(17), address(served), lambda old: ())
    with pytest.raises(AuditError, match="holds another history of 17 entries, this log has 5"):
        cosigned(signed(5), address(served), lambda old: ())
    with pytest.raises(AuditError, match="holds another history of 17 entries, this log has 17"):
        cosigned(signed(17, forked(40)), address(served), lambda old: (), last=17)
    with pytest.raises(AuditError, match="refuses with 422"):
        cosigned(signed(20), address(served), lambda old: ())


def test_an_answer_of_another_key_does_not_count(served: WitnessServer) -> None:
    other = SigningKey("witness.example/w2", b"2" * 32, COSIGNATURE)
    with pytest.raises(AuditError, match="not signed by its key"):
        cosigned(signed(5), address(served, other), lambda old: ())


def test_a_witness_that_is_away_is_named(served: WitnessServer) -> None:
    for url, problem in (("ftp://x", "no address"), (None, "no address"), ("http://127.0.0.1:1", "cannot be reached")):
        with pytest.raises(AuditError, match=problem):
            cosigned(signed(5), quorum.Witness("w1", KEY.verifier, url), lambda old: ())


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/add-checkpoint", {}, 404),
        ("POST", "/elsewhere", {"Content-Length": "0"}, 404),
        ("POST", "/add-checkpoint", {"Content-Length": "0"}, 400),
        ("POST", "/add-checkpoint", {"Content-Length": "x"}, 400),
        ("POST", "/add-checkpoint", {"Content-Length": "99999999"}, 400),
    ],
)
def test_the_socket_answers_wrong_requests(
    served: WitnessServer, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    link = HTTPConnection("127.0.0.1", served.server_port, timeout=5)
    link.request(method, path, headers=headers)
    with link.getresponse() as answer:
        assert answer.status == status
        answer.read()
    link.close()


def test_a_witness_whose_disk_fails_answers_500(tmp_path: Path, served: WitnessServer) -> None:
    served.witness = Witness(tmp_path / "gone", KEY, [LOG.verifier], lambda: 0)
    with pytest.raises(AuditError, match="refuses with 500: the witness cannot keep its state"):
        cosigned(signed(5), address(served), lambda old: ())


def test_lines_of_strangers_in_an_answer_are_not_kept(served: WitnessServer) -> None:
    stranger = SigningKey("witness.example/w2", b"2" * 32, COSIGNATURE)
    taken = served.witness.add_checkpoint

    def chatty(body: bytes) -> Answer:
        answer = taken(body)
        return Answer(answer.status, answer.body + str(cosign(signed(5).text, stranger, 1)))

    served.witness.add_checkpoint = chatty  # type: ignore[method-assign]
    note = cosigned(signed(5), address(served), lambda old: ())
    assert [one.name for one in note.signatures] == ["example.com/log", "witness.example/w1"]

"""The witness on a socket of this machine, and the client with which a log collects cosignatures."""

from collections.abc import Callable, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from countenance.audit import quorum
from countenance.audit.checkpoint import parse_checkpoint
from countenance.audit.cosignature import cosignatures
from countenance.audit.note import Note, parse_signatures
from countenance.audit.wire import number, utf8
from countenance.audit.witness import SIZE, Answer, Request, Witness
from countenance.contracts.errors import AuditError

LOOPBACK = "127.0.0.1"
MOST_BODY_BYTES = 1_100_000
TIMEOUT_S = 10.0


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness; `server_port` tells the port when 0 was asked for."""

    daemon_threads = True

    def __init__(self, witness: Witness, host: str = LOOPBACK, port: int = 0) -> None:
        super().__init__((host, port), _Handler)
        self.witness = witness


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT_S

    def do_POST(self) -> None:
        """Take add-checkpoint."""
        self._send(self._answer())

    def do_GET(self) -> None:
        """There is nothing to read here."""
        self._send(Answer(404, "only POST /add-checkpoint\n"))

    def log_message(self, *_: object) -> None:
        """Stay silent: what a witness knows is in its folder."""

    def _answer(self) -> Answer:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > MOST_BODY_BYTES:
            self.close_connection = True
            return Answer(400, f"the body needs a length of at most {MOST_BODY_BYTES} bytes\n")
        body = self.rfile.read(int(length))
        if self.path != "/add-checkpoint":
            return Answer(404, "only POST /add-checkpoint\n")
        try:
            return self.server.witness.add_checkpoint(body)
        except AuditError as fault:
            return Answer(500, f"{fault.problem}\n")

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def cosigned(
    note: Note, witness: quorum.Witness, prove: Callable[[int], Sequence[bytes]], last: int = 0, timeout_s: float = 5.0
) -> Note:
    """The checkpoint with the cosignature of a witness; raises AuditError when it refuses or cannot be reached.

    `prove(old)` makes the consistency proof from a size to the checkpoint; `last` is the size it cosigned before.
    """
    size = parse_checkpoint(note.text).size
    status, kind, body = _post(witness, Request(last, tuple(prove(last)), note.data).data, timeout_s)
    if status == 409 and kind == SIZE:
        held = number(utf8(body, "the answer").removesuffix("\n"), "the size that the witness holds")
        if held == last or held > size:
            raise AuditError(
                f"the witness {witness.name} holds another history of {held} entries, this log has {size}",
                "The log went back or was forked: stop it and keep both as evidence.",
            )
        status, kind, body = _post(witness, Request(held, tuple(prove(held)), note.data).data, timeout_s)
    if status != 200:
        said = utf8(body, "the answer").strip()
        raise AuditError(f"the witness {witness.name} refuses with {status}: {said[:200]}", "Find out why.")
    joined = note.joined(parse_signatures(utf8(body, "the answer")))
    if witness.key not in cosignatures(joined, [witness.key]):
        raise AuditError(f"the answer of the witness {witness.name} is not signed by its key", "Check its key.")
    # Only what was verified is kept: the answer may bring lines of strangers.
    return Note(note.text, note.signatures).joined(one for one in joined.signatures if one.by(witness.key))


def _post(witness: quorum.Witness, data: bytes, timeout_s: float) -> tuple[int, str, bytes]:
    url = urlsplit(witness.url or "")
    kinds = {"http": HTTPConnection, "https": HTTPSConnection}
    if url.scheme not in kinds or not url.hostname:
        raise AuditError(f"the witness {witness.name} has no address", "Give it an http or https address.")
    link = kinds[url.scheme](url.hostname, url.port, timeout=timeout_s)
    try:
        link.request("POST", f"{url.path.rstrip('/')}/add-checkpoint", body=data)
        return _read(link.getresponse())
    except (OSError, HTTPException) as fault:
        raise AuditError(f"the witness {witness.name} cannot be reached: {fault}", "Is it running?") from fault
    finally:
        link.close()


def _read(answer: HTTPResponse) -> tuple[int, str, bytes]:
    return answer.status, answer.getheader("Content-Type", ""), answer.read(MOST_BODY_BYTES)

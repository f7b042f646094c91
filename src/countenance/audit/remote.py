"""A log over HTTP (C2SP tlog-tiles), as a verifier reads it; nothing that the server says is believed."""

from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from urllib.parse import urlsplit

from countenance.audit.folder import CHECKPOINT, MINIMUM, MOST_FILE_BYTES, AbsentError, first_of
from countenance.audit.tiles import WIDTH, Tile
from countenance.audit.wire import clip, number, utf8
from countenance.contracts.errors import AuditError

KINDS = {"http": HTTPConnection, "https": HTTPSConnection}
HERE = frozenset({"127.0.0.1", "::1", "localhost"})
PIECE_BYTES = 65_536
MOST_NOTE_BYTES = 65_536


class LogServer:
    """A log at an address; `root` is what it is called in words."""

    def __init__(
        self,
        url: str,
        credential: str | None = None,
        *,
        timeout_s: float = 10.0,
        file_s: float = 60.0,
        clock_s: Callable[[], float] = monotonic,
    ) -> None:
        """`credential` goes along as a bearer token; `file_s` is how long one file may take, `timeout_s` a silence."""
        parts = urlsplit(url)
        if parts.scheme not in KINDS or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise AuditError(f"{clip(url)} is no address of a log", "Write https://host/path/of/the/log.")
        if credential is not None and parts.scheme == "http" and parts.hostname not in HERE:
            raise AuditError("a credential would be sent without TLS", "Write https://, or leave out COUNTENANCE_KEY.")
        self.root = url.rstrip("/")
        self._path = parts.path.rstrip("/")
        self._headers = {} if credential is None else {"Authorization": f"Bearer {credential}"}
        self._link = KINDS[parts.scheme](parts.hostname, parts.port, timeout=timeout_s)
        self._file_s, self._clock_s = file_s, clock_s
        self._checkpoint: bytes | None = None

    def close(self) -> None:
        """Let go of the connection."""
        self._link.close()

    def checkpoint(self) -> bytes:
        """The signed checkpoint, asked for once: what is checked is one state, while the log may grow."""
        if self._checkpoint is None:
            self._checkpoint = self._get(CHECKPOINT, MOST_NOTE_BYTES)
        return self._checkpoint

    def minimum(self) -> int:
        """The first entry that is still served; 0 unless the server says otherwise."""
        try:
            text = utf8(self._get(MINIMUM, MOST_NOTE_BYTES), MINIMUM)
        except AbsentError:
            return 0
        return number(text.removesuffix("\n"), "the minimum index")

    def fetch(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle; of a partial tile that has grown full since, its beginning."""
        try:
            return self._get(tile.path, MOST_FILE_BYTES)
        except AbsentError:
            if tile.width == WIDTH:
                raise
            return first_of(self._get(Tile(tile.level, tile.index).path, MOST_FILE_BYTES), tile)

    def _get(self, name: str, most: int) -> bytes:
        where = f"{self.root}/{name}"
        try:
            self._link.request("GET", f"{self._path}/{name}", headers=self._headers)
            with self._link.getresponse() as answer:
                body = self._body(answer.read, where, most)
                status, reason = answer.status, answer.reason
                if answer.length:
                    raise HTTPException("it breaks off")
        except (OSError, HTTPException, ValueError) as fault:
            self._link.close()
            raise AuditError(f"{where} cannot be read: {fault}", "Is it running, and is the address right?") from fault
        if status in (404, 410):
            raise AbsentError(f"{where} is missing", "The server keeps less than it signed, or is no log.")
        if status != 200:
            # A log stays where it is: whoever sends us elsewhere is not followed.
            raise AuditError(f"{where} is answered with {status} {clip(reason)}", "Give the address of the log itself.")
        return body

    def _body(self, read: Callable[[int], bytes], where: str, most: int) -> bytes:
        body, ends_s = bytearray(), self._clock_s() + self._file_s
        while piece := read(PIECE_BYTES):
            body += piece
            if len(body) > most or self._clock_s() > ends_s:
                self._link.close()
                what = "is larger than any file of a log" if len(body) > most else f"takes over {self._file_s:g} s"
                raise AuditError(f"{where} {what}", "It is damaged, or not a log.")
        return bytes(body)

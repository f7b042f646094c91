"""Messages between the processes of the opt-out harness: one JSON object per line over a socket."""

import json
import socket
import threading
from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]
CHUNK = 1 << 16


class Line:
    """One end of a line; it never waits for the other end. Any thread may send, one receives."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self.open = True
        end.setblocking(False)
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._one = threading.Lock()

    def fileno(self) -> int:
        """For selectors."""
        return self.socket.fileno()

    @property
    def waiting(self) -> int:
        """Bytes that the other end has not taken yet."""
        return len(self._outgoing)

    def send(self, message: Message) -> None:
        """Hand a message over, now or when the other end takes it."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        with self._one:
            self._outgoing += line
        self.flush()

    def flush(self) -> None:
        """Hand over what can be handed over without waiting."""
        with self._one:
            try:
                while self._outgoing:
                    del self._outgoing[: self.socket.send(self._outgoing)]
            except BlockingIOError:
                return
            except (BrokenPipeError, ConnectionResetError):
                self.open = False
                self._outgoing.clear()

    def receive(self) -> Sequence[Message]:
        """All whole messages that have come; `open` turns false when the other end is gone."""
        try:
            while part := self.socket.recv(CHUNK):
                self._incoming += part
            self.open = False
        except BlockingIOError:
            pass
        except ConnectionResetError:
            self.open = False
        whole = self._incoming.rfind(b"\n") + 1
        messages = [json.loads(line) for line in bytes(self._incoming[:whole]).splitlines()]
        del self._incoming[:whole]
        return messages

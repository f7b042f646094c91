"""What really happened, told by the process itself over a pipe that someone else holds: it survives every kill.

One line per fact, each written with one call, so that their order is the order of events.
"""

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

PIPE_BYTES = 1 << 20


class Teller:
    """The side of the process that is watched."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def acked(self, entries: Iterable[tuple[int, str]]) -> None:
        """These entries (number and hash) were called durable."""
        self._tell("".join(f"A {seq} {digest}\n" for seq, digest in entries))

    def invoked(self, lease: str, subject: str, modality: str) -> None:
        """A model ran on this person, under this lease."""
        self._tell(f"I {lease} {subject} {modality}\n")

    def emitted(self, event: str, seq: int) -> None:
        """An output left the process; `seq` is the result entry it names."""
        self._tell(f"E {event} {seq}\n")

    def stopped(self, subject: str, modality: str) -> None:
        """A person was told that the reading of this modality has ended."""
        self._tell(f"S {subject} {modality}\n")

    def resumed(self, subject: str, modality: str) -> None:
        """A person has said yes (again)."""
        self._tell(f"R {subject} {modality}\n")

    def note(self, text: str) -> None:
        """Anything else worth knowing."""
        self._tell(f"# {text}\n")

    def _tell(self, text: str) -> None:
        if text:
            os.write(self._descriptor, text.encode())


@dataclass(slots=True)
class Told:
    """All that was told, over any number of lives of the process."""

    acked: dict[int, str] = field(default_factory=dict)
    invoked: list[tuple[str, str, str]] = field(default_factory=list)
    emitted: list[tuple[str, int]] = field(default_factory=list)
    after_stop: list[str] = field(default_factory=list)
    """Invocations of a modality whose person had been told that it has ended."""
    notes: list[str] = field(default_factory=list)
    stopped: set[tuple[str, str]] = field(default_factory=set)

    def hear(self, text: bytes) -> None:
        """Take in what one life told."""
        for line in text.decode().splitlines():
            word, _, rest = line.partition(" ")
            match word, rest.split(" "):
                case "A", [seq, digest]:
                    self.acked[int(seq)] = digest
                case "I", [lease, subject, modality]:
                    self.invoked.append((lease, subject, modality))
                    if (subject, modality) in self.stopped:
                        self.after_stop.append(line)
                case "E", [event, seq]:
                    self.emitted.append((event, int(seq)))
                case "S", [subject, modality]:
                    self.stopped.add((subject, modality))
                case "R", [subject, modality]:
                    self.stopped.discard((subject, modality))
                case "#", _:
                    self.notes.append(rest)
                case _:
                    raise ValueError(f"a line that nobody tells: {line!r}")

    def twice(self) -> int:
        """How many outputs left more than once, and under another result than before: 0 when retries are honest."""
        named: defaultdict[str, set[int]] = defaultdict(set)
        for event, seq in self.emitted:
            named[event].add(seq)
        return sum(len(seqs) > 1 for seqs in named.values())

"""What an attacker, or a bad disk, makes of a proof."""

from collections.abc import Sequence
from random import Random
from typing import Literal

Kind = Literal["whole", "bent", "harmless"]


def bend_hashes(
    path: Sequence[bytes], ends: tuple[bytes, bytes], random: Random
) -> tuple[list[bytes], tuple[bytes, bytes], Kind]:
    """A path of hashes, or the two hashes it joins, with something changed."""
    bent, (first, last) = list(path), ends
    way = random.randrange(7)
    if way == 0 or not bent:
        first, last = (flip(first, random), last) if random.random() < 0.5 else (first, flip(last, random))
    elif way == 1:
        at = random.randrange(len(bent))
        bent[at] = flip(bent[at], random)
    elif way == 2:
        del bent[random.randrange(len(bent))]
    elif way == 3:
        bent.insert(random.randrange(len(bent) + 1), random.randbytes(32))
    elif way == 4:
        bent[random.randrange(len(bent))] = random.randbytes(32)
    elif way == 5:
        random.shuffle(bent)
    else:
        first, last = last, first
    same = bent == list(path) and (first, last) == ends
    return bent, (first, last), "harmless" if same else "bent"


def bend(data: bytes, random: Random) -> tuple[bytes, Kind]:
    """A file with a bit, a byte, a line or its end changed; a signature that stands there twice changes nothing."""
    way = random.randrange(6)
    lines = data.split(b"\n")
    at = random.randrange(len(data))
    if way == 0:
        bent = data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
    elif way == 1:
        bent = data[:at] + data[at + 1 + random.randrange(40) :]
    elif way == 2:
        bent = data[:at] + random.choice([b" ", b"\n", b"\r", b"0", b"=", b"\x00", b"\xc3", b"+"]) + data[at:]
    elif way == 3:
        bent = data[:at]
    else:
        place, other = random.randrange(len(lines)), random.randrange(len(lines))
        if way == 4:
            lines.insert(place, lines[other])
        else:
            lines[place], lines[other] = lines[other], lines[place]
        bent = b"\n".join(lines)
    return bent, "harmless" if _same_lines(data, bent) else "bent"


def flip(data: bytes, random: Random) -> bytes:
    """The data with one of its bits flipped."""
    at = random.randrange(len(data) * 8)
    return data[: at >> 3] + bytes([data[at >> 3] ^ 1 << (at & 7)]) + data[(at >> 3) + 1 :]


def _same_lines(data: bytes, bent: bytes) -> bool:
    """Whether only signature lines moved or were repeated: that is left to whoever reads."""
    mark = "\u2014 ".encode()
    signatures = [line for line in data.split(b"\n") if line.startswith(mark)]
    rest = [line for line in bent.split(b"\n") if not line.startswith(mark)]
    found = [line for line in bent.split(b"\n") if line.startswith(mark)]
    return rest == [line for line in data.split(b"\n") if not line.startswith(mark)] and set(found) == set(signatures)

"""Text and bytes with a few things wrong, as broken or hostile senders have them."""

from random import Random

SPOILS = ("\0", "\r", "\n", " ", ":", "=", "/", "-1", "99999999999999999999", "a=", "m=", "\u00e9", "*")


def mangled(text: str, random: Random) -> str:
    """The text after one to six mutations: pieces cut, doubled, moved, replaced; lines dropped or swapped."""
    for _ in range(random.randint(1, 6)):
        text = random.choice((_cut, _doubled, _spoiled, _line_dropped, _lines_swapped))(text, random)
    return text


def mangled_bytes(data: bytes, random: Random) -> bytes:
    """The same for bytes: bits flipped, pieces cut, doubled or filled."""
    out = bytearray(data)
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(out) + 1)
        end = min(len(out), at + random.randint(0, 16))
        match random.randrange(4):
            case 0 if at < len(out):
                out[at] ^= 1 << random.randrange(8)
            case 1:
                del out[at:end]
            case 2:
                out[at:at] = out[at:end]
            case _:
                out[at:end] = bytes(random.choice((0, 255)) for _ in range(end - at))
    return bytes(out)


def _piece(text: str, random: Random) -> tuple[int, int]:
    start = random.randrange(len(text) + 1)
    return start, min(len(text), start + random.randint(0, 40))


def _cut(text: str, random: Random) -> str:
    start, end = _piece(text, random)
    return text[:start] + text[end:]


def _doubled(text: str, random: Random) -> str:
    start, end = _piece(text, random)
    return text[:end] + text[start:end] + text[end:]


def _spoiled(text: str, random: Random) -> str:
    start, end = _piece(text, random)
    return text[:start] + random.choice(SPOILS) + text[max(start, end - 39) :]


def _line_dropped(text: str, random: Random) -> str:
    lines = text.splitlines(keepends=True)
    if lines:
        del lines[random.randrange(len(lines))]
    return "".join(lines)


def _lines_swapped(text: str, random: Random) -> str:
    lines = text.splitlines(keepends=True)
    if len(lines) > 1:
        one, other = random.randrange(len(lines)), random.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines)

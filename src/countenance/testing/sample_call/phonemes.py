"""From words to the sounds of a plain synthetic voice: a small table of sounds, and rules from letters to them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sound:
    """One steady sound."""

    formants: tuple[int, int, int]
    """Hertz."""
    voiced: float
    """Loudness of the buzz of the voice, 0..1."""
    noise: float
    """Loudness of the breath, 0..1."""
    noise_hz: int
    length: float
    """Relative to a short vowel."""
    opening: float
    """How far the mouth opens, 0..1."""


def _vowel(f1: int, f2: int, f3: int, length: float = 1.0, opening: float = 0.6) -> Sound:
    return Sound((f1, f2, f3), 1.0, 0.01, 2500, length, opening)


def _glide(f1: int, f2: int, f3: int, voiced: float = 0.55, opening: float = 0.25) -> Sound:
    return Sound((f1, f2, f3), voiced, 0.01, 2500, 0.6, opening)


def _hiss(noise: float, noise_hz: int, voiced: float = 0.0) -> Sound:
    return Sound((350, 1500, 2600), voiced, noise, noise_hz, 0.75, 0.12)


def _burst(noise_hz: int, voiced: float = 0.0) -> Sound:
    return Sound((350, 1500, 2600), voiced, 0.35, noise_hz, 0.35, 0.08)


SOUNDS: dict[str, Sound] = {
    "a": _vowel(730, 1150, 2440, 1.15, 0.95),
    "æ": _vowel(660, 1720, 2410, 1.1, 0.85),
    "ʌ": _vowel(620, 1200, 2390, 0.9, 0.65),
    "o": _vowel(560, 860, 2410, 1.15, 0.7),
    "e": _vowel(530, 1840, 2480, 0.95, 0.6),
    "ə": _vowel(490, 1350, 2300, 0.6, 0.4),
    "r̩": _vowel(490, 1350, 1690, 1.1, 0.4),
    "ɪ": _vowel(390, 1990, 2550, 0.75, 0.4),
    "i": _vowel(290, 2290, 3010, 1.0, 0.35),
    "ʊ": _vowel(440, 1020, 2240, 0.8, 0.35),
    "u": _vowel(310, 900, 2240, 1.0, 0.3),
    "l": _glide(360, 1300, 2700),
    "r": _glide(320, 1100, 1450),
    "w": _glide(300, 650, 2150, opening=0.15),
    "y": _glide(270, 2200, 3000),
    "m": _glide(250, 1100, 2200, 0.40, 0.0),
    "n": _glide(250, 1600, 2500, 0.40, 0.15),
    "ŋ": _glide(250, 2000, 2600, 0.40, 0.2),
    "h": Sound((500, 1500, 2500), 0.15, 0.20, 1800, 0.6, 0.35),
    "s": _hiss(0.30, 5600),
    "z": _hiss(0.20, 5600, 0.35),
    "ʃ": _hiss(0.32, 3200),
    "ʒ": _hiss(0.20, 3200, 0.35),
    "f": _hiss(0.14, 4800),
    "v": _hiss(0.08, 4800, 0.45),
    "θ": _hiss(0.14, 5200),
    "ð": _hiss(0.06, 5200, 0.45),
    "p": _burst(1200),
    "b": _burst(1000, 0.35),
    "t": _burst(4200),
    "d": _burst(3600, 0.35),
    "k": _burst(2200),
    "g": _burst(2000, 0.35),
    ".": Sound((500, 1500, 2500), 0.0, 0.0, 2500, 0.45, 0.0),
}
"""`.` is the closure before a stop."""

STOPS = frozenset("pbtdkg")
VOWELS = frozenset("aæʌoeəɪiʊu") | {"r̩"}

LETTERS: tuple[tuple[str, str], ...] = (
    ("tion", "ʃ ə n"),
    ("ough", "o u"),
    ("ould", "ʊ d"),
    ("ight", "a i t"),
    ("ing", "ɪ ŋ"),
    ("eigh", "e i"),
    ("igh", "a i"),
    ("tch", "t ʃ"),
    ("dge", "d ʒ"),
    ("air", "e ə r"),
    ("ear", "i ə r"),
    ("our", "a u ə r"),
    ("ow", "o u"),
    ("ou", "a u"),
    ("oo", "u"),
    ("oi", "o i"),
    ("oy", "o i"),
    ("ai", "e i"),
    ("ay", "e i"),
    ("au", "o"),
    ("aw", "o"),
    ("ee", "i"),
    ("ea", "i"),
    ("ey", "i"),
    ("ie", "i"),
    ("ew", "y u"),
    ("ar", "a r"),
    ("or", "o r"),
    ("er", "r̩"),
    ("ir", "r̩"),
    ("ur", "r̩"),
    ("th", "θ"),
    ("sh", "ʃ"),
    ("ch", "t ʃ"),
    ("ph", "f"),
    ("wh", "w"),
    ("ck", "k"),
    ("ng", "ŋ"),
    ("qu", "k w"),
    ("kn", "n"),
    ("a", "æ"),
    ("b", "b"),
    ("c", "k"),
    ("d", "d"),
    ("e", "e"),
    ("f", "f"),
    ("g", "g"),
    ("h", "h"),
    ("i", "ɪ"),
    ("j", "d ʒ"),
    ("k", "k"),
    ("l", "l"),
    ("m", "m"),
    ("n", "n"),
    ("o", "o"),
    ("p", "p"),
    ("r", "r"),
    ("s", "s"),
    ("t", "t"),
    ("u", "ʌ"),
    ("v", "v"),
    ("w", "w"),
    ("x", "k s"),
    ("y", "i"),
    ("z", "z"),
)
"""Longest letters first; the first that fits wins."""

LONG = {"a": "e i", "i": "a i", "o": "o u", "u": "u", "e": "i"}
"""A single vowel before one consonant and a silent final `e`."""

WORDS: dict[str, str] = {
    "i": "a i",
    "i'm": "a i m",
    "i've": "a i v",
    "i'll": "a i l",
    "a": "ə",
    "the": "ð ə",
    "this": "ð ɪ s",
    "that": "ð æ t",
    "that's": "ð æ t s",
    "there": "ð e r",
    "they": "ð e i",
    "to": "t u",
    "you": "y u",
    "you're": "y o r",
    "your": "y o r",
    "was": "w ʌ z",
    "is": "ɪ z",
    "it's": "ɪ t s",
    "of": "ʌ v",
    "one": "w ʌ n",
    "two": "t u",
    "what": "w ʌ t",
    "my": "m a i",
    "by": "b a i",
    "bye": "b a i",
    "hi": "h a i",
    "why": "w a i",
    "me": "m i",
    "we": "w i",
    "so": "s o u",
    "no": "n o u",
    "don't": "d o u n t",
    "card": "k a r d",
    "please": "p l i z",
    "completely": "k ə m p l i t l i",
    "nobody": "n o u b ə d i",
    "ever": "e v r̩",
    "have": "h æ v",
    "some": "s ʌ m",
    "come": "k ʌ m",
    "are": "a r",
    "how": "h a u",
    "now": "n a u",
    "down": "d a u n",
}


def sounds_of(word: str) -> list[str]:
    """Names of the sounds of one English word, roughly as said; unknown words follow the letter rules."""
    plain = "".join(letter for letter in word.lower() if letter.isalpha() or letter == "'")
    spoken = WORDS.get(plain) or _by_rule(plain.replace("'", ""))
    sounds: list[str] = []
    for name in spoken.split():
        if name in STOPS:
            sounds.append(".")
        sounds.append(name)
    return sounds


def _by_rule(word: str) -> str:
    spoken: list[str] = []
    if len(word) > 3 and word[-1] == "e" and word[-3] in LONG and word[-2] not in LONG and word[-4] not in LONG:
        return f"{_by_rule(word[:-3])} {LONG[word[-3]]} {_by_rule(word[-2])}".strip()
    if len(word) > 3 and word[-1] == "e":
        word = word[:-1]
    at = 0
    while at < len(word):
        if at and word[at] == word[at - 1]:
            at += 1
            continue
        letters, sounds = next((pair for pair in LETTERS if word.startswith(pair[0], at)), ("?", ""))
        spoken.append(sounds)
        at += len(letters)
    return " ".join(part for part in spoken if part)

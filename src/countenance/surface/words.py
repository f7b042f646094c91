"""Plain words for people: times, reasons, certainty. No bare percentage leaves this file."""

from collections.abc import Sequence
from datetime import UTC, datetime

from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE
from countenance.contracts.media import SECOND_US

NOT_FEELINGS = (
    "Signals, not feelings: estimates from what could be seen, heard and read, and often wrong for one person."
)
NOT_EMPLOYMENT = "Not for employment decisions, grading or discipline."

SURE_WIDTH, FAIR_WIDTH = 0.2, 0.4
LIKELY, PROBABLE, POSSIBLE = 0.75, 0.55, 0.35

_MODALITIES = {FACE: "Face", VOICE: "Voice", TEXT: "Words", TELEMETRY: "Turn-taking"}
_SENSES = {FACE: "camera", VOICE: "voice", TEXT: "words"}
_REASONS = {
    "no_face": "no face in the picture",
    "occluded": "face covered",
    "low_light": "not enough light",
    "silence": "no speech",
    "low_asr": "words not clear enough",
    "no_consent": "no consent",
    "policy": "not permitted",
    "disagreement": "face, voice and words point different ways",
    "out_of_domain": "outside what the models were made for",
}
_PURPOSES = {"support_qa": "support quality", "sales_coaching": "sales coaching"}


def modality(name: str) -> str:
    """`face` -> `Face`, `text` -> `Words`."""
    return _MODALITIES.get(name, plain(name).capitalize())


def reason(name: str) -> str:
    """An abstain reason, in words."""
    return _REASONS.get(name, plain(name))


def gap(modality_name: str, reason_name: str) -> str:
    """`camera: no face in the picture`."""
    if (modality_name, reason_name) == (TEXT, "silence"):
        return "words: nothing said"
    return f"{_SENSES.get(modality_name, plain(modality_name))}: {reason(reason_name)}"


def purpose(name: str) -> str:
    """What the readings are for, in words."""
    return _PURPOSES.get(name, plain(name))


def plain(name: str) -> str:
    """A name of the vocabulary as words."""
    return name.replace("_", " ").replace(".", " ")


def likelihood(probability: float) -> str:
    """A calibrated probability as one word."""
    if probability >= LIKELY:
        return "very likely"
    if probability >= PROBABLE:
        return "probably"
    return "possibly" if probability >= POSSIBLE else "little sign of"


def certainty(low: float, high: float) -> str:
    """The width of a band, on a scale of one, as words."""
    # Numbers come with six decimals; what is left beyond them is of the subtraction alone.
    width = round(high - low, 6)
    if width <= SURE_WIDTH:
        return "high certainty"
    return "medium certainty" if width <= FAIR_WIDTH else "low certainty"


def estimate(label: str, probability: float, low: float, high: float) -> str:
    """`probably frustrated, medium certainty`."""
    return f"{likelihood(probability)} {plain(label)}, {certainty(low, high)}"


def share(part: int, whole: int) -> str:
    """How much of something, in words."""
    ratio = part / whole if whole else 0.0
    for limit, words in (
        (0.97, "all"),
        (0.75, "most"),
        (0.55, "more than half"),
        (0.45, "about half"),
        (0.3, "about a third"),
        (0.15, "about a fifth"),
    ):
        if ratio >= limit:
            return words
    return "a little" if ratio > 0 else "none"


def clock(us: int) -> str:
    """`0:42`, `1:02:03`: a moment of the call, whole seconds."""
    seconds = us // SECOND_US
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def moment(started_at: str) -> str:
    """A date and time of day, in UTC."""
    at = datetime.fromisoformat(started_at).astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def lasting(us: int) -> str:
    """`0.4 s`, `18 s`, `1 min 30 s`, `1 h 2 min`."""
    if us < 10 * SECOND_US:
        return f"{us / SECOND_US:.1f}".removesuffix(".0") + " s"
    seconds = round(us / SECOND_US)
    minutes, left = divmod(seconds, 60)
    hours, over = divmod(minutes, 60)
    if hours:
        return f"{hours} h {over} min"
    return (f"{minutes} min {left} s" if left else f"{minutes} min") if minutes else f"{left} s"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def capital(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]

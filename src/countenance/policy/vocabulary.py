"""The closed lists that a policy may speak about; a word outside them is refused before any rule is asked."""

from difflib import get_close_matches

from countenance.contracts.call import TELEMETRY, TEXT, Modality, Purpose, Role

SUBJECT_ONLY = "visible_to_subject_only"
"""The duty to show readings to nobody but the person themselves."""
TURN_TAKING = "turn_taking"
"""What telemetry measures: who spoke when. It infers nothing about a state of mind."""

EMOTION_OUTPUTS = (
    "emotion",
    "valence_arousal",
    "engagement",
    "confusion",
    "frustration",
    "attention",
    "stress",
    "attitude",
)
"""All of these infer emotion in the sense of AI Act 3(39): a milder word is no way round (Guidelines para 248)."""

BANNED_OUTPUTS = ("deception", "truthfulness", "personality", "intent_to_quit", "protected_trait", "diagnosis")

OUTPUTS = (TURN_TAKING, *EMOTION_OUTPUTS, *BANNED_OUTPUTS)
CONSEQUENCES = ("individual", "aggregate_only", "solely_automated")
US_STATES = ("US-IL", "US-CO", "US-TX", "US-WA", "US-CA", "US-NY", "US-OTHER")
JURISDICTIONS = ("EU", "UK", *US_STATES, "KR", "ROW")
UNION = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
"""The countries of the European Union, which are one place here."""
UNKNOWN_PLACE = ("EU", "US-IL", "US-CO")
"""The strictest places together: what holds while nobody says where the people are."""

MODALITY_CLASSES = ("biometric", TEXT, TELEMETRY)
REVIEWERS = ("coach", "tutor", "teacher", "clinician")
"""Who may be the human who looks at what was read of one person, and decides."""
IN_WRITING = "consent_in_writing"
"""The duty to have a guardian's consent in writing too, where a law asks for writing of anybody."""
WORKERS = (Role.EMPLOYEE.value, Role.AGENT.value, Role.TEACHER.value, Role.CLINICIAN.value)

FACTS = {
    "minor": ("adult", "13_to_17", "under_13"),
    "relation": ("other_organisation", "same_organisation"),
    "exception_approved": ("no", "yes"),
    "required_by_institution": ("no", "yes"),
    "issues_certificate": ("no", "yes"),
    "b2b": ("no", "yes"),
}
"""What may be known about a case, with the values it may have; a fact left out is unknown, never a default."""

FIELDS = {
    "jurisdiction": JURISDICTIONS,
    "purpose": tuple(p.value for p in Purpose),
    "role": tuple(r.value for r in Role),
    "modality": MODALITY_CLASSES,
    "output": OUTPUTS,
    "consequence": CONSEQUENCES,
}
"""What a rule can ask of a case, with every answer there is."""

GROUPS = {"@emotion": EMOTION_OUTPUTS, "@banned": BANNED_OUTPUTS, "@workers": WORKERS, "@us": US_STATES}
"""Short names for lists that several rules share."""


def modality_class(modality: Modality) -> str:
    """How the law sees a modality: words and turn-taking by name, everything else as biometric."""
    return modality if modality in (TEXT, TELEMETRY) else "biometric"


def output_of(modality: Modality) -> str:
    """What the product reads a modality for: turn-taking from telemetry, engagement from the others."""
    return TURN_TAKING if modality == TELEMETRY else "engagement"


def nearest_place(word: str) -> str:
    """The remedy for a place without a code here; the nearest spelling may be a place under another law."""
    if word.upper() in JURISDICTIONS:
        return f"Did you mean {word.upper()}?"
    if word.upper() in UNION:
        return "The countries of the European Union are EU."
    if word.upper() == "GB":
        return "The United Kingdom is UK."
    if word.upper() == "US" or word.upper().startswith("US-"):
        own = ", ".join(US_STATES[:-1])
        return f"States with rules of their own here: {own}; every other state is US-OTHER."
    if len(word) == len("CN"):
        return f"Known: {', '.join(JURISDICTIONS)}. A place is never taken for another."
    return nearest(word, JURISDICTIONS)


def nearest(word: str, known: tuple[str, ...]) -> str:
    """The remedy for an unknown word: the nearest known one, or the whole list."""
    close = get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known: {', '.join(known)}."

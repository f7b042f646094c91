"""The product's words for people in any of its languages: what a translator makes of them is handed in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent

from countenance.surface import words

Say = Callable[[str], str]
"""English words to those of a language."""


def english(said: str) -> str:
    """English stands in the code itself."""
    return said


@dataclass(frozen=True, slots=True)
class Wording:
    """One language; the names and estimates below are those of the pages."""

    language: str = "en"
    say: Say = english

    def state(self, name: str) -> str:
        """`frustrated`."""
        _ = self.say
        states = {
            "engaged": _("engaged"),
            "disengaged": _("disengaged"),
            "confused": _("confused"),
            "frustrated": _("frustrated"),
            "neutral": _("neutral"),
            "happiness": _("happiness"),
            "surprise": _("surprise"),
            "sadness": _("sadness"),
            "anger": _("anger"),
            "disgust": _("disgust"),
            "fear": _("fear"),
        }
        return states.get(name, words.plain(name))

    def event(self, name: str) -> str:
        """`low engagement`."""
        _ = self.say
        events = {
            "engagement_low": _("low engagement"),
            "confusion_spike": _("signs of confusion"),
            "frustration_spike": _("signs of frustration"),
        }
        return events.get(name, words.plain(name))

    def role(self, name: str) -> str:
        """`customer`."""
        _ = self.say
        roles = {
            "customer": _("customer"),
            "prospect": _("prospect"),
            "employee": _("employee"),
            "agent": _("agent"),
            "candidate": _("candidate"),
            "student": _("student"),
            "teacher": _("teacher"),
            "learner_independent": _("independent learner"),
            "patient": _("patient"),
            "therapy_client": _("therapy client"),
            "clinician": _("clinician"),
            "panelist": _("panel member"),
            "guest": _("guest"),
        }
        return roles.get(name, words.plain(name))

    def purpose(self, name: str) -> str:
        """`sales coaching`."""
        _ = self.say
        purposes = {
            "sales_coaching": _("sales coaching"),
            "support_qa": _("support quality"),
            "education_engagement": _("education"),
            "telehealth_support": _("telehealth"),
            "psychotherapy": _("psychotherapy"),
            "hiring": _("hiring"),
            "workplace_monitoring": _("workplace monitoring"),
            "self_training": _("training for oneself"),
            "focus_group": _("focus group"),
            "safety": _("safety"),
        }
        return purposes.get(name, words.plain(name))

    def use(self, name: str) -> str:
        """What became of one modality."""
        _ = self.say
        uses = {
            "read": _("read"),
            "stopped": _("read until it was taken back"),
            "declined": _("asked, and the answer was no"),
            "not_asked": _("nobody asked, so not read"),
            "refused": _("not permitted"),
            "absent": _("permitted, but there was nothing to read"),
        }
        return uses.get(name, words.plain(name))

    def much(self, part: int, whole: int) -> str:
        """How much of a call something lasted: `about a third of the call`."""
        _ = self.say
        parts = {
            "all": _("all of the call"),
            "most": _("most of the call"),
            "more than half": _("more than half of the call"),
            "about half": _("about half of the call"),
            "about a third": _("about a third of the call"),
            "about a fifth": _("about a fifth of the call"),
            "a little": _("a little of the call"),
            "none": _("none of the call"),
        }
        return parts[words.share(part, whole)]

    def modality(self, name: str) -> str:
        """`Face`."""
        return self.say(words.modality(name))

    def reason(self, name: str) -> str:
        """Why there is no reading."""
        return self.say(words.reason(name))

    def estimate(self, label: str, probability: float, low: float, high: float) -> str:
        """`probably frustrated, medium certainty`."""
        _ = self.say
        parts = {
            "likely": _(words.likelihood(probability)),
            "state": self.state(label),
            "certainty": _(words.certainty(low, high)),
        }
        return _("{likely} {state}, {certainty}").format(**parts)

    def names(self, people: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
        """Participants by role, numbered where several have the same."""
        alike: dict[str, list[str]] = {}
        for one in people:
            alike.setdefault(one["role"], []).append(one["participant_id"])
        return {
            who: f"{self.role(role)} {place}" if len(several) > 1 else self.role(role)
            for role, several in alike.items()
            for place, who in enumerate(several, 1)
        }

    def day(self, moment: datetime) -> str:
        """`23 November 2026`."""
        return format_date(moment, "long", locale=self._locale)

    def time(self, moment: datetime) -> str:
        """A time of day, in UTC."""
        return f"{format_time(moment, 'short', locale=self._locale)} UTC"

    def moment(self, moment: datetime) -> str:
        """Day and time, in UTC."""
        return f"{format_datetime(moment, 'medium', locale=self._locale)} UTC"

    def number(self, value: float, digits: int = 0) -> str:
        """A number with so many digits behind the point."""
        return str(format_decimal(round(value, digits), locale=self._locale))

    def share(self, value: float) -> str:
        """A share of something that was counted: `22 %`; never of a state."""
        return str(format_percent(value, locale=self._locale))

    @property
    def _locale(self) -> str:
        return "en_GB" if self.language == "en" else self.language

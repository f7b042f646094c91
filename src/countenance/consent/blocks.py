"""The blocks of a notice: which sentences stand in it follows from the duties of the rulings and from the terms."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from countenance.consent.retention import limits
from countenance.consent.terms import Terms
from countenance.consent.wording import Wording
from countenance.contracts.call import TEXT, Modality
from countenance.contracts.errors import ConsentError
from countenance.contracts.trust import Duties, Ruling

GDPR_PLACES = frozenset({"EU", "UK"})
YEARS = {1095: "three_years", 730: "two_years"}
"""Whole days that the law counts in years (BIPA: 3 years; Colorado: 24 months)."""


@dataclass(frozen=True, slots=True)
class Block:
    """One heading with its sentences."""

    name: str
    title: str
    lines: tuple[str, ...]


class Blocks:
    """The blocks of one notice, in the order in which they are read."""

    def __init__(self, wording: Wording, asked: Mapping[Modality, Ruling], terms: Terms) -> None:
        self.wording = wording
        self.terms = terms
        self.duties = {modality: ruling.duties for modality, ruling in asked.items()}
        self.case = next(iter(asked.values())).case
        self.names = frozenset(name for duties in self.duties.values() for name in duties.names)
        self.kinds = frozenset(duties.consent for duties in self.duties.values())
        self.needing = [modality for modality, duties in self.duties.items() if duties.consent != "none"]
        self.controllers = ", ".join(terms.controllers)

    def all(self) -> tuple[Block, ...]:
        """Every block that has something to say here."""
        parts: Mapping[str, Callable[[], Iterable[str]]] = {
            "opening": lambda: [self.say("opening", "text")],
            "what": self._what,
            "why": lambda: [self.say("why", str(self.case.purpose))],
            "who": self._who,
            "keeping": self._keeping,
            "withdraw": self._withdraw,
            "not": lambda: [self.say("not", key) for key in ("text", "limits", "recording")],
            "rights": self._rights,
            "responsible": self._responsible,
            "release": self._release,
            "written": self._written,
            "guardian": self._guardian,
            "choice": lambda: [self.say("choice", modality) for modality in self.needing],
        }
        found = ((name, tuple(lines())) for name, lines in parts.items())
        return tuple(Block(name, self.say(name, "title"), lines) for name, lines in found if lines)

    def say(self, block: str, key: str, **facts: object) -> str:
        """One sentence of the notice."""
        return self.wording.say(block, key, controllers=self.controllers, **facts)

    def _what(self) -> Iterator[str]:
        yield from (self.say("what", modality) for modality in self.needing)
        if self.needing:
            yield self.say("what", "off")
        for modality in (m for m in self.duties if m not in self.needing):
            yield from (self.say("what", modality), self.say("what", "objection"))

    def _who(self) -> Iterator[str]:
        views: dict[tuple[str, ...], list[str]] = {}
        for modality, duties in self.duties.items():
            views.setdefault(tuple(self._viewers(duties)), []).append(self.say("names", modality))
        for lines, names in views.items():
            if len(views) == 1:
                yield from lines
            else:
                yield from (self.say("who", "each", modality=", ".join(names), line=line) for line in lines)
        if "never_to_hr" in self.names:
            yield self.say("who", "never_to_hr")
        yield from self._receivers()

    def _viewers(self, duties: Duties) -> Iterator[str]:
        if "visible_to_subject_only" in duties.names:
            yield self.say("who", "subject_only")
        elif duties.aggregate_k is not None:
            yield self.say("who", "aggregate", k=duties.aggregate_k)
        else:
            known = self.wording.blocks.get("reviewers", {})
            for role in (duties.human_role or "person").split(" and "):
                yield self.say("who", "reviewer", reviewers=self.say("reviewers", role if role in known else "person"))

    def _receivers(self) -> Iterator[str]:
        if not self.terms.recipients:
            yield self.say("who", "no_recipients")
            return
        yield self.say("who", "recipients", recipients=", ".join(self.terms.recipients))
        if "mhmda_share_consent" in self.names:
            yield self.say("who", "sharing")

    def _keeping(self) -> Iterator[str]:
        kept = limits(self.duties.values(), self.terms.log_days)
        yield self.say("keeping", "media")
        for modality, duties in self.duties.items():
            amount = {0: "none", 1: "one"}.get(duties.retention_days, "many")
            yield self.say("keeping", amount, modality=self.say("names", modality), count=duties.retention_days)
        if kept.contact_days is not None:
            yield self.say("keeping", "purpose_end", years=self._years(kept.contact_days))
        if kept.purpose_days is not None:
            yield self.say("keeping", "year_after")
        yield self.say("keeping", "log", count=kept.log_days)
        if self.needing:
            yield self.say("keeping", "valid", count=self.terms.consent_days)

    def _years(self, days: int) -> str:
        if days not in YEARS:
            known = ", ".join(map(str, YEARS))
            raise ConsentError(f"no notice has words for {days} days after the last contact", f"Known: {known}.")
        return self.say("keeping", YEARS[days])

    def _withdraw(self) -> Iterator[str]:
        control = self.terms.withdrawal.get(self.wording.language) or self.say("withdraw", "control")
        yield self.say("withdraw", "text", withdrawal=control)
        if self.needing:
            yield self.say("withdraw", "refusing")

    def _rights(self) -> Iterator[str]:
        if self.case.jurisdictions and not GDPR_PLACES.intersection(self.case.jurisdictions):
            yield self.say("rights", "elsewhere")
        else:
            yield self.say("rights", "gdpr")
            if self.terms.authority:
                yield self.say("rights", "authority", authority=self.terms.authority)
            if any(m != TEXT for m in self.needing):
                yield self.say("rights", "basis_special")
            if TEXT in self.needing:
                yield self.say("rights", "basis_plain")
        yield self.say("rights", "receipt")

    def _responsible(self) -> Iterator[str]:
        terms = self.terms
        yield self.say("responsible", "controllers", contact=terms.contact)
        if terms.data_protection_officer:
            yield self.say("responsible", "officer", officer=terms.data_protection_officer)
        yield self.say("responsible", "storage", storage=", ".join(terms.storage_locations))
        if terms.transfers:
            yield self.say("responsible", "transfers", transfers=", ".join(terms.transfers))
        if terms.policy_url:
            yield self.say("responsible", "policy", url=terms.policy_url)
        if terms.retention_url:
            yield self.say("responsible", "retention", url=terms.retention_url)

    def _release(self) -> Iterator[str]:
        released = [m for m, duties in self.duties.items() if "written_release" in duties.names]
        if not released:
            return
        if not self.terms.retention_url:
            problem = "the written release needs the address of a public retention policy (740 ILCS 14/15(a))"
            raise ConsentError(problem, "Name it as `retention_url` in [terms].")
        what = ", ".join(self.say("release", modality) for modality in released)
        yield self.say("release", "statement", identifiers=what, url=self.terms.retention_url)

    def _written(self) -> Iterator[str]:
        asked = "express_written" in self.kinds or "consent_in_writing" in self.names
        if asked and "written_release" not in self.names:
            yield self.say("written", "text")

    def _guardian(self) -> Iterator[str]:
        if "parental_verifiable" in self.kinds:
            yield from (self.say("guardian", "text"), self.say("guardian", "statement"))

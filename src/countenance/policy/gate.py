"""The gate: one case in, one ruling out, with every rule that decided it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType

from countenance.contracts.errors import PolicyError
from countenance.contracts.trust import CONSENT_KINDS, Case, Duties, Effect, Layer, Ruling, Verdict
from countenance.policy.lawfile import read_law
from countenance.policy.rules import Law, Review, Rule, question_of
from countenance.policy.vocabulary import (
    FACTS,
    FIELDS,
    IN_WRITING,
    JURISDICTIONS,
    UNKNOWN_PLACE,
    nearest,
    nearest_place,
)

STRICTEST = Duties(consent=CONSENT_KINDS[-1], retention_days=0)
"""What a refusal demands: no consent is strong enough and nothing is kept."""

CHARTER = "Countenance charter: what no rule allows is refused"
LAYERS = tuple(Layer)
LEGAL_REVIEW = "legal_review_on_file"
WRITTEN = frozenset(CONSENT_KINDS.index(kind) for kind in ("express_written", "written_release"))
NO_REVIEWS: Mapping[str, Review] = MappingProxyType({})


class Gate:
    """All laws together. Every jurisdiction must allow, any rule may deny, duties add up."""

    def __init__(self, laws: Sequence[Law], digest: str) -> None:
        self.laws = tuple(laws)
        self.rules = tuple(rule for law in laws for rule in law.rules)
        self.reviews = tuple(review for law in laws for review in law.reviews)
        self.digest = digest
        self._concerned: dict[tuple[str, ...], tuple[Rule, ...]] = {}
        if not self.rules:
            raise PolicyError("no law was found", "Point to a folder with law files (*.toml).")
        ids = [rule.id for rule in self.rules]
        for twice in (name for name in ids if ids.count(name) > 1):
            raise PolicyError(f"two rules are called {twice}", "Give each rule an id of its own.")
        unclear = tuple(rule.id for rule in self.rules if rule.unclear)
        for stray in (review.settles for review in self.reviews if review.settles not in unclear):
            raise PolicyError(f"a legal review settles {stray}, which is no unclear case", nearest(stray, unclear))

    @classmethod
    def load(cls, folder: Traversable | None = None, overlays: Sequence[Path] = ()) -> "Gate":
        """The laws of a folder, by default those of the package, tightened by a deployer's own; raises PolicyError."""
        place = folder if folder is not None else files("countenance.policy") / "laws"
        if not place.is_dir():
            raise PolicyError(f"{place} is not a folder", "Point to a folder with law files (*.toml).")
        found = sorted((f for f in place.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
        laws = tuple(read_law(file) for file in found)
        for law, file in ((law, file) for file in overlays if (law := read_law(file)).layer is not Layer.DEPLOYER):
            problem = f"{file}: an overlay is a deployer's, and it says layer = {law.layer.value!r}"
            raise PolicyError(problem, 'Write layer = "deployer": it may refuse and require, never allow.')
        laws += tuple(read_law(file) for file in overlays)
        return cls(laws, digest_of(laws))

    def rule(self, case: Case) -> Ruling:
        """The ruling on one participant and one modality; never undecided, never without a reason."""
        strange = tuple(_strange_words(case))
        if strange:
            return Ruling(Effect.DENY, case, strange, STRICTEST, self.digest)
        places = case.jurisdictions or UNKNOWN_PLACE
        concerned = [r for r in self._about(case) if r.where(places)]
        fitting = [r for r in concerned if r.fits(case.facts)]
        settled = self._settled(case, places)
        speaking = [r for r in fitting if r.in_force(case.on) and r.id not in settled]
        refusals = [_verdict(r, case) for r in speaking if r.effect is Effect.DENY]
        silent = _silent_places(speaking, places)
        if silent:
            refusals.append(_silence(case, silent, concerned))
        if refusals:
            return Ruling(Effect.DENY, case, tuple(refusals), STRICTEST, self.digest)
        verdicts = tuple(_verdict(r, case) for r in speaking)
        reviewed = tuple(_reviewed(settled[r.id]) for r in fitting if r.id in settled and r.in_force(case.on))
        duties = unite(fitting, speaking)
        if reviewed:
            duties = replace(duties, names=(*duties.names, LEGAL_REVIEW))
        return Ruling(Effect.ALLOW, case, (*verdicts, *reviewed), duties, self.digest)

    def bars(self, purpose: str) -> Verdict | None:
        """The rule that refuses a purpose whoever is read and wherever; None where it depends on the case."""
        for rule in self.rules:
            always = rule.places is None and rule.applies_from is None and not (rule.facts or rule.known)
            alone = [one.field for one in rule.conditions] == ["purpose"] and rule.conditions[0].holds(
                {"purpose": purpose}
            )
            if rule.effect is Effect.DENY and always and alone and not rule.unclear:
                return Verdict(rule.id, rule.layer, rule.effect, rule.reason, rule.citation, None)
        return None

    def _settled(self, case: Case, places: tuple[str, ...]) -> Mapping[str, Review]:
        """The reviews that stand for this case, by the unclear rule they settle."""
        if not self.reviews:
            return NO_REVIEWS
        question = question_of(case)
        return {
            review.settles: review for review in self.reviews if review.stands(question, case.facts, places, case.on)
        }

    def _about(self, case: Case) -> tuple[Rule, ...]:
        # Remembered per question, law first, and what allows before its duties: a call asks the same few again.
        question = question_of(case)
        key = tuple(question.values())
        if key not in self._concerned:
            about = (rule for rule in self.rules if rule.concerns(question))
            self._concerned[key] = tuple(sorted(about, key=_rank))
        return self._concerned[key]


def _rank(rule: Rule) -> tuple[int, bool]:
    return LAYERS.index(rule.layer), rule.effect is Effect.REQUIRE


def unite(fitting: Iterable[Rule], speaking: Sequence[Rule]) -> Duties:
    """All duties together: the strongest consent, the shortest retention, every name."""
    consents = [CONSENT_KINDS.index(r.duties.consent) for r in speaking if r.duties.consent is not None]
    days = [r.duties.retention_days for r in speaking if r.duties.retention_days is not None]
    crowds = [r.duties.aggregate_k for r in speaking if r.duties.aggregate_k is not None]
    reviewers = dict.fromkeys(r.duties.human_role for r in speaking if r.duties.human_role is not None)
    bound = [name for r in speaking for name in r.duties.names]
    # A guardian's consent is the strongest kind, and says nothing of the form that a weaker one asks for.
    if max(consents, default=1) > max(WRITTEN) and WRITTEN.intersection(consents):
        bound.append(IN_WRITING)
    coming = [
        f"recommended:{name}" for r in fitting if r not in speaking and r.recommended_before for name in r.duties.names
    ]
    return Duties(
        consent=CONSENT_KINDS[max(consents, default=1)],
        retention_days=min(days, default=0),
        names=tuple(dict.fromkeys([*bound, *coming])),
        human_role=" and ".join(reviewers) or None,
        aggregate_k=max(crowds, default=None),
    )


def digest_of(laws: Sequence[Law]) -> str:
    """sha256 over the content of all laws, whatever the files' layout and comments."""
    plain = json.dumps([_plain(law) for law in laws], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _plain(value: object) -> object:
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(item) for item in value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int) else str(value)


def _strange_words(case: Case) -> Iterable[Verdict]:
    stated = {"purpose": case.purpose, "role": case.role, "output": case.output, "consequence": case.consequence}
    for field, word in stated.items():
        if word not in FIELDS[field]:
            yield _unknown(field, str(word), nearest(str(word), FIELDS[field]))
    for place in case.jurisdictions:
        if place not in JURISDICTIONS:
            yield _unknown("jurisdiction", place, nearest_place(place))
    for name, value in case.facts.items():
        if name not in FACTS:
            yield _unknown("fact", name, nearest(name, tuple(FACTS)))
        elif value not in FACTS[name]:
            yield _unknown(name, value, nearest(value, FACTS[name]))


def _unknown(field: str, word: str, remedy: str) -> Verdict:
    reason = f"no law here knows the {field} `{word}`. {remedy}".rstrip(".")
    return Verdict(f"unknown.{field}", Layer.PRODUCT, Effect.DENY, reason, CHARTER)


def _silent_places(speaking: Sequence[Rule], places: tuple[str, ...]) -> tuple[str, ...]:
    answered = {p for rule in speaking if rule.effect is not Effect.REQUIRE for p in rule.where(places)}
    return tuple(p for p in dict.fromkeys(places) if p not in answered)


def _silence(case: Case, places: tuple[str, ...], concerned: Sequence[Rule]) -> Verdict:
    allowing = [rule for rule in concerned if rule.effect is Effect.ALLOW and rule.where(places)]
    missing = sorted({name for rule in allowing for name in rule.unstated(case.facts)})
    hint = f"; it may change when these facts are stated: {', '.join(missing)}" if missing else ""
    return Verdict("Z99", Layer.PRODUCT, Effect.DENY, f"no rule allows this in {', '.join(places)}{hint}", CHARTER)


def _reviewed(review: Review) -> Verdict:
    reason = f"the unclear case {review.settles} was settled by {review.decided_by}, until {review.until.isoformat()}"
    return Verdict(f"review.{review.settles}", Layer.DEPLOYER, Effect.REQUIRE, reason, review.authority)


def _verdict(rule: Rule, case: Case) -> Verdict:
    missing = rule.unstated(case.facts)
    doubt = f" (not stated, so the strictest is assumed: {', '.join(missing)})" if missing else ""
    return Verdict(rule.id, rule.layer, rule.effect, rule.reason + doubt, rule.citation, rule.applies_from)

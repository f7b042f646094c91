"""Reading law files: plain TOML in, checked values out; an unknown key is an error that names it."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from importlib.resources.abc import Traversable
from types import MappingProxyType

from countenance.contracts.call import Purpose, Role
from countenance.contracts.errors import PolicyError
from countenance.contracts.trust import CONSENT_KINDS, Case, Effect, Layer
from countenance.policy.fields import NO_TABLE, Table, count, day, flag, only, table, tables, text, word, words
from countenance.policy.rules import Condition, Example, Law, Review, Rule, RuleDuties
from countenance.policy.vocabulary import CONSEQUENCES, FACTS, FIELDS, JURISDICTIONS, OUTPUTS, REVIEWERS

CERTAINTIES = ("read", "secondary", "unverified")
CASE_KEYS = ("purpose", "role", "modality", "output", "consequence", "jurisdictions", "on", "facts")
RULE_KEYS = ("id", "effect", "reason", "citation", "certainty", "applies_from", "recommended_before", "unclear")
REVIEW_KEYS = ("settles", "decided_by", "authority", "decided_on", "until", "when")
GROUPS_ALONE = Condition("consequence", frozenset({"aggregate_only"}))
LONGEST_REVIEW = timedelta(days=366)
"""Law moves: nobody's decision about an unclear case stands for longer than a year."""
WHEN_KEYS = (*FIELDS, *(f"{field}_not" for field in FIELDS if field != "jurisdiction"), "facts", "known")


def read_law(file: Traversable) -> Law:
    """One law, checked to the last key; raises PolicyError."""
    try:
        raw = tomllib.loads(file.read_bytes().decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise PolicyError(f"{file.name} is not readable TOML: {fault}", "Correct the file.") from fault
    except OSError as fault:
        raise PolicyError(f"{file.name} cannot be read: {fault.strerror}", "Check the file and its rights.") from fault
    only(raw, ("law", "case", "rule", "review"), file.name)
    head = table(raw, "law", file.name)
    only(head, ("id", "name", "layer", "source", "certainty", "checked_on"), f"{file.name} [law]")
    place = f"{file.name} [law]"
    layer = Layer(word(head, "layer", tuple(Layer), place))
    certainty = word(head, "certainty", CERTAINTIES, place)
    shared = table(raw, "case", file.name) if "case" in raw else NO_TABLE
    reviews = tuple(
        _review(item, layer, file.name) for item in (tables(raw, "review", file.name) if "review" in raw else ())
    )
    rules = tuple(
        _rule(item, (text(head, "id", place), layer, certainty), shared, file.name)
        for item in (tables(raw, "rule", file.name) if "rule" in raw or not reviews else ())
    )
    return Law(
        id=text(head, "id", place),
        name=text(head, "name", place),
        layer=layer,
        source=text(head, "source", place),
        certainty=certainty,
        checked_on=day(head, "checked_on", place),
        rules=rules,
        reviews=reviews,
    )


def _review(raw: Table, layer: Layer, file: str) -> Review:
    place = f"{file} review of {raw.get('settles', '(no rule)')}"
    only(raw, REVIEW_KEYS, place)
    if layer is not Layer.DEPLOYER:
        raise PolicyError(
            f"{place}: only a deployer reviews an unclear case", 'Write it in a file of layer "deployer".'
        )
    decided, until = day(raw, "decided_on", place), day(raw, "until", place)
    when = table(raw, "when", place) if "when" in raw else NO_TABLE
    only(when, tuple(key for key in WHEN_KEYS if key != "known"), f"{place} when")
    if not decided < until <= decided + LONGEST_REVIEW:
        raise PolicyError(f"{place}: it must end after it was decided, within a year", "Correct `until`.")
    return Review(
        settles=text(raw, "settles", place),
        decided_by=text(raw, "decided_by", place),
        authority=text(raw, "authority", place),
        decided_on=decided,
        until=until,
        conditions=_conditions(when, place) if "when" in raw else (),
        facts=_facts(when, "facts", place),
    )


def _rule(raw: Table, law: tuple[str, Layer, str], shared: Table, file: str) -> Rule:
    place = f"{file} rule {raw.get('id', '(no id)')}"
    only(raw, (*RULE_KEYS, "when", "duties", "example"), place)
    effect = Effect(word(raw, "effect", tuple(Effect), place))
    if effect is Effect.ALLOW and law[1] is not Layer.LAW:
        raise PolicyError(f"{place}: only a law may allow", "A charter or a deployer denies or requires.")
    when = table(raw, "when", place)
    applies_from = day(raw, "applies_from", place) if "applies_from" in raw else None
    recommended = flag(raw, "recommended_before", place) if "recommended_before" in raw else False
    if recommended and (applies_from is None or effect is not Effect.REQUIRE):
        raise PolicyError(
            f"{place}: recommended_before needs applies_from and effect `require`", "Add them, or leave the key out."
        )
    conditions = _conditions(when, place)
    duties = _duties(raw, place)
    if duties.aggregate_k is not None and GROUPS_ALONE not in conditions:
        raise PolicyError(
            f"{place}: a group is asked for where single people are read", 'Add consequence = ["aggregate_only"].'
        )
    return Rule(
        id=text(raw, "id", place),
        law=law[0],
        layer=law[1],
        effect=effect,
        reason=text(raw, "reason", place),
        citation=text(raw, "citation", place),
        certainty=word(raw, "certainty", CERTAINTIES, place) if "certainty" in raw else law[2],
        applies_from=applies_from,
        recommended_before=recommended,
        places=next((c.values for c in conditions if c.field == "jurisdiction"), None),
        conditions=tuple(c for c in conditions if c.field != "jurisdiction"),
        facts=_facts(when, "facts", place),
        known=_facts(when, "known", place),
        duties=duties,
        unclear=_unclear(raw, effect, place),
        examples=tuple(_example({**shared, **item}, place) for item in tables(raw, "example", place)),
    )


def _unclear(raw: Table, effect: Effect, place: str) -> bool:
    unclear = flag(raw, "unclear", place) if "unclear" in raw else False
    if unclear and effect is not Effect.DENY:
        raise PolicyError(f"{place}: an unclear case is refused until it is settled", 'Write effect = "deny".')
    return unclear


def _conditions(when: Table, place: str) -> tuple[Condition, ...]:
    if not when:
        raise PolicyError(f"{place}: `when` is empty", "Say when the rule speaks; a rule for everything lists it.")
    only(when, WHEN_KEYS, f"{place} when")
    return tuple(
        Condition(key.removesuffix("_not"), words(when, key, FIELDS[key.removesuffix("_not")], place), "_not" in key)
        for key in when
        if key not in ("facts", "known")
    )


def _facts(when: Table, key: str, place: str) -> Mapping[str, frozenset[str]]:
    asked = table(when, key, place) if key in when else NO_TABLE
    only(asked, tuple(FACTS), f"{place} {key}")
    return MappingProxyType({name: words(asked, name, FACTS[name], f"{place} {key}") for name in asked})


def _duties(raw: Table, place: str) -> RuleDuties:
    owed = table(raw, "duties", place) if "duties" in raw else NO_TABLE
    place = f"{place} duties"
    only(owed, ("consent", "retention_days", "names", "human_role", "aggregate_k"), place)
    names = owed.get("names", [])
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise PolicyError(f"{place}: `names` must be a list of words", "Write names = [...].")
    return RuleDuties(
        consent=word(owed, "consent", CONSENT_KINDS, place) if "consent" in owed else None,
        retention_days=count(owed, "retention_days", place) if "retention_days" in owed else None,
        names=tuple(names),
        human_role=word(owed, "human_role", REVIEWERS, place) if "human_role" in owed else None,
        aggregate_k=count(owed, "aggregate_k", place) if "aggregate_k" in owed else None,
    )


def _example(raw: Table, place: str) -> Example:
    place = f"{place} example"
    only(raw, (*CASE_KEYS, "speaks", "ruling"), place)
    places = raw.get("jurisdictions")
    if not isinstance(places, list) or any(p not in JURISDICTIONS for p in places):
        raise PolicyError(f"{place}: `jurisdictions` must be a list", f"Known: {', '.join(JURISDICTIONS)}.")
    facts = table(raw, "facts", place) if "facts" in raw else NO_TABLE
    only(facts, tuple(FACTS), f"{place} facts")
    case = Case(
        purpose=Purpose(word(raw, "purpose", FIELDS["purpose"], place)),
        role=Role(word(raw, "role", FIELDS["role"], place)),
        modality=text(raw, "modality", place),
        output=word(raw, "output", OUTPUTS, place),
        consequence=word(raw, "consequence", CONSEQUENCES, place),
        jurisdictions=tuple(places),
        on=day(raw, "on", place),
        facts=MappingProxyType({name: word(facts, name, FACTS[name], place) for name in facts}),
    )
    ruling = Effect(word(raw, "ruling", (Effect.ALLOW, Effect.DENY), place))
    return Example(case, flag(raw, "speaks", place), ruling)

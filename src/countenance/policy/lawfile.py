"""Reading law files: plain TOML in, checked values out; an unknown key is an error that names it."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources.abc import Traversable
from types import MappingProxyType

from countenance.contracts.call import Purpose, Role
from countenance.contracts.errors import PolicyError
from countenance.contracts.trust import CONSENT_KINDS, Case, Effect, Layer
from countenance.policy.rules import Condition, Example, Law, Rule, RuleDuties
from countenance.policy.vocabulary import CONSEQUENCES, FACTS, FIELDS, GROUPS, JURISDICTIONS, OUTPUTS, nearest

CERTAINTIES = ("read", "secondary", "unverified")
CASE_KEYS = ("purpose", "role", "modality", "output", "consequence", "jurisdictions", "on", "facts")
RULE_KEYS = ("id", "effect", "reason", "citation", "certainty", "applies_from", "recommended_before")
WHEN_KEYS = (*FIELDS, *(f"{field}_not" for field in FIELDS if field != "jurisdiction"), "facts", "known")

Table = Mapping[str, object]
NO_TABLE: Table = MappingProxyType({})


def read_law(file: Traversable) -> Law:
    """One law, checked to the last key; raises PolicyError."""
    try:
        raw = tomllib.loads(file.read_bytes().decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise PolicyError(f"{file.name} is not readable TOML: {fault}", "Correct the file.") from fault
    except OSError as fault:
        raise PolicyError(f"{file.name} cannot be read: {fault.strerror}", "Check the file and its rights.") from fault
    _only(raw, ("law", "case", "rule"), file.name)
    head = _table(raw, "law", file.name)
    _only(head, ("id", "name", "layer", "source", "certainty", "checked_on"), f"{file.name} [law]")
    place = f"{file.name} [law]"
    layer = Layer(_word(head, "layer", tuple(Layer), place))
    certainty = _word(head, "certainty", CERTAINTIES, place)
    shared = _table(raw, "case", file.name) if "case" in raw else NO_TABLE
    rules = tuple(
        _rule(item, (_text(head, "id", place), layer, certainty), shared, file.name)
        for item in _tables(raw, "rule", file.name)
    )
    return Law(
        id=_text(head, "id", place),
        name=_text(head, "name", place),
        layer=layer,
        source=_text(head, "source", place),
        certainty=certainty,
        checked_on=_day(head, "checked_on", place),
        rules=rules,
    )


def _rule(raw: Table, law: tuple[str, Layer, str], shared: Table, file: str) -> Rule:
    place = f"{file} rule {raw.get('id', '(no id)')}"
    _only(raw, (*RULE_KEYS, "when", "duties", "example"), place)
    effect = Effect(_word(raw, "effect", tuple(Effect), place))
    if effect is Effect.ALLOW and law[1] is not Layer.LAW:
        raise PolicyError(f"{place}: only a law may allow", "A charter or a deployer denies or requires.")
    when = _table(raw, "when", place)
    applies_from = _day(raw, "applies_from", place) if "applies_from" in raw else None
    recommended = _flag(raw, "recommended_before", place) if "recommended_before" in raw else False
    if recommended and (applies_from is None or effect is not Effect.REQUIRE):
        raise PolicyError(
            f"{place}: recommended_before needs applies_from and effect `require`", "Add them, or leave the key out."
        )
    conditions = _conditions(when, place)
    return Rule(
        id=_text(raw, "id", place),
        law=law[0],
        layer=law[1],
        effect=effect,
        reason=_text(raw, "reason", place),
        citation=_text(raw, "citation", place),
        certainty=_word(raw, "certainty", CERTAINTIES, place) if "certainty" in raw else law[2],
        applies_from=applies_from,
        recommended_before=recommended,
        places=next((c.values for c in conditions if c.field == "jurisdiction"), None),
        conditions=tuple(c for c in conditions if c.field != "jurisdiction"),
        facts=_facts(when, "facts", place),
        known=_facts(when, "known", place),
        duties=_duties(raw, place),
        examples=tuple(_example({**shared, **item}, place) for item in _tables(raw, "example", place)),
    )


def _conditions(when: Table, place: str) -> tuple[Condition, ...]:
    if not when:
        raise PolicyError(f"{place}: `when` is empty", "Say when the rule speaks; a rule for everything lists it.")
    _only(when, WHEN_KEYS, f"{place} when")
    return tuple(
        Condition(key.removesuffix("_not"), _words(when, key, FIELDS[key.removesuffix("_not")], place), "_not" in key)
        for key in when
        if key not in ("facts", "known")
    )


def _facts(when: Table, key: str, place: str) -> Mapping[str, frozenset[str]]:
    table = _table(when, key, place) if key in when else NO_TABLE
    _only(table, tuple(FACTS), f"{place} {key}")
    return MappingProxyType({name: _words(table, name, FACTS[name], f"{place} {key}") for name in table})


def _duties(raw: Table, place: str) -> RuleDuties:
    table = _table(raw, "duties", place) if "duties" in raw else NO_TABLE
    place = f"{place} duties"
    _only(table, ("consent", "retention_days", "names", "human_role", "aggregate_k"), place)
    names = table.get("names", [])
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise PolicyError(f"{place}: `names` must be a list of words", "Write names = [...].")
    return RuleDuties(
        consent=_word(table, "consent", CONSENT_KINDS, place) if "consent" in table else None,
        retention_days=_count(table, "retention_days", place) if "retention_days" in table else None,
        names=tuple(names),
        human_role=_text(table, "human_role", place) if "human_role" in table else None,
        aggregate_k=_count(table, "aggregate_k", place) if "aggregate_k" in table else None,
    )


def _example(raw: Table, place: str) -> Example:
    place = f"{place} example"
    _only(raw, (*CASE_KEYS, "speaks", "ruling"), place)
    places = raw.get("jurisdictions")
    if not isinstance(places, list) or any(p not in JURISDICTIONS for p in places):
        raise PolicyError(f"{place}: `jurisdictions` must be a list", f"Known: {', '.join(JURISDICTIONS)}.")
    facts = _table(raw, "facts", place) if "facts" in raw else NO_TABLE
    _only(facts, tuple(FACTS), f"{place} facts")
    case = Case(
        purpose=Purpose(_word(raw, "purpose", FIELDS["purpose"], place)),
        role=Role(_word(raw, "role", FIELDS["role"], place)),
        modality=_text(raw, "modality", place),
        output=_word(raw, "output", OUTPUTS, place),
        consequence=_word(raw, "consequence", CONSEQUENCES, place),
        jurisdictions=tuple(places),
        on=_day(raw, "on", place),
        facts=MappingProxyType({name: _word(facts, name, FACTS[name], place) for name in facts}),
    )
    ruling = Effect(_word(raw, "ruling", (Effect.ALLOW, Effect.DENY), place))
    return Example(case, _flag(raw, "speaks", place), ruling)


def _only(table: Table, known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            raise PolicyError(f"{place}: unknown key `{key}`", nearest(key, known))


def _need(table: Table, key: str, place: str) -> object:
    if key not in table:
        raise PolicyError(f"{place}: `{key}` is missing", "Add it.")
    return table[key]


def _table(table: Table, key: str, place: str) -> Table:
    value = _need(table, key, place)
    if not isinstance(value, dict):
        raise PolicyError(f"{place}: `{key}` must be a table", f"Write [{key}].")
    return value


def _tables(table: Table, key: str, place: str) -> list[Table]:
    value = _need(table, key, place)
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise PolicyError(f"{place}: `{key}` must be a list of tables, not an empty one", f"Write [[{key}]].")
    return value


def _text(table: Table, key: str, place: str) -> str:
    value = _need(table, key, place)
    if not isinstance(value, str) or not value.strip():
        raise PolicyError(f"{place}: `{key}` must be a text that is not empty", "Write it in quotes.")
    return value


def _word(table: Table, key: str, known: tuple[str, ...], place: str) -> str:
    value = _text(table, key, place)
    if value not in known:
        raise PolicyError(f"{place}: `{key}` cannot be `{value}`", nearest(value, known))
    return value


def _words(table: Table, key: str, known: tuple[str, ...], place: str) -> frozenset[str]:
    value = table[key]
    if not isinstance(value, list) or not value:
        raise PolicyError(f"{place}: `{key}` must be a list with at least one word", "Leave the key out to mean any.")
    words = [word for item in value for word in GROUPS.get(str(item), (str(item),))]
    for word in words:
        if word not in known:
            raise PolicyError(f"{place}: `{key}` cannot hold `{word}`", nearest(word, known))
    return frozenset(words)


def _day(table: Table, key: str, place: str) -> date:
    value = _need(table, key, place)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise PolicyError(f"{place}: `{key}` must be a date", "Write it without quotes, such as 2026-08-02.")
    return value


def _flag(table: Table, key: str, place: str) -> bool:
    value = _need(table, key, place)
    if not isinstance(value, bool):
        raise PolicyError(f"{place}: `{key}` must be true or false", "Write it without quotes.")
    return value


def _count(table: Table, key: str, place: str) -> int:
    value = _need(table, key, place)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise PolicyError(f"{place}: `{key}` must be a whole number, 0 or more", "Write it without quotes.")
    return value

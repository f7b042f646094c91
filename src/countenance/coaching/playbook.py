"""A playbook is a table: rules, each with its words in every language and with examples that the tests run."""

import string
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from countenance.coaching.conditions import Condition, Seconds, Side
from countenance.contracts.call import Role
from countenance.contracts.errors import UsageError
from countenance.inference.tables import Table, read_table

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,60}$")]
PLACES = frozenset({"who", "seconds", "confidence", "share", "words"})
"""What a reason may name in braces."""
FOLDER = "playbooks"
REMEDY = "See docs/coaching.md for the keys of a playbook."


class Texts(Table):
    """The same in every language."""

    en: str = Field(min_length=1, max_length=240)
    de: str = Field(min_length=1, max_length=240)
    es: str = Field(min_length=1, max_length=240)
    fr: str = Field(min_length=1, max_length=240)

    def in_language(self, language: str) -> str:
        """In one of them."""
        found: str = getattr(self, language)
        return found


class Reason(Texts):
    """Why, with `{who}`, `{seconds}`, `{confidence}`, `{share}` or `{words}` filled in from what was measured."""

    @model_validator(mode="after")
    def _places_are_known(self) -> Self:
        for text in (self.en, self.de, self.es, self.fr):
            for _, place, _, _ in string.Formatter().parse(text):
                if place is not None and place not in PLACES:
                    raise ValueError(f"{{{place}}} is nothing that is measured; known: {', '.join(sorted(PLACES))}")
        return self


class Talks(Table):
    """Somebody talks in an example."""

    who: Side
    from_s: int = Field(ge=0)
    to_s: int = Field(ge=1)
    text: str = ""


class Shows(Table):
    """What the readings of the other side say for a while in an example."""

    label: str
    from_s: int = Field(ge=0)
    to_s: int = Field(ge=1)
    probability: float = Field(ge=0.0, le=1.0)
    width: float = Field(default=0.15, ge=0.0, le=1.0)


class Example(Table):
    """A short call made of what matters, and whether the rule speaks in it."""

    says: str
    speaks: bool
    acted: bool | None = None
    """Whether the behaviour followed; only where the rule speaks."""
    length_s: Seconds
    shows: tuple[Shows, ...] = ()
    talks: tuple[Talks, ...] = ()
    measured: tuple[Side, ...] = (Side.COACH, Side.OTHER)
    """Whose speech is measured and whose words are read."""


class Rule(Table):
    """One thing worth saying, and when."""

    id: Identifier
    tags: tuple[Identifier, ...] = ()
    enabled: bool = True
    urgent: bool = False
    """It may be said while the coach speaks."""
    about: Literal["other", "coach", "call"] = "other"
    """Whose readings it rests on; `call`: on nobody's."""
    cooldown_s: Seconds | None = None
    acted_within_s: Seconds | None = None
    text: Texts
    reason: Reason
    when: Condition
    acted_when: Condition | None = None
    """The behaviour it asks for, as seen from outside."""
    example: tuple[Example, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _reads_states_of_others_alone(self) -> Self:
        conditions = [self.when, *((self.acted_when,) if self.acted_when else ())]
        if self.about != "other" and any(one.reads_states for one in conditions):
            raise ValueError(f"the rule {self.id} reads estimates, so it must be about the other side")
        return self


class Playbook(Table):
    """The rules for one kind of call."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}\.v[0-9]{1,4}$")]
    title: Texts
    taxonomy: str = "engagement.v1"
    """Whose labels its conditions name."""
    coach: tuple[Role, ...] = Field(min_length=1)
    """Roles of those who are coached."""
    other: tuple[Role, ...] = Field(min_length=1)
    called: Texts
    """What the other side is called in a reason."""
    rule: tuple[Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rules_are_unique(self) -> Self:
        names = [rule.id for rule in self.rule]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"two rules are named {twice[0]!r}; give each an id of its own")
        if both := set(self.coach) & set(self.other):
            raise ValueError(f"the role {min(both)} is on both sides")
        return self

    def side(self, role: Role) -> Side | None:
        """On which side somebody in this role is; None: on neither."""
        if role in self.coach:
            return Side.COACH
        return Side.OTHER if role in self.other else None

    def find(self, rule_id: str) -> Rule:
        """The rule of this id; raises UsageError."""
        for rule in self.rule:
            if rule.id == rule_id:
                return rule
        known = ", ".join(rule.id for rule in self.rule)
        raise UsageError(f"playbook {self.name} has no rule {rule_id!r}", f"It has {known}.")


def load(name_or_path: str) -> Playbook:
    """A shipped playbook by name (`sales.v1`, or `sales` for the newest), or a TOML file of your own."""
    known = shipped()
    newest = sorted((name for name in known if name.partition(".")[0] == name_or_path), key=_version)
    path = known.get(newest[-1] if newest else name_or_path, Path(name_or_path))
    if not path.is_file():
        raise UsageError(
            f"there is no playbook {name_or_path!r}", f"Known: {', '.join(sorted(known))}; or give a TOML file."
        )
    return read_playbook(path)


def read_playbook(path: Path) -> Playbook:
    """A playbook in a file; raises UsageError."""
    return read_table(Playbook, path, REMEDY)


def offered() -> frozenset[str]:
    """The names of the shipped playbooks: by version, or by use case for the newest."""
    return frozenset(shipped()) | {name.partition(".")[0] for name in shipped()}


def shipped() -> dict[str, Path]:
    """The files of the shipped playbooks, by name."""
    folder = Path(str(files("countenance.coaching"))) / FOLDER
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def _version(name: str) -> int:
    return int(name.rpartition(".v")[2])

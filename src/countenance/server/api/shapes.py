"""Values that several routes take or give."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from countenance.audit.timekeeping import text_of
from countenance.contracts.trust import ConsentStatus, Ruling, Verdict
from countenance.policy.saying import say
from countenance.policy.vocabulary import FACTS, JURISDICTIONS, nearest_place
from countenance.server.problems import unknown
from countenance.surface.blocks import verdict

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPAQUE = r"^[A-Za-z0-9._:@+=/-]{1,128}$"

PersonRef = Annotated[
    str, StringConstraints(pattern=OPAQUE), Field(description="The deployment's own id of a person; never a name.")
]
Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$"), Field(description="SHA-256, hexadecimal.")]
Place = Annotated[str, Field(max_length=40, json_schema_extra={"enum": list(JURISDICTIONS)})]
FACTS_SCHEMA: JsonDict = {
    "properties": {name: {"type": "string", "enum": list(values)} for name, values in FACTS.items()},
    "additionalProperties": False,
}
Facts = Annotated[
    Mapping[str, str],
    Field(
        max_length=16,
        description="What is known of the person, such as minor = adult; what is not stated counts as the strictest.",
        json_schema_extra=FACTS_SCHEMA,
    ),
]
ReadModality = Literal["face", "voice", "text"]
Language = Literal["en", "de", "es", "fr"]
"""A notice is there in these; a test compares them with the files."""
ReasonsIn = Annotated[Language, Query(description="In which reasons are said beside the English ones.")]
Spoken = Annotated[Language | None, Query(description="Else the one that `Accept-Language` prefers.")]


class Given(BaseModel):
    """A value of an answer; readers ignore members that they do not know."""

    model_config = ConfigDict(frozen=True)


class RuleSays(Given):
    """One rule, with its citation."""

    rule_id: str
    layer: Literal["law", "product", "deployer"]
    verdict: Literal["allow", "deny", "require"]
    reason: str
    said: str | None = Field(
        default=None, description="The reason in the language asked for, where there are words; records keep `reason`."
    )
    citation: str
    applies_from: str | None

    @classmethod
    def of(cls, one: Verdict, language: Language = "en") -> "RuleSays":
        """A rule's answer as it is shown."""
        return cls.model_validate({**verdict(one), "said": say(one.reason, language)})


class RulingView(Given):
    """What the gate says of one modality of one person."""

    modality: str
    allowed: bool
    rulings: Sequence[RuleSays] = Field(description="Law before charter, with the citation of each.")
    consent: str | None = Field(description="The kind of consent that is needed; null where it is refused.")
    retention_days: int | None
    human_role: str | None = Field(description="Who may look at what is read of this person.")
    duties: Sequence[str]

    @classmethod
    def of(cls, ruling: Ruling, language: Language = "en") -> "RulingView":
        """A ruling as it is shown."""
        duties = ruling.duties if ruling.allowed else None
        return cls(
            modality=ruling.case.modality,
            allowed=ruling.allowed,
            rulings=[RuleSays.of(one, language) for one in ruling.verdicts],
            consent=None if duties is None else duties.consent,
            retention_days=None if duties is None else duties.retention_days,
            human_role=None if duties is None else duties.human_role,
            duties=() if duties is None else duties.names,
        )


class AnswerView(Given):
    """An answer about consent, as it stands."""

    modality: str
    status: ConsentStatus
    receipt_id: str
    version: int
    at: str | None = Field(default=None, description="Wall clock, UTC.")
    at_us: int | None = Field(default=None, description="Media time of the call from which it holds.")
    expires: str | None = None


class ProblemView(Given):
    """RFC 9457, with our own members."""

    type: str = Field(examples=["/problems/not-found"])
    title: str
    status: int
    detail: str
    instance: str
    correlation_id: str
    docs: str
    fix: str = Field(description="What to do next.")
    rulings: Sequence[RuleSays] | None = None
    errors: Sequence[Mapping[str, str]] | None = None


def check_words(places: Iterable[str], facts: Mapping[str, str]) -> None:
    """Raise ProblemError for words that no law knows, naming the nearest."""
    for place in places:
        if place not in JURISDICTIONS:
            raise unknown(place, JURISDICTIONS, "jurisdictions", nearest_place(place))
    for name, value in facts.items():
        if name not in FACTS:
            raise unknown(name, FACTS, "facts")
        if value not in FACTS[name]:
            raise unknown(value, FACTS[name], f"facts.{name}")


def utc_text(utc_us: int) -> str:
    """RFC 3339 in UTC of microseconds since 1970."""
    return text_of(EPOCH + timedelta(microseconds=utc_us))

"""The playbooks that calls may be coached by, as people read them."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from countenance.coaching.playbook import Playbook, load, offered, shipped
from countenance.contracts.call import Role
from countenance.contracts.errors import NotFoundError
from countenance.server.access import NO_SUCH, Here, needs
from countenance.server.api.shapes import Given
from countenance.server.idempotency import OnceRoute
from countenance.server.scopes import Scope
from countenance.server.tenancy import Services

router = APIRouter(prefix="/v1/playbooks", tags=["coaching"], route_class=OnceRoute)

Language = Annotated[Literal["en", "de", "es", "fr"], Query(description="Of the words in it.")]
Name = Annotated[str, Path(description="With or without version.", pattern=r"^[a-z][a-z0-9_]{0,39}(\.v[0-9]{1,4})?$")]


class PlaybookRow(Given):
    """A playbook in a list."""

    name: str
    title: str
    coach: Sequence[Role] = Field(description="Roles of those who are coached.")
    other: Sequence[Role] = Field(description="Roles of those they talk to.")
    rules: int


class PlaybookList(Given):
    """All of them."""

    items: Sequence[PlaybookRow]


class RuleView(Given):
    """A rule as it stands in its playbook."""

    rule_id: str
    tags: Sequence[str]
    enabled: bool
    urgent: bool
    about: Literal["other", "coach", "call"] = Field(description="Whose readings it rests on; `call`: on nobody's.")
    text: str
    reason: str = Field(description="With places for what was measured, in braces.")
    cooldown_s: int | None
    acted_within_s: int | None


class PlaybookView(Given):
    """A playbook."""

    name: str
    title: str
    coach: Sequence[Role]
    other: Sequence[Role]
    called: str = Field(description="What the other side is called in a reason.")
    rules: Sequence[RuleView]


@router.get("", dependencies=[needs(Scope.CALLS_READ)])
async def listed(here: Here, language: Language = "en") -> PlaybookList:
    """The shipped playbooks, and that of the deployment where it has one of its own."""
    found = {name: load(name) for name in shipped()}
    if (own := here.deployed.coaching.book) is not None:
        found[own.name] = own
    return PlaybookList(items=[_row(book, language) for _, book in sorted(found.items())])


@router.get("/{name}", dependencies=[needs(Scope.CALLS_READ)])
async def one(name: Name, here: Here, language: Language = "en") -> PlaybookView:
    """A playbook: what its rules say, and about whom."""
    book = _found(here, name)
    return PlaybookView(
        name=book.name,
        title=book.title.in_language(language),
        coach=book.coach,
        other=book.other,
        called=book.called.in_language(language),
        rules=[
            RuleView(
                rule_id=rule.id,
                tags=rule.tags,
                enabled=rule.enabled and rule.id not in here.deployed.coaching.off,
                urgent=rule.urgent,
                about=rule.about,
                text=rule.text.in_language(language),
                reason=rule.reason.in_language(language),
                cooldown_s=rule.cooldown_s,
                acted_within_s=rule.acted_within_s,
            )
            for rule in book.rule
        ],
    )


def _found(here: Services, name: str) -> Playbook:
    own = here.deployed.coaching.book
    if own is not None and own.name == name:
        return own
    if name not in offered():
        raise NotFoundError(*NO_SUCH)
    return load(name)


def _row(book: Playbook, language: str) -> PlaybookRow:
    title = book.title.in_language(language)
    return PlaybookRow(name=book.name, title=title, coach=book.coach, other=book.other, rules=len(book.rule))

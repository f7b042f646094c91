"""`countenance models card`: the model card and technical documentation of a bundle."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import models
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.evaluation.cards.artefacts import LawWords, Sentence
    from countenance.policy.rules import Rule

EPILOG = """
Example: countenance models card face-finder.v1 --format html --out card.html --operator operator.toml --strict
"""


class Form(StrEnum):
    """How it is written."""

    MD = "md"
    HTML = "html"


@models.command("card", epilog=EPILOG)
def models_card(
    name: Annotated[str, typer.Argument(help="An installed bundle by name, or the folder of one.")] = "",
    form: Annotated[Form, typer.Option("--format", help="md or html.")] = Form.MD,
    out: Annotated[Path | None, typer.Option(help="The file to write; standard output when left out.")] = None,
    operator: Annotated[Path | None, typer.Option(help="A TOML file with what only you can say.")] = None,
    metrics: Annotated[Path | None, typer.Option(help="metrics.json of this bundle, or a folder of several.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="The same of the release before, to say what changed.")] = None,
    strict: Annotated[bool, typer.Option(help="Fail, naming each, while operator fields are open.")] = False,
    operator_blank: Annotated[
        bool, typer.Option("--operator-blank", help="Print an operator file to fill, and nothing else.")
    ] = False,
) -> None:
    """Write the card and the technical documentation (in the order of AI Act, Annex IV) out of a bundle's own files.

    What only an operator can say is marked as open. The document describes; it proves no conformity.
    """
    from countenance.evaluation.cards.artefacts import gather
    from countenance.evaluation.cards.compose import compose, demand_complete
    from countenance.evaluation.cards.html import html
    from countenance.evaluation.cards.markdown import markdown
    from countenance.evaluation.cards.operator import blank_operator, read_operator

    if operator_blank:
        typer.echo(blank_operator(), nl=False)
        return
    if not name:
        raise UsageError("no bundle was named", "See `countenance models list` for what is installed.")
    found = gather(_folder(name), metrics, baseline, shipped_recipes())
    said = {} if operator is None else read_operator(operator)
    document = compose(found, law_words(found.card.modality), said)
    if strict:
        demand_complete(document)
    text = html(document) if form is Form.HTML else markdown(document)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    left = f"; {len(document.missing)} fields wait for the operator" if document.missing else ""
    typer.echo(f"{out}: written{left}", err=True)


def law_words(modality: str) -> "LawWords":
    """What the shipped policy says that a card of this modality must repeat: charter first, then laws."""
    from countenance.contracts.trust import Effect
    from countenance.evaluation.cards.artefacts import LawWords
    from countenance.policy.gate import Gate
    from countenance.policy.vocabulary import modality_class

    kind = modality_class(modality)
    rules = [rule for law in Gate.load().laws for rule in law.rules if _concerns(rule, kind)]
    rules.sort(key=lambda rule: rule.places is not None)
    return LawWords(
        refused=tuple(_sentences(rules, Effect.DENY)),
        allowed=tuple(_sentences(rules, Effect.ALLOW)),
        # The document follows a law of the EU: what is owed elsewhere stands in `policy explain`.
        required=tuple(_sentences((r for r in rules if r.places is None or "EU" in r.places), Effect.REQUIRE)),
    )


def _sentences(rules: "Iterable[Rule]", effect: str) -> "Iterator[Sentence]":
    from countenance.evaluation.cards.artefacts import Sentence

    for rule in rules:
        if rule.effect == effect:
            place = "everywhere" if rule.places is None else ", ".join(sorted(rule.places))
            yield Sentence(rule.reason, rule.citation, place, rule.applies_from)


def _concerns(rule: "Rule", kind: str) -> bool:
    return all(
        (kind in condition.values) != condition.negated
        for condition in rule.conditions
        if condition.field == "modality"
    )


def _folder(name: str) -> Path:
    from countenance.inference.shelf import Profile, Shelf
    from countenance.inference.tables import near

    if Path(name).is_dir():
        return Path(name)
    shelf = Shelf.installed(Profile.OPEN)
    if name not in shelf.cards:
        raise UsageError(f"the bundle {name!r} is not installed", near(name, shelf.cards))
    if name in shelf.adapters:
        raise UsageError(f"{name} is other people's weights", "Its card is its publisher's; see `models licences`.")
    return shelf.places(shelf.cards[name].task)[name]


def shipped_recipes() -> tuple[Path, ...]:
    """The recipes of the package: a bundle's card repeats the one that bears its name."""
    from importlib.resources import files

    place = Path(str(files("countenance"))) / "training" / "recipes"
    return tuple(sorted(place.glob("*.toml")))

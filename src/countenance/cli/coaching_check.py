"""`countenance coaching check`: a playbook, and whether its examples hold."""

from typing import Annotated

import typer

from countenance.cli.app import coaching


@coaching.command("check", epilog="Example: countenance coaching check sales")
def coaching_check(
    playbook: Annotated[str, typer.Argument(help="A shipped playbook by name, or a TOML file of your own.")],
    language: Annotated[str, typer.Option(help="en, de, es or fr.")] = "en",
) -> None:
    """Print the rules of a playbook, and run the examples that it carries; exit code 1 where one does not hold."""
    from countenance.coaching.conditions import LANGUAGES
    from countenance.coaching.examples import check_examples
    from countenance.coaching.playbook import load
    from countenance.contracts.errors import UsageError
    from countenance.inference.tables import near

    if language not in LANGUAGES:
        raise UsageError(f"no playbook is written in {language!r}", near(language, LANGUAGES))
    book = load(playbook)
    typer.echo(f"{book.name}: {book.title.in_language(language)}, {len(book.rule)} rules")
    for rule in book.rule:
        typer.echo(f"  {rule.id:18} {rule.text.in_language(language)}")
    problems = check_examples(book)
    for problem in problems:
        typer.echo(f"does not hold: {problem}", err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{sum(len(rule.example) for rule in book.rule)} examples hold")

"""The program and its groups of commands; each command stands in a module of its own beside this one."""

from typing import Annotated

import typer

from countenance import __version__

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    help="Engagement signals for calls, read only where each person has permitted it. Signals, not feelings.",
)
audit = typer.Typer(no_args_is_help=True, help="Check the log that every analysis leaves.")
policy = typer.Typer(no_args_is_help=True, help="Ask what law and charter say.")
consent = typer.Typer(no_args_is_help=True, help="Show notices, record answers, issue receipts.")
subject = typer.Typer(
    no_args_is_help=True, help="What people may ask of their own data: see, take along, dispute, stop, delete."
)
retention = typer.Typer(no_args_is_help=True, help="Delete what is due.")
store = typer.Typer(no_args_is_help=True, help="Make a database ready.")
data = typer.Typer(no_args_is_help=True, help="Look at labelled data before training on it.")
models = typer.Typer(help="The bundles that are installed: what they say, what they may be used for, how they measure.")
train = typer.Typer(no_args_is_help=True, help="Train a model from one recipe, on your own machine.")
evaluate = typer.Typer(no_args_is_help=True, help="Measure a bundle, compare two, and say what may not be released.")
coaching = typer.Typer(no_args_is_help=True, help="Playbooks of prompts, and what coaching is judged by.")
config = typer.Typer(no_args_is_help=True, help="What is set, and where it comes from.")
keys = typer.Typer(no_args_is_help=True, help="API keys: made, listed, revoked.")
sink = typer.Typer(no_args_is_help=True, help="Where events go: receivers of webhooks of a running service.")

for name, group in (
    ("audit", audit),
    ("policy", policy),
    ("consent", consent),
    ("subject", subject),
    ("retention", retention),
    ("store", store),
    ("data", data),
    ("models", models),
    ("train", train),
    ("eval", evaluate),
    ("coaching", coaching),
    ("config", config),
    ("keys", keys),
    ("sink", sink),
):
    app.add_typer(group, name=name)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"countenance {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Options of the whole program."""

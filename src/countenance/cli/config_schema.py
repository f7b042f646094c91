"""`countenance config schema`: what countenance.toml may hold, for editors and checkers."""

import json

import typer

from countenance.cli.app import config


@config.command("schema", epilog="Example: countenance config schema > countenance.schema.json")
def config_schema() -> None:
    """Print the JSON Schema of countenance.toml; secrets are in it, and belong in the environment."""
    from countenance.server.config import Config

    typer.echo(json.dumps(Config.model_json_schema(), indent=2))

"""`countenance coaching kpis`: what coaching is judged by."""

import json
from typing import Annotated, Any

import typer

from countenance.cli.app import coaching
from countenance.cli.service import HERE, Key, Service, Url

LINES = (
    ("acceptance", "accepted or edited, of those shown"),
    ("accepted_not_acted", "taken up, and the behaviour did not follow"),
    ("seen", "on the page for a second at least"),
    ("expired", "nobody answered in time"),
)


@coaching.command("kpis", epilog="Example: countenance coaching kpis --days 7")
def coaching_kpis(
    key: Key,
    url: Url = HERE,
    days: Annotated[int, typer.Option(help="How far back, today included.")] = 30,
    playbook: Annotated[str | None, typer.Option(help="Of one playbook alone, such as sales.v1.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print acceptance, override by rule, what was acted on against the hold-out, and how the estimates fare."""
    wanted = {"days": days} if playbook is None else {"days": days, "playbook": playbook}
    told = Service(url, key).ask("GET", "/v1/coaching/kpis", **wanted)
    if as_json:
        typer.echo(json.dumps(told))
        return
    prompts = told["prompts"]
    pace = "" if prompts["per_hour"] is None else f", {prompts['per_hour']:.1f} an hour"
    typer.echo(f"since {told['since']}: {prompts['shown']} prompts shown{pace}, {prompts['holdout']} held back")
    for name, words in LINES:
        typer.echo(f"{name:20} {figure(told[name]):34} {words}")
    for one in told["by_rule"]:
        typer.echo(f"  {one['rule_id']:18} override {figure(one['override'])}")
    for name, unit in (("acted", ""), ("time_to_action", " s")):
        typer.echo(f"{name:20} {figure(told[name]['difference'], unit):34} shown less held back")
    for name in ("macro_f1", "brier"):
        typer.echo(f"{name:20} {figure(told['labels'][name]):34} against labels that people agreed to")
    typer.echo(f"{'latency_p95_ms':20} {figure(told['latency_p95_ms'])}")
    typer.echo(f"{'audit':20} {told['audit']['model_calls_unaccounted']} model calls unaccounted for")


def figure(one: dict[str, Any], unit: str = "") -> str:
    """A number with its interval, or the words that there is too little."""
    if one["value"] is None:
        return f"not enough data (n = {one['n']})"
    band = "" if one["low"] is None else f" ({one['low']:.2f} to {one['high']:.2f})"
    return f"{one['value']:.2f}{unit}{band}, n = {one['n']}"

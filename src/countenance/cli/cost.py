"""`countenance cost`: what reading people costs, from measured processor time and your own price of a core hour."""

import json
import os
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import app
from countenance.cli.config_show import ConfigOption
from countenance.contracts.errors import UsageError

Price = Annotated[
    float | None, typer.Option(help="What an hour of one core costs you; else `workers.usd_per_core_hour`.")
]
Own = Annotated[
    float | None,
    typer.Option(help="Your own figure: ms of processor time per person and second, instead of the shipped one."),
]


@app.command("cost", epilog="Example: countenance cost --usd-per-core-hour 0.04 --people 2 --call-minutes 30")
def cost(
    path: ConfigOption = None,
    usd_per_core_hour: Price = None,
    people: Annotated[int, typer.Option(min=1, help="People on a call of whom something is read.")] = 2,
    call_minutes: Annotated[float, typer.Option(min=0.1, help="How long a call lasts.")] = 30.0,
    month_minutes: Annotated[float | None, typer.Option(min=1, help="Minutes of calls in a month.")] = None,
    rented: Annotated[float | None, typer.Option(min=0, help="What a call minute costs at a vendor of yours.")] = None,
    cpu_ms: Own = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what one person costs per minute, a call, and a month, with what is assumed and what is left out."""
    from countenance.server import cost as costs

    shipped = costs.shipped()
    # Of another machine only the processor time is known: how full its cores may be is taken from the shipped figure.
    measured = shipped if cpu_ms is None else costs.of_another(shipped, cpu_ms)
    price = _price(path, usd_per_core_hour)
    minutes = {"one person, one minute": 1.0, f"one call, {people} people, {call_minutes:g} min": people * call_minutes}
    if month_minutes is not None:
        minutes[f"one month, {month_minutes:g} call minutes, {people} people each"] = people * month_minutes
    each = costs.cost_of(measured, price)
    found = {name: each.times(count) for name, count in minutes.items()}
    vendor = None if rented is None or month_minutes is None else rented * month_minutes
    if as_json:
        rows = [{"what": name, **asdict(one)} for name, one in found.items()]
        said = {"usd_per_core_hour": price, "measured": asdict(measured), "usd": rows, "rented_month": vendor}
        typer.echo(json.dumps(said | {"left_out": costs.LEFT_OUT}, indent=2))
        return
    typer.echo(f"measured: {1000 * measured.per_second:.1f} ms of a worker's processor time per person and second,")
    typer.echo(f"  {measured.people} people on one core in real time ({measured.said})")
    typer.echo(f"price: {price:g} USD for an hour of one core")
    for name, one in found.items():
        typer.echo(f"{name}: {_usd(one.used)} for the time used, {_usd(one.reserved)} for whole cores")
    if vendor is not None:
        typer.echo(f"the same month at a vendor, at the {rented:g} USD you gave: {_usd(vendor)}")
    typer.echo(f"not in it: {costs.LEFT_OUT}")


def _usd(amount: float) -> str:
    """Three figures that count, without an exponent."""
    if amount >= 100:
        return f"{amount:.0f} USD"
    return f"{Decimal(f'{amount:.2e}'):f} USD"


def _price(path: Path | None, given: float | None) -> float:
    if given is not None:
        return given
    from countenance.server.configfile import load

    found = load(path, os.environ).config.workers.usd_per_core_hour
    if found is None:
        raise UsageError("nobody has said what an hour of one core costs", "Give --usd-per-core-hour.")
    return found

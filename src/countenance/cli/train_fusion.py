"""`countenance train fusion`: a late or a cross-modal fusion from own labelled calls."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from countenance.cli.app import train
from countenance.cli.labelled import Grounds, read_labelled
from countenance.cli.training import DeviceOption, OutOption, RunOption, Where
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.training.fusion.making import Sides
    from countenance.training.fusion.recipe import FusionRecipe


@train.command("fusion")
def train_fusion(
    kind: Annotated[str, typer.Option(help="late or crossmodal.")],
    run: RunOption,
    data: Annotated[Path | None, typer.Option(help="Your labelled calls: a folder, an export, or a store.")] = None,
    tuples: Annotated[
        Path | None, typer.Option(help="Instead: what `data tuples` wrote; proves machinery only.")
    ] = None,
    purpose: Annotated[str, typer.Option(help="What the labelled people agreed to be read for.")] = "",
    role: Annotated[str, typer.Option(help="What they are to you, such as customer.")] = "",
    jurisdiction: Annotated[
        list[str] | None, typer.Option(help="Where people, deployer and use are; unknown means the strictest.")
    ] = None,
    consent: Annotated[str, typer.Option(help="What the filed consents cover.")] = "face,voice,text",
    consent_kind: Annotated[str, typer.Option(help="The form in which you hold the consents.")] = "express_written",
    profile: Annotated[str, typer.Option(help="open or commercial: which bundles may load.")] = "open",
    fps: Annotated[int, typer.Option(help="Faces per second, 5 to 10.")] = 5,
    recipe: Annotated[str | None, typer.Option(help="A TOML file of your own instead of the shipped recipe.")] = None,
    out: OutOption = None,
    device: DeviceOption = Where.AUTO,
) -> None:
    """Train a fusion with modality dropout, calibrate it on dev, and write a bundle with its card."""
    from countenance.training.fusion.making import make_fusion, tuple_sides
    from countenance.training.fusion.recipe import FusionRecipe
    from countenance.training.recipe import load_recipe

    if (data is None) == (tuples is None):
        raise UsageError("one of --data and --tuples is needed", "Give your labelled calls with --data.")
    asked = load_recipe(FusionRecipe, recipe or f"fusion-{kind}")
    if asked.task != kind:
        raise UsageError(f"the recipe is for {asked.task}, not {kind}", "Name the kind of the recipe.")
    place = device.ready()
    if tuples is not None:
        sides = tuple_sides(tuples, asked)
    else:
        grounds = Grounds(purpose, role, tuple(jurisdiction or ()), consent, consent_kind, profile, fps)
        sides = _calls(cast("Path", data), run, grounds, asked)
    typer.echo(str(make_fusion(asked, sides, run, place, out)))


def _calls(data: Path, run: Path, grounds: Grounds, recipe: "FusionRecipe") -> "Sides":
    from countenance.aggregation.taxonomy import load
    from countenance.training.fusion.making import call_sides

    calls = read_labelled(data, run, grounds, (load("engagement.v1"), load("ekman7.v1")))
    return call_sides(calls.windows, calls.cards, recipe)

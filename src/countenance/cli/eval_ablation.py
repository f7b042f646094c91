"""`countenance eval ablation`: each modality, each pair, all three; fusions against their best single modality."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import evaluate
from countenance.cli.labelled import Grounds, read_labelled
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.training.fusion.ablation import Bench

Asked = tuple["Bench", dict[str, str], dict[str, str]]
"""What is measured on, what the page says of it, and the networks that spoke."""


@evaluate.command("ablation")
def eval_ablation(
    out: Annotated[Path, typer.Option(help="The folder to write ablation.json and ablation.md to.")],
    data: Annotated[Path | None, typer.Option(help="Your labelled calls: a folder, an export, or a store.")] = None,
    tuples: Annotated[
        Path | None, typer.Option(help="Instead: what `data tuples` wrote; proves machinery only.")
    ] = None,
    fusion: Annotated[list[Path] | None, typer.Option(help="A trained fusion's folder; may be given again.")] = None,
    side: Annotated[str, typer.Option(help="dev for choices, test for the one measurement that is reported.")] = "test",
    purpose: Annotated[str, typer.Option(help="What the labelled people agreed to be read for.")] = "",
    role: Annotated[str, typer.Option(help="What they are to you, such as customer.")] = "",
    jurisdiction: Annotated[list[str] | None, typer.Option(help="Where people, deployer and use are.")] = None,
    consent: Annotated[str, typer.Option(help="What the filed consents cover.")] = "face,voice,text",
    consent_kind: Annotated[str, typer.Option(help="The form in which you hold the consents.")] = "express_written",
    profile: Annotated[str, typer.Option(help="open or commercial: which bundles may load.")] = "open",
    fps: Annotated[int, typer.Option(help="Faces per second, 5 to 10.")] = 10,
) -> None:
    """Print and write what each modality, each pair and all three give, and whether a fusion ever falls below one."""
    from countenance.evaluation.ablation_report import lines, write
    from countenance.inference.bundle import Bundle
    from countenance.inference.ledger import Profile
    from countenance.training.fusion.ablation import ablate, fusions_of

    if (data is None) == (tuples is None):
        raise UsageError("one of --data and --tuples is needed", "Give your labelled calls with --data.")
    if profile not in list(Profile):
        raise UsageError(f"unknown profile {profile!r}", "Use open or commercial.")
    fusions, models = fusions_of([Bundle.load(folder, profile=Profile(profile)) for folder in fusion or ()])
    grounds = Grounds(purpose, role, tuple(jurisdiction or ()), consent, consent_kind, profile, fps)
    bench, about, spoke = _tuples(tuples, side) if tuples else _calls(data, out, side, grounds)
    found = ablate(bench, fusions, about, {**spoke, **models})
    for path in write(found, out):
        typer.echo(f"wrote {path}", err=True)
    typer.echo("\n".join(lines(found)))


def _tuples(folder: Path, side: str) -> Asked:
    from countenance.training.fusion.ablation import tuple_bench
    from countenance.training.fusion.about import about_tuples
    from countenance.training.fusion.parts import SIDES, models_of, read_side

    if side not in SIDES:
        raise UsageError(f"unknown side {side!r}", f"Use {', '.join(SIDES)}.")
    parts = read_side(folder, side)
    return tuple_bench(parts), about_tuples(side), models_of(parts.values())


def _calls(data: Path | None, out: Path, side: str, grounds: Grounds) -> Asked:
    from countenance.aggregation.taxonomy import load
    from countenance.training.fusion.ablation import call_bench, on_side
    from countenance.training.fusion.about import ABOUT_CALLS

    if data is None:
        raise UsageError("no labelled calls are given", "Give them with --data.")
    calls = read_labelled(data, out, grounds, (load("engagement.v1"), load("ekman7.v1")))
    models = {name: card.files["model.onnx"] for name, card in calls.cards.items()}
    return call_bench(on_side(calls.windows, side)), dict(ABOUT_CALLS), models

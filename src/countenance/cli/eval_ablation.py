"""`countenance eval ablation`: each modality, each pair, all three; fusions against their best single modality."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import evaluate
from countenance.cli.labelled import Grounds, read_labelled
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.training.fusion.ablation import Bench, System

Asked = tuple["Bench", dict[str, "System"], dict[str, str], dict[str, str]]
"""What is measured on, what is measured, what the page says of it, and the networks at work."""


@evaluate.command("ablation")
def eval_ablation(
    out: Annotated[Path, typer.Option(help="The folder to write ablation.json and ablation.md to.")],
    data: Annotated[Path | None, typer.Option(help="Your labelled calls: a folder, an export, or a store.")] = None,
    tuples: Annotated[
        Path | None, typer.Option(help="Instead: what `data tuples` wrote; proves machinery only.")
    ] = None,
    fusion: Annotated[list[Path] | None, typer.Option(help="A trained fusion's folder; may be given again.")] = None,
    taxonomy: Annotated[
        Path | None,
        typer.Option(help="Labels of your own: their TOML file, or the folder of the head trained on them."),
    ] = None,
    side: Annotated[str, typer.Option(help="dev for choices, test for the one measurement that is reported.")] = "test",
    purpose: Annotated[str, typer.Option(help="What the labelled people agreed to be read for.")] = "",
    role: Annotated[str, typer.Option(help="What they are to you, such as customer.")] = "",
    jurisdiction: Annotated[list[str] | None, typer.Option(help="Where people, deployer and use are.")] = None,
    consent: Annotated[str, typer.Option(help="What the filed consents cover.")] = "face,voice,text",
    consents: Annotated[Path | None, typer.Option(help="CSV: subject_id,consent_ref, for labels without.")] = None,
    consent_kind: Annotated[str, typer.Option(help="The form in which you hold the consents.")] = "express_written",
    profile: Annotated[str, typer.Option(help="open or commercial: which bundles may load.")] = "open",
    fps: Annotated[int, typer.Option(help="Faces per second, 5 to 10.")] = 10,
) -> None:
    """Print and write what each modality, each pair and all three give, and whether a fusion ever falls below one.

    Calls labelled with the seven emotions are read by the pool, and by the trained fusions that are given. Calls with
    labels of your own need --taxonomy: a TOML file is learnt and measured out of fold, people left out in turn; a
    trained head is measured on the split `test`, which its training left alone.
    """
    from countenance.evaluation.ablation_report import lines, write
    from countenance.inference.ledger import Profile
    from countenance.training.fusion.ablation import ablate

    if (data is None) == (tuples is None):
        raise UsageError("one of --data and --tuples is needed", "Give your labelled calls with --data.")
    if taxonomy is not None and (tuples is not None or fusion):
        raise UsageError("--taxonomy goes with --data alone", "Tuples and fusions are about the seven emotions.")
    if profile not in list(Profile):
        raise UsageError(f"unknown profile {profile!r}", "Use open or commercial.")
    grounds = Grounds(purpose, role, tuple(jurisdiction or ()), consent, consent_kind, profile, fps, consents)
    if taxonomy is not None and data is not None:
        asked = _own_labels(data, taxonomy, out, grounds)
    else:
        asked = _emotions(data, tuples, fusion or [], side, out, grounds)
    found = ablate(*asked)
    for path in write(found, out):
        typer.echo(f"wrote {path}", err=True)
    typer.echo("\n".join(lines(found)))


def _own_labels(data: Path, taxonomy: Path, out: Path, grounds: Grounds) -> Asked:
    """A head for labels of one's own, learnt here by folds or trained before."""
    from countenance.aggregation.taxonomy import TAXONOMY, read_taxonomy
    from countenance.fusion.head import check_encoders
    from countenance.inference.bundle import Bundle
    from countenance.inference.ledger import Profile
    from countenance.inference.shelf import Shelf
    from countenance.training.head.ablation import crossed, held_out

    labels = read_taxonomy(taxonomy / TAXONOMY if taxonomy.is_dir() else taxonomy)
    bundle = Bundle.load(taxonomy, profile=Profile(grounds.profile)) if taxonomy.is_dir() else None
    if bundle is not None:
        check_encoders(bundle, Shelf.installed(Profile(grounds.profile)))
    calls = read_labelled(data, out, grounds, (labels,))
    models = {name: card.files["model.onnx"] for name, card in calls.cards.items()}
    if bundle is None:
        asked = crossed(calls.windows, labels.unfounded, grounds.fps)
    else:
        asked = held_out(calls.windows, bundle, grounds.fps)
        models[bundle.card.name] = bundle.ref.sha256
    return asked.bench, {"head": asked.system}, asked.about, models


def _emotions(
    data: Path | None, tuples: Path | None, folders: list[Path], side: str, out: Path, grounds: Grounds
) -> Asked:
    """The pool and trained fusions on the seven emotions."""
    from countenance.inference.bundle import Bundle
    from countenance.inference.ledger import Profile
    from countenance.training.fusion.ablation import fusions_of

    systems, hashes = fusions_of([Bundle.load(folder, profile=Profile(grounds.profile)) for folder in folders])
    bench, about, spoke = _tuples(tuples, side) if tuples else _calls(data, out, side, grounds)
    return bench, systems, about, {**spoke, **hashes}


def _tuples(folder: Path, side: str) -> "tuple[Bench, dict[str, str], dict[str, str]]":
    from countenance.training.fusion.ablation import tuple_bench
    from countenance.training.fusion.about import about_tuples
    from countenance.training.fusion.parts import SIDES, models_of, read_side

    if side not in SIDES:
        raise UsageError(f"unknown side {side!r}", f"Use {', '.join(SIDES)}.")
    parts = read_side(folder, side)
    return tuple_bench(parts), about_tuples(side), models_of(parts.values())


def _calls(data: Path | None, out: Path, side: str, grounds: Grounds) -> "tuple[Bench, dict[str, str], dict[str, str]]":
    from countenance.aggregation.taxonomy import load
    from countenance.training.fusion.ablation import call_bench, on_side
    from countenance.training.fusion.about import ABOUT_CALLS

    if data is None:
        raise UsageError("no labelled calls are given", "Give them with --data.")
    calls = read_labelled(data, out, grounds, (load("engagement.v1"), load("ekman7.v1")))
    models = {name: card.files["model.onnx"] for name, card in calls.cards.items()}
    return call_bench(on_side(calls.windows, side)), dict(ABOUT_CALLS), models

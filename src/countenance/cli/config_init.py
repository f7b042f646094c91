"""`countenance config init`: the first configuration, and what may be read of whom with it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import config
from countenance.cli.policy_explain import fact_of
from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import RefusedError, UsageError
from countenance.policy.vocabulary import FACTS
from countenance.policy.vocabulary import JURISDICTIONS as PLACES

if TYPE_CHECKING:
    from countenance.policy.gate import Gate
    from countenance.server.config import Deployed
    from countenance.server.openness import Open

EPILOG = (
    "Example: countenance config init --purpose support_qa --jurisdiction US-CA --controller 'Example Ltd' "
    "--contact privacy@example.org --storage Germany"
)
USUAL = Path("countenance.toml")
UNSAID = "unsaid"
ABOUT = {
    "minor": "How old are the people who are read",
    "relation": "Do they belong to your own organisation, or to another",
    "b2b": "Do they buy for a business, at their own workplace",
    "exception_approved": "Is an exception for safety or for one's own training approved, by name",
    "required_by_institution": "Does a school ask for these calls",
    "issues_certificate": "Is a certificate given at the end",
}
"""The facts of the policy as questions."""


@config.command("init", epilog=EPILOG)
def config_init(
    out: Annotated[Path, typer.Argument(help="The file to write; one that is there is never touched.")] = USUAL,
    purpose: Annotated[str | None, typer.Option(help="What calls are for, such as support_qa.")] = None,
    jurisdiction: Annotated[list[str] | None, typer.Option(help="Once per place of people, yours, and of use.")] = None,
    controller: Annotated[
        list[str] | None, typer.Option(help="Once per name: who decides why people are read.")
    ] = None,
    contact: Annotated[str | None, typer.Option(help="Where people can write to.")] = None,
    storage: Annotated[list[str] | None, typer.Option(help="Once per country in which readings are kept.")] = None,
    fact: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, so of everybody on every call.")] = None,
    retention_url: Annotated[str | None, typer.Option(help="Of your public retention policy (Illinois).")] = None,
    recordings: Annotated[list[Path] | None, typer.Option(help="A folder whose recordings may be calls.")] = None,
) -> None:
    """Write a first countenance.toml and say what may be read of whom with it; asks for what no option says.

    It writes what you say of the deployment and nothing else. Where nothing may be read of anybody it writes
    nothing and exits with 3, naming the rule.
    """
    from countenance.policy.gate import Gate
    from countenance.server.configinit import first_config
    from countenance.server.openness import openness

    if out.exists():
        raise UsageError(f"{out} is there already and is not replaced", "Give another name, or change that file.")
    gate, day = Gate.load(), datetime.now(UTC).date()
    asked = purpose or _one_of("What are calls for (--purpose)?", _purposes(gate))
    places = jurisdiction or _several(
        "Where are the people, you, and the use of what is read (--jurisdiction)?", PLACES
    )
    stated = _deployed({"purpose": asked, "jurisdictions": places, "facts": dict(fact_of(one) for one in fact or ())})
    _refuse_barred(gate, stated)
    if fact is None and purpose is None:
        stated = _with_facts(gate, stated)
    found = openness(gate, stated, day)
    _refuse_shut(gate, stated, found, day)
    terms = {
        "controllers": controller or _several("Who decides why people are read (--controller)?"),
        "contact": contact or typer.prompt("Where can they write to (--contact)?"),
        "storage_locations": storage or _several("In which countries is it kept (--storage)?"),
        "retention_url": retention_url,
    }
    whole = _deployed({**stated.model_dump(include={"purpose", "jurisdictions", "facts"}), "terms": terms})
    _check_notices(whole, found)
    text = first_config(out.name, whole, recordings or (), found, day)
    with out.open("x", encoding="utf-8") as file:
        file.write(text)
    _tell(out, found)


def _with_facts(gate: "Gate", stated: "Deployed") -> "Deployed":
    """Ask for what rules here turn on; only what somebody says is written."""
    from countenance.server.openness import deciding

    known = dict(stated.facts)
    typer.echo("Say only what is so of everybody on every call; unsaid counts as the strictest.", err=True)
    for name in deciding(gate, stated, datetime.now(UTC).date()):
        said = _one_of(f"{ABOUT[name]} ({name})?", (*FACTS[name], UNSAID), UNSAID)
        if said != UNSAID:
            known[name] = said
    return _deployed({**stated.model_dump(include={"purpose", "jurisdictions"}), "facts": known})


def _deployed(said: dict[str, object]) -> "Deployed":
    """What was said, checked; an unknown word is an error that names the nearest."""
    from countenance.inference.tables import checked, near
    from countenance.server.config import Deployed

    found = checked(Deployed, said, "config init")
    for name, value in found.facts.items():
        if name not in FACTS:
            raise UsageError(f"unknown fact {name!r}", near(name, FACTS))
        if value not in FACTS[name]:
            raise UsageError(f"{name} cannot be {value!r}", near(value, FACTS[name]))
    return found


def _purposes(gate: "Gate") -> tuple[str, ...]:
    from countenance.contracts.call import Purpose

    return tuple(one.value for one in Purpose if gate.bars(one) is None)


def _one_of(question: str, known: Sequence[str], default: str | None = None) -> str:
    """Ask until one of a few words is said."""
    return str(typer.prompt(f"{question} {', '.join(known)}", default, value_proc=lambda said: _known(said, known)))


def _known(said: str, known: Sequence[str]) -> str:
    from countenance.inference.tables import near

    if known and said not in known:
        raise typer.BadParameter(f"{said!r} is not known here. {near(said, known)}")
    return said


def _several(question: str, known: Sequence[str] = ()) -> list[str]:
    """Ask for a list until each of it is known, where only a few are."""

    def parts(said: str) -> list[str]:
        return [_known(one.strip(), known) for one in said.split(",") if one.strip()]

    shown = f" {', '.join(known)};" if known else ""
    found: list[str] = typer.prompt(f"{question}{shown} several with commas", value_proc=parts)
    return found


def _refuse_barred(gate: "Gate", stated: "Deployed") -> None:
    if (no := gate.bars(stated.purpose)) is not None:
        raise RefusedError.by((no,), "No configuration allows it; nothing was written.")


def _refuse_shut(gate: "Gate", stated: "Deployed", found: "Sequence[Open]", day: date) -> None:
    from countenance.server.openness import anybody, deciding

    if anybody(found):
        return
    first = found[0].rulings[FACE].verdicts[0]
    turns = [f"--fact {name}={'|'.join(FACTS[name])}" for name in deciding(gate, stated, day)]
    remedy = f"It may turn on what you have not said: {', '.join(turns)}. Say only what is so." if turns else ""
    said = f"nothing may be read of anybody for {stated.purpose} there ({first.rule_id}: {first.reason})"
    raise RefusedError(said, f"{remedy} Nothing was written.".strip())


def _check_notices(whole: "Deployed", found: "Sequence[Open]") -> None:
    """Everybody who may be asked can be told what the law wants told; raises ConsentError."""
    from countenance.consent.notice import write_notice
    from countenance.consent.wording import load

    for one in found:
        asked = {
            modality: ruling
            for modality, ruling in one.rulings.items()
            if modality in (FACE, VOICE, TEXT) and ruling.allowed
        }
        if asked and whole.terms is not None:
            write_notice(load("en"), asked, whole.terms)


def _tell(out: Path, found: "Sequence[Open]") -> None:
    from countenance.server.openness import owed, told

    typer.echo(f"{out} is written. What may be read with it, each person's own consent aside:\n")
    typer.echo("\n".join(told(found)))
    typer.echo(f"\n{len(tuple(owed(found)))} duties stay with you; they stand at the end of {out}.")
    named = "" if out == USUAL else f" --config {out}"
    papers = f"`countenance evidence --deployment {out}`"
    typer.echo(f"Next: `countenance doctor{named}`, then `countenance serve{named}`; papers: {papers}.")

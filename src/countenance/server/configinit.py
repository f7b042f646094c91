"""The first countenance.toml of a deployment: only what somebody has said of it, and comments that say why."""

import json
import textwrap
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from countenance.server.config import Deployed
from countenance.server.openness import Open, owed, told

WIDTH = 110
HEAD = """\
# Written by `countenance config init` on {on}. Every key there is: `countenance config schema`.
# What may be read with this file, asked of law and charter anew: `countenance policy check {name}`.

[deployment]
# What calls are for, where they do not say it themselves.
purpose = {purpose}
# Where the people, you, and the use of what is read are. Every place must allow; add one rather than leave it out.
jurisdictions = {places}
"""
TERMS = """
[deployment.terms]
# Who decides why people are read, by name, and where they can write to: the first thing a notice tells them.
controllers = {controllers}
contact = {contact}
# Where what is read is kept.
storage_locations = {storage}
"""


def first_config(name: str, deployed: Deployed, recordings: Iterable[Path], found: Iterable[Open], on: date) -> str:
    """The file as TOML, with what follows from it as comments at its end."""
    people = tuple(found)
    parts = [
        HEAD.format(
            on=on.isoformat(), name=name, purpose=_text(deployed.purpose), places=_list(deployed.jurisdictions)
        ),
        *_facts(deployed),
        *_terms(deployed),
        *_recordings(recordings),
        "\n# On that day, each person's own consent aside:\n#\n",
        *(_comment(line) for line in told(people)),
        "#\n# What stays with you:\n#\n",
        *(_comment(f"- {line}", "  ") for line in owed(people)),
    ]
    return "".join(parts)


def _facts(deployed: Deployed) -> Iterator[str]:
    if deployed.facts:
        yield "\n[deployment.facts]\n"
        yield "# So of everybody on every call; what differs is said of each person as they join.\n"
        yield from (f"{name} = {_text(value)}\n" for name, value in deployed.facts.items())


def _terms(deployed: Deployed) -> Iterator[str]:
    terms = deployed.terms
    if terms is None:
        return
    yield TERMS.format(
        controllers=_list(terms.controllers), contact=_text(terms.contact), storage=_list(terms.storage_locations)
    )
    if terms.retention_url is not None:
        yield "# The public retention policy; this service shows one at /privacy/retention.\n"
        yield f"retention_url = {_text(terms.retention_url)}\n"


def _recordings(folders: Iterable[Path]) -> Iterator[str]:
    if places := [str(one) for one in folders]:
        yield "\n[media]\n# Folders, relative to this file, with recordings that may be played as calls.\n"
        yield f"recordings = {_list(places)}\n"


def _comment(line: str, deeper: str = "    ") -> str:
    lead = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(line.strip(), WIDTH, initial_indent=f"# {lead}", subsequent_indent=f"# {lead}{deeper}") + "\n"


def _text(said: str) -> str:
    # A JSON string is a TOML string but for one character that TOML wants escaped.
    return json.dumps(str(said), ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(said: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, said))}]"

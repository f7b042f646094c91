"""The same note as each system of record takes it."""

from collections.abc import Callable, Mapping

from countenance.surface.blocks import Block
from countenance.surface.notes.crm import hubspot, salesforce
from countenance.surface.notes.ehr import fhir
from countenance.surface.notes.lms import xapi
from countenance.surface.notes.note import Note, block_of

MAPPERS: Mapping[str, Mapping[str, Callable[[Note], Block]]] = {
    "crm": {"hubspot": hubspot, "salesforce": salesforce},
    "lms": {"xapi": xapi},
    "ehr": {"fhir": fhir},
}


def whole(note: Note) -> Block:
    """Everything that leaves: our own form, and the request that each product takes."""
    return {**block_of(note), "payloads": {name: mapped(note) for name, mapped in MAPPERS[note.system].items()}}

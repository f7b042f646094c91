"""The summary of a call as one reader may see it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from countenance.policy.saying import say

BARE = ("participant_id", "role", "modalities", "gaps")
"""What everybody may know of a participant: that they were there, and what was read and what not."""
OF_ONE = ("events", "top_moments")


def shown_to(seen: Collection[str], summary: Mapping[str, Any]) -> dict[str, Any]:
    """The summary with readings of these participants alone; of the others, what was permitted and what was not."""
    whole = dict(summary)
    whole["participants"] = [
        one if one["participant_id"] in seen else {name: one[name] for name in BARE if name in one}
        for one in _list(summary, "participants")
    ]
    for part in OF_ONE:
        whole[part] = [one for one in _list(summary, part) if one["participant_id"] in seen]
    return whole


def with_reasons(summary: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The summary with each rule's reason said in a language, beside the English that stands in the record."""
    people = [
        {**one, "modalities": [_with_reasons(each, language) for each in _list(one, "modalities")]}
        for one in _list(summary, "participants")
    ]
    return {**summary, "participants": people}


def _with_reasons(modality: Mapping[str, Any], language: str) -> Mapping[str, Any]:
    rules = [{**rule, **_said(rule, language)} for rule in modality["ruling"]["verdicts"]]
    return {**modality, "ruling": {**modality["ruling"], "verdicts": rules}}


def _said(rule: Mapping[str, Any], language: str) -> Mapping[str, str]:
    said = say(rule["reason"], language)
    return {} if said is None else {"said": said}


def _list(summary: Mapping[str, Any], part: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = summary.get(part, ())
    return found

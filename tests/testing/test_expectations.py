"""A truthful report passes; every planted lie is named."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from countenance.audit.export import export
from countenance.control.opening import open_tenant
from countenance.testing.expectations import check_sample_report
from countenance.testing.sample_call.script import Script, read_script

SCRIPT = read_script()
ANA, BEN = "p_1", "p_2"
SECONDS = range(SCRIPT.length // 1000)
Table = dict[str, Any]


@dataclass
class Told:
    """A report as values, before it is written; a test may bend it."""

    readings: list[Table]
    events: list[Table]
    summary: Table
    log: list[tuple[str, Table]]

    def write(self, folder: Path) -> Path:
        lines = [{"type": "io.countenance.signal.sample.v1", "data": data} for data in self.readings]
        for name, rows in (("readings", lines), ("events", self.events)):
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
        (folder / "summary.json").write_text(json.dumps(self.summary), encoding="utf-8")
        with open_tenant(folder / "store") as tenant:
            tenant.log.append_all(self.log)
            export(tenant.log, folder / "store" / "log")
        return folder

    def ana(self) -> Table:
        person: Table = self.summary["participants"][0]
        return person

    def ben(self) -> Table:
        person: Table = self.summary["participants"][1]
        return person


def truth() -> Told:
    return Told([reading(second) for second in SECONDS], events(), summary(), list(log()))


def face(second: int) -> Table:
    at = second * 1000
    if at >= 84_000:
        return {"used": False, "reason": "no_consent"}
    for start, end, reason in ((34, 42, "no_face"), (50, 56, "low_light"), (62, 66, "occluded")):
        if start <= second < end:
            return {"used": False, "reason": reason}
    return {"used": True}


def reading(second: int) -> Table:
    ends = [line.end for line in SCRIPT.lines_of("Ana")]
    text = any((end - 1) // 1000 <= second < end // 1000 + 6 for end in ends)
    return {
        "taxonomy": "engagement.v1",
        "subject": {"participant_id": ANA},
        "window": {"start_us": second * 1_000_000, "end_us": (second + 1) * 1_000_000},
        "modalities": {"face": face(second), "voice": {"used": True}, "text": {"used": text}},
        "audit": {"lease": f"{ANA}/{second * 1_000_000}"},
    }


def events() -> list[Table]:
    refused = [
        {"type": "io.countenance.policy.refused.v1", "data": {"participant_id": BEN, "modality": modality}}
        for modality in ("face", "voice")
    ]
    data = {"participant_id": ANA, "modality": "face", "status": "withdrawn", "at_us": 84_000_000}
    return [*refused, {"type": "io.countenance.consent.changed.v1", "data": data}]


def talk(script: Script, name: str, source: str, cuts: tuple[int, int]) -> Table:
    lines = script.lines_of(name)
    longest = max(lines, key=lambda line: line.end - line.start)
    return {
        "sources": [source],
        "talk_us": sum(line.end - line.start for line in lines) * 1000,
        "turns": len(lines),
        "interruptions": cuts[0],
        "interrupted": cuts[1],
        "longest_monologue": {"start_us": longest.start * 1000, "end_us": longest.end * 1000},
    }


def summary() -> Table:
    def modality(name: str, use: str, effect: str, stopped: int | None = None) -> Table:
        ruling = {"effect": effect, "verdicts": [{"citation": "a law"}]}
        return {"modality": name, "use": use, "stopped_us": stopped, "ruling": ruling}

    read = [modality("face", "stopped", "allow", 84_000_000)] + [
        modality(m, "read", "allow") for m in ("voice", "text")
    ]
    refused = [modality(m, "refused", "deny") for m in ("face", "voice", "text")]
    spikes = [
        {"participant_id": ANA, "label": line.meant, "start_us": line.end * 1000, "end_us": (line.end + 3000) * 1000}
        for line in SCRIPT.lines
        if line.meant
    ]
    people = (
        {"participant_id": ANA, "name": "Ana", "modalities": read, "talk": talk(SCRIPT, "Ana", "voice", (1, 0))},
        {
            "participant_id": BEN,
            "name": "Ben",
            "modalities": refused,
            "talk": talk(SCRIPT, "Ben", "transcript", (0, 1)),
        },
    )
    return {
        "participants": list(people),
        "silences": [{"start_us": 27_000_000, "end_us": 35_000_000}],
        "events": spikes,
        "audit": {"subjects": {ANA: ANA, BEN: BEN}},
    }


def log() -> Iterator[tuple[str, Table]]:
    yield "POLICY_LOAD", {"policy_digest": "p"}
    yield "MODEL_LOAD", {"model": "m", "sha256": "5" * 64}
    for modality in ("face", "voice", "text"):
        about: Table = {"call_ref": "demo", "subject_ref": ANA, "modality": modality}
        ruled = {"decision": "allow", "purpose": "support_qa", "consent_kind": "explicit"}
        yield "GATE", about | ruled | {"policy_digest": "p"}
        said = {"status": "given", "purpose": "support_qa", "consent_kind": "explicit"}
        yield "CONSENT", about | said | {"at_us": 0}
    for second in SECONDS:
        start, end = second * 1_000_000, (second + 1) * 1_000_000
        if second == 84:
            yield "OPT_OUT", {"call_ref": "demo", "subject_ref": ANA, "modality": "face", "at_us": start}
        modalities = ["face", "text", "voice"] if second < 84 else ["text", "voice"]
        span: Table = {
            "call_ref": "demo",
            "subject_ref": ANA,
            "lease": f"{ANA}/{start}",
            "start_us": start,
            "end_us": end,
        }
        yield "LEASE", span | {"modalities": modalities, "policy_digest": "p"}
        yield "RESULT", span | {"counts": dict.fromkeys(modalities, 5)}


def test_a_truthful_report_has_nothing_missing(tmp_path: Path) -> None:
    assert check_sample_report(truth().write(tmp_path), SCRIPT) == []


def late_face(told: Told) -> None:
    told.readings[90]["modalities"]["face"] = {"used": True}


def early_gap(told: Told) -> None:
    told.readings[33]["modalities"]["face"] = {"used": False, "reason": "no_face"}


def seen_in_the_dark(told: Told) -> None:
    told.readings[52]["modalities"]["face"] = {"used": True}


def wrong_reason(told: Told) -> None:
    told.readings[63]["modalities"]["face"] = {"used": False, "reason": "no_face"}


def lost_second(told: Told) -> None:
    del told.readings[10]


def one_turn_less(told: Told) -> None:
    told.ana()["talk"]["turns"] -= 1


def no_interruption(told: Told) -> None:
    told.ben()["talk"]["interrupted"] = 0


def transcript_off_by_a_little(told: Told) -> None:
    told.ben()["talk"]["talk_us"] += 100_000


def voice_far_off(told: Told) -> None:
    told.ana()["talk"]["talk_us"] += 3_000_000


def no_longest_turn(told: Told) -> None:
    told.ana()["talk"]["longest_monologue"] = None


def no_turn_taking(told: Told) -> None:
    told.ben()["talk"] = None


def no_silence(told: Told) -> None:
    told.summary["silences"] = []


def short_silence(told: Told) -> None:
    told.summary["silences"][0]["end_us"] -= 500_000


def no_confusion(told: Told) -> None:
    told.summary["events"] = [one for one in told.summary["events"] if one["label"] != "confused"]


def early_frustration(told: Told) -> None:
    for one in told.summary["events"]:
        if one["label"] == "frustrated":
            one["start_us"], one["end_us"] = 1_000_000, 3_000_000


def unread_words(told: Told) -> None:
    for data in told.readings:
        data["modalities"]["text"] = {"used": False, "reason": "silence"}


def read_agent(told: Told) -> None:
    told.readings.append(reading(3) | {"subject": {"participant_id": BEN}})


def leased_agent(told: Told) -> None:
    about: Table = {"call_ref": "demo", "subject_ref": BEN, "modality": "text"}
    told.log.insert(2, ("GATE", about | {"decision": "allow", "consent_kind": "none", "policy_digest": "p"}))
    span: Table = {"call_ref": "demo", "subject_ref": BEN, "lease": f"{BEN}/0", "start_us": 0, "end_us": 1_000_000}
    told.log.append(("LEASE", span | {"modalities": ["text"], "policy_digest": "p"}))
    told.log.append(("RESULT", span | {"counts": {"text": 1}}))


def silent_refusal(told: Told) -> None:
    del told.events[0]


def refusal_without_citation(told: Told) -> None:
    told.ben()["modalities"][1]["ruling"]["verdicts"] = [{"citation": ""}]


def silent_opt_out(told: Told) -> None:
    del told.events[-1]


def opt_out_a_second_late(told: Told) -> None:
    told.ana()["modalities"][0]["stopped_us"] = 85_000_000


def no_lease(told: Told) -> None:
    told.log = [(kind, body) for kind, body in told.log if body.get("lease") != f"{ANA}/7000000"]


def counted_after_the_opt_out(told: Told) -> None:
    kind, body = told.log[-1]
    told.log[-1] = (kind, body | {"counts": {"face": 5}})


def unknown_person(told: Told) -> None:
    told.ben()["name"] = "Bob"


@pytest.mark.parametrize(
    ("lie", "named"),
    [
        (late_face, "face was read after the opt-out, at second 90"),
        (early_gap, "face at 00:33: should be read, is no_face"),
        (seen_in_the_dark, "face at 00:52: should be low_light, is read"),
        (wrong_reason, "face at 01:03: should be occluded, is no_face"),
        (lost_second, "Ana at 00:10: no reading"),
        (one_turn_less, "11 turns scripted, 10 found"),
        (no_interruption, "Ben: 1 interrupted scripted, 0 found"),
        (transcript_off_by_a_little, "Ben: 44400 ms of talk scripted, 44500 ms found"),
        (voice_far_off, "ms of talk scripted"),
        (no_longest_turn, "Ana: longest turn 5200 ms scripted, 0 ms found"),
        (no_turn_taking, "Ben: no turn-taking"),
        (no_silence, "silences: 1 scripted, 0 found"),
        (short_silence, "silence 00:27-00:35: found at 27000-34500 ms"),
        (no_confusion, "no event says 'confused'"),
        (early_frustration, "no event says 'frustrated'"),
        (unread_words, "words at 00:16 were not read"),
        (read_agent, "Ben was read at 3000000 us"),
        (leased_agent, "Ben: the log holds a LEASE"),
        (silent_refusal, "Ben's face: no event tells of the refusal"),
        (refusal_without_citation, "Ben's voice: should be refused with a citation"),
        (silent_opt_out, "no event tells that face was withdrawn at 01:24"),
        (opt_out_a_second_late, "should stop at 84000000 us, stopped at 85000000"),
        (no_lease, "the reading at 7000000 us has no lease"),
        (counted_after_the_opt_out, "audit log, entry"),
        (unknown_person, "Ben: not in the summary"),
    ],
)
def test_a_planted_lie_is_named(tmp_path: Path, lie: Callable[[Told], None], named: str) -> None:
    told = truth()
    lie(told)
    misses = check_sample_report(told.write(tmp_path), SCRIPT)
    assert any(named in miss for miss in misses), misses


def test_a_changed_byte_in_the_log_is_named(tmp_path: Path) -> None:
    folder = truth().write(tmp_path)
    path = next((folder / "store" / "log" / "tile" / "entries").glob("000*/*"))
    path.write_bytes(path.read_bytes().replace(b'"face":5', b'"face":6', 1))
    assert any("audit log" in miss for miss in check_sample_report(folder, SCRIPT))


def test_a_damaged_log_is_named(tmp_path: Path) -> None:
    folder = truth().write(tmp_path)
    path = folder / "store" / "log" / "checkpoint"
    path.write_bytes(path.read_bytes()[:-7])
    assert any(miss.startswith("audit log:") for miss in check_sample_report(folder, SCRIPT))

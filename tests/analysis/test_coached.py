"""The drawn sales call gives its coach exactly one prompt, recorded and live alike."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from countenance.analysis.run import Outcome, analyse
from countenance.assembly import assemble
from countenance.coaching.playbook import load
from countenance.coaching.settings import CoachingTable, manner_of
from countenance.contracts.call import TEXT, VOICE
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.trust import Lease
from countenance.deployment import read_deployment
from countenance.link.messages import Done, Finished
from countenance.server.coaching import CallCoaching
from countenance.surface.report import render
from countenance.surface.schemas import schemas
from countenance.testing.sample_call.make import make_sample_call
from countenance.testing.sample_call.script import SALES, read_script

SAID = "Buyer's engagement estimate fell for 20 s, confidence medium: consider a discovery question"


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The sales call, drawn, spoken and analysed with its playbook."""
    folder = tmp_path_factory.mktemp("sales")
    sample = make_sample_call(folder / "call", SALES)
    asked = read_deployment(sample.deployment, {"coaching": {"playbook": "sales"}})
    return analyse(assemble(asked, date(2026, 11, 23)), folder / "report", lambda _done, _all: None)


def test_the_sales_call_gives_exactly_one_prompt_with_three_features(outcome: Outcome) -> None:
    assert outcome.record.advised is not None
    (prompt,) = outcome.record.advised.prompts
    assert prompt.said == SAID
    assert len(prompt.why) == 3
    assert (prompt.shown, prompt.coach_speaking, prompt.acted) == (True, "no", True)
    assert prompt.role == "prospect"


def test_the_report_shows_it_and_the_summary_keeps_to_its_schema(outcome: Outcome) -> None:
    from jsonschema import Draft202012Validator

    page = render(outcome.record)
    assert "What a coach would have been advised" in page
    assert "consider a discovery question" in page
    summary = json.loads((outcome.folder / "summary.json").read_text(encoding="utf-8"))
    Draft202012Validator(schemas()["io.countenance.summary.v1"]).validate(summary)
    assert [one["arm"] for one in summary["coaching"]["prompts"]] == ["shown"]


async def test_the_same_readings_give_the_same_prompt_live(outcome: Outcome) -> None:
    call, script = outcome.record.call, read_script(SALES)
    ids = {one.name: one.id for one in call.participants}
    seconds: dict[int, list[Any]] = defaultdict(list)
    for line in (outcome.folder / "readings.jsonl").read_text(encoding="utf-8").splitlines():
        envelope = json.loads(line)
        seconds[envelope["data"]["window"]["end_us"]].append(envelope)
    noted: list[Any] = []
    control: Any = SimpleNamespace(
        suggestions=SimpleNamespace(note=lambda _call, one: noted.append(one), day=lambda: "2026-11-22"),
        tenant=SimpleNamespace(clock=SimpleNamespace(mono_us=lambda: 0)),
    )
    everybody = SimpleNamespace(counts=lambda _who, _at_us: True)
    running: Any = SimpleNamespace(call=call, left=set(), at_us=0, permissions=lambda: everybody)
    manner = manner_of(CoachingTable(), call.id, call.started_at)
    coaching = CallCoaching(control, running, load("sales"), manner, lambda _outcome: None)
    for end_us in sorted(seconds):
        start_us = end_us - SECOND_US
        lines = [(ids[one.who], one.start * 1000, one.end * 1000, one.text) for one in script.lines]
        talk = {
            who: tuple(
                (max(a, start_us), min(b, end_us)) for w, a, b, _ in lines if w == who and a < end_us and b > start_us
            )
            for who in ids.values()
        }
        words = tuple(
            Utterance("", who, a, b, text, 1.0)
            for who, a, b, text in lines
            if who == ids["Ana"] and start_us < b <= end_us
        )
        leases = [Lease(who, who, (VOICE, TEXT), start_us, end_us, "d", ()) for who in ids.values()]
        finished = tuple(Finished(one, {}, {}, "{}") for one in leases)
        done = Done(call.id, finished, (), {}, talk, words)
        await coaching.heard(done, seconds[end_us], lambda: 1)
    assert outcome.record.advised is not None
    (live,), (recorded,) = coaching.shown(), outcome.record.advised.prompts
    assert (live.said, live.at_us, live.onset_us) == (recorded.said, recorded.at_us, recorded.onset_us)
    assert [one.status for one in noted][:1] == ["issued"]


def test_a_call_that_nobody_wants_coached_says_nothing_of_it(outcome: Outcome) -> None:
    bare = replace(outcome.record, advised=None)
    assert "would have been advised" not in render(bare)

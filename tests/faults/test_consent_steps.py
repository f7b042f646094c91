"""The harness of R7 in short, and against bugs that are planted for it to catch."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from bench.faults import consent_steps
from bench.faults.consent_steps import MODALITIES, NOES, PEOPLE, World, episode, run
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from countenance.audit.holder import LeaseHolder
from countenance.consent.register import Register
from countenance.contracts.trust import ConsentStatus
from countenance.control.consents import Consents

PERSON, MODALITY, CHOICE = st.sampled_from(PEOPLE), st.sampled_from(MODALITIES), st.integers(0, 999)
GIVEN = ConsentStatus.GIVEN


class People(RuleBasedStateMachine):
    """The real control plane beside a plain table; hypothesis looks for a story in which they differ."""

    @staticmethod
    def folders() -> Path:
        raise NotImplementedError

    @initialize()
    def begins(self) -> None:
        self.world = World(self.folders() / "store")
        self.world.open_room()

    @rule(person=PERSON, modality=MODALITY, own_wish=st.booleans(), choice=CHOICE)
    def says_yes(self, person: str, modality: str, own_wish: bool, choice: int) -> None:
        self.world.answer(person, modality, GIVEN, own_wish=own_wish, choice=choice)

    @rule(person=PERSON, modality=MODALITY, status=st.sampled_from(NOES), choice=CHOICE)
    def says_no(self, person: str, modality: str, status: ConsentStatus, choice: int) -> None:
        self.world.answer(person, modality, status, own_wish=False, choice=choice)

    @rule(person=PERSON)
    def stops(self, person: str) -> None:
        self.world.stop(person)

    @rule(choice=CHOICE, stopping=st.none() | PERSON)
    def is_read(self, choice: int, stopping: str | None) -> None:
        self.world.frame(choice, stopping)

    @rule(days=st.integers(0, 400))
    def time_passes(self, days: int) -> None:
        self.world.wait(days * consent_steps.DAY_US)

    @rule()
    def terms_change(self) -> None:
        self.world.change_terms()

    @rule()
    def a_call_begins(self) -> None:
        self.world.open_room()

    @rule(choice=CHOICE)
    def a_call_ends(self, choice: int) -> None:
        self.world.end_room(choice)

    @invariant()
    def nothing_is_read_while_its_toggle_is_off(self) -> None:
        assert not hasattr(self, "world") or self.world.misses == []

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.close()


def test_no_story_reads_a_modality_whose_toggle_is_off(tmp_path_factory: pytest.TempPathFactory) -> None:
    def folder() -> Path:
        return tmp_path_factory.mktemp("people")

    class Machine(People):
        folders = staticmethod(folder)

    run_state_machine_as_test(Machine, settings=settings(max_examples=12, stateful_step_count=20, deadline=None))


def test_the_short_form_reads_much_and_misses_nothing() -> None:
    found = run(200, seed=11)
    assert found.misses == []
    assert int(found.figures["invocations"]) > 0
    assert found.figures["steps"] == 200


def test_the_same_seed_is_the_same_story(tmp_path: Path) -> None:
    first, again = (episode(5, 60, tmp_path / name).figures for name in ("a", "b"))
    assert first == again


def test_it_stops_when_its_minutes_are_over() -> None:
    assert run(10, seed=1, minutes=0.0).figures["steps"] == 0


def test_a_run_that_was_cut_off_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent_steps, "EPISODE", 40)
    kept = tmp_path / "kept.json"
    for steps in (40, 100):
        found = run(steps, seed=3, progress=kept).figures
    at_once = run(100, seed=3).figures
    assert {name: value for name, value in found.items() if name not in ("seconds", "sittings")} == {
        name: value for name, value in at_once.items() if name not in ("seconds", "sittings")
    }
    assert (found["seeds"], found["sittings"], at_once["sittings"]) == ("3 to 5", 2, 1)


def _always(*_: object) -> bool:
    return True


def _nothing(*_: object) -> tuple[()]:
    return ()


@pytest.mark.parametrize(
    ("place", "name", "bug"),
    [
        (Register, "permits", _always),
        (Consents, "expire", _nothing),
        (LeaseHolder, "stop", _nothing),
    ],
)
def test_a_planted_bug_is_caught(
    place: type, name: str, bug: Callable[..., object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(place, name, bug)
    world = World(tmp_path / "store")
    world.open_room()
    for modality in MODALITIES:
        world.answer("ana", modality, GIVEN, own_wish=True, choice=1)
    world.frame(0, "ana")
    world.answer("ana", "face", GIVEN, own_wish=True, choice=1)
    world.wait(366 * consent_steps.DAY_US)
    if name != "stop":
        world.frame(0, None)
    world.close()
    assert world.misses


def test_steps_are_drawn_from_the_seed_alone(tmp_path: Path) -> None:
    world = World(tmp_path / "store")
    random = Random(3)
    for _ in range(5):
        consent_steps.step(world, random)
    world.close()
    assert world.misses == []

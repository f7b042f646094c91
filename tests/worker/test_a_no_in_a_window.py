"""A no in the middle of a second: nothing is read after it, and what was read in that second before goes nowhere."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.worker.rehearsal import MODALITIES, PEOPLE, Act, Read, Rehearsal
from tests.worker.stand_ins import TENTH_US

from countenance.contracts.call import FACE, VOICE
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import Window

ANA, BEN = (person.id for person in PEOPLE)


async def played(*script: Act, seconds: int = 5, quick: bool = True) -> Rehearsal:
    return await Rehearsal(script, seconds, quick=quick).run()


def faces(call: Rehearsal, who: str = ANA) -> list[float]:
    return [one.shown_us / SECOND_US for one in call.read if (one.who, one.modality) == (who, FACE)]


def told(call: Rehearsal, who: str = ANA) -> list[int]:
    """The seconds of which something is said of somebody's face."""
    signals = [one for one in call.plane.signals if one.participant_id == who]
    return [one.start_us // SECOND_US for one in signals if FACE in one.modalities and not one.modalities[FACE].reason]


async def test_without_a_no_everything_is_read_and_every_lease_has_its_result() -> None:
    call = await played()
    assert call.ends(ANA) == call.ends(BEN) == ["result"] * 5
    assert len(faces(call)) == 50
    assert told(call) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("no", ["no", "no on a slow disk"])
async def test_a_face_taken_back_in_the_middle_of_a_second_is_not_read_again_and_the_second_gives_nothing(
    no: str,
) -> None:
    call = await played((2_450_000, no, ANA, FACE))
    assert max(faces(call)) == 2.4
    assert call.ends(ANA) == ["result", "result", "stopped", "result", "result"]
    assert told(call) == [0, 1]
    (closed,) = [one for one in call.plane.closed if one.reason == "stopped"]
    assert closed.counts[FACE] == 5, "what was read is counted on the lease"
    assert all(rightly for _, rightly in call.tap.decoded)
    assert call.ends(BEN) == ["result"] * 5
    assert len(faces(call, BEN)) == 50


async def test_the_voice_of_a_second_in_which_the_face_was_taken_back_is_read_from_the_next_second_on() -> None:
    call = await played((2_450_000, "no", ANA, FACE))
    windows = [one.start_us // SECOND_US for one in call.plane.signals if one.participant_id == ANA]
    assert windows == [0, 1, 3, 4]


async def test_who_pauses_in_the_middle_of_a_second_is_not_read_and_that_second_gives_nothing() -> None:
    call = await played((1_250_000, "pause", ANA, FACE), (3_350_000, "resume", ANA, FACE), seconds=6)
    assert call.ends(ANA) == ["result", "stopped", "", "", "result", "result"]
    assert not [at for at in faces(call) if 1.25 < at < 4]
    assert told(call) == [0, 4, 5]
    assert all(rightly for _, rightly in call.tap.decoded)


async def test_a_pause_that_ends_before_any_media_came_still_ends_its_second_and_opens_the_next() -> None:
    call = await played((1_250_000, "pause", ANA, FACE), (1_260_000, "resume", ANA, FACE))
    assert call.ends(ANA) == ["result", "stopped", "result", "result", "result"]
    assert [at for at in faces(call) if 1.25 < at < 2.1] == [2.0]
    assert told(call) == [0, 2, 3, 4]


async def test_what_came_while_no_lease_was_granted_is_neither_decoded_nor_read() -> None:
    call = await played((1_700_000, "refuse", ANA, FACE), (2_700_000, "refuse", ANA, FACE))
    assert call.ends(ANA) == ["result", "result", "", "result", "result"]
    assert not [at for at in faces(call) if 2 <= at < 3]
    assert not [one for one in call.read if one.modality == VOICE and 2 <= one.shown_us / SECOND_US < 3]
    assert not [at_us for at_us in call.tap.decoded_us if 2 * SECOND_US < at_us < 3 * SECOND_US]
    assert all(one.rightly for one in call.read)


async def test_who_leaves_in_the_middle_of_a_second_is_read_to_its_end_and_nothing_of_the_time_they_were_away() -> None:
    call = await played((1_250_000, "leave", ANA, FACE), (3_250_000, "return", ANA, FACE))
    assert call.ends(ANA) == ["result", "result", "", "", "result"]
    assert not [at for at in faces(call) if 2 <= at < 4]
    assert told(call) == [0, 1, 4]


async def test_what_a_no_overtakes_while_it_is_read_reaches_neither_the_fusion_nor_later_seconds() -> None:
    call, noes = Rehearsal([], 3), list[asyncio.Task[None]]()

    def stop(read: Read) -> None:
        if (read.who, read.modality) == (ANA, VOICE) and read.shown_us >= SECOND_US and not noes:
            call.call.guard.stop(ANA, VOICE)
            noes.append(asyncio.create_task(call.call.stop(ANA, VOICE)))

    call.meanwhile = stop
    await call.run()
    assert [one.done() for one in noes] == [True]
    assert call.ends(ANA)[:2] == ["result", "stopped"]
    assert [w.start_us for w in call.fused if w.participant_id == ANA and _voices(w)] == [0]
    assert len([w for w in call.fused if w.participant_id == BEN and _voices(w)]) == 3


def _voices(window: Window) -> int:
    return sum(one.modality == VOICE for one in window.observations)


async def test_pictures_of_the_next_second_are_read_while_the_second_before_waits_for_the_disk() -> None:
    standstill = ((950_000, "the disk stands still", ANA, FACE), (1_750_000, "the disk goes on", ANA, FACE))
    call = await played(*standstill, seconds=3, quick=False)
    assert all(one.read_us == one.shown_us for one in call.read if one.modality == FACE)
    assert call.ends(ANA) == call.ends(BEN) == ["result"] * 3
    assert told(call) == [0, 1, 2]
    before = await played(seconds=3)
    assert call.plane.signals == before.plane.signals, "nothing that is told changes by it"


WHAT = ("no", "no on a slow disk", "yes", "pause", "resume", "leave", "return", "refuse")
ACTS = st.tuples(
    st.integers(0, 59).map(lambda tenths: tenths * TENTH_US // 2 + 30_000),
    st.sampled_from(WHAT),
    st.sampled_from([ANA, BEN]),
    st.sampled_from(MODALITIES),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(ACTS, max_size=8).map(sorted), st.booleans())
def test_whatever_happens_nothing_is_read_without_a_yes_and_a_live_lease(script: list[Act], quick: bool) -> None:
    call = asyncio.run(played(*script, seconds=4, quick=quick))
    assert all(one.rightly for one in call.read), [one for one in call.read if not one.rightly]
    assert all(yes for _, yes in call.tap.decoded)
    opened = [one for _, one in call.plane.granted if one.start_us < 4 * SECOND_US]
    assert all(len(call.plane.end_of(one)) == 1 for one in opened), "every lease ends once"
    for one in call.plane.finished:
        noes = call.noes_in(one.lease)
        assert not noes & {m for m, n in one.counts.items() if n}, "what was read before a no gives no result"
    overtaken = {(one.lease.participant_id, one.lease.start_us) for one in call.plane.closed if one.reason == "stopped"}
    assert not overtaken & {(one.participant_id, one.start_us) for one in call.plane.signals}

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.capture.ice import for_aiortc
from countenance.capture.janusroom import Board, JanusRoom, Publication
from countenance.capture.roster import Roster
from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.errors import TapError, UsageError
from countenance.inference.tables import checked

CALL = Call(
    "c1",
    "acme",
    Purpose.SALES_COACHING,
    tuple(Participant(name, name.title(), Role.CUSTOMER) for name in ("ana", "ben", "5")),
)
ROOM = JanusRoom(url="ws://janus", room=1)
SOUND = {"type": "audio", "mindex": 0, "mid": "0"}
PICTURES = {"type": "video", "mindex": 1, "mid": "1"}
LAYERED = PICTURES | {"simulcast": True}


def board(room: JanusRoom = ROOM) -> tuple[Board, Roster[Publication]]:
    roster: Roster[Publication] = Roster(CALL)
    return Board(room, roster), roster


def joined(*publishers: dict[str, Any]) -> dict[str, Any]:
    return {"videoroom": "joined", "room": 1, "id": 900, "private_id": 44, "publishers": list(publishers)}


def publisher(feed: int | str, *streams: dict[str, Any], display: str = "") -> dict[str, Any]:
    return {"id": feed, "display": display, "streams": list(streams)}


def ids(roster: Roster[Publication]) -> list[str]:
    return [track.id for track in roster.tracks()]


def test_who_is_there_when_the_tap_enters_is_known_by_the_streams_they_publish() -> None:
    it, roster = board()
    it.entered(joined(publisher("ben", SOUND), publisher("ana", SOUND, PICTURES), publisher("zoe", SOUND)))
    assert ids(roster) == ["ana/audio", "ana/video", "ben/audio"]
    assert roster.strangers() == 1


def test_publishers_are_known_by_their_number_or_by_what_they_are_called() -> None:
    it, roster = board()
    it.entered(joined(publisher(5, SOUND, display="ana")))
    assert ids(roster) == ["5/audio"]
    it, roster = board(ROOM.model_copy(update={"known_by": "display"}))
    it.entered(joined(publisher(5, SOUND, display="ana")))
    assert ids(roster) == ["ana/audio"]


def test_people_come_change_what_they_publish_and_go() -> None:
    it, roster = board()
    it.entered(joined())
    it.heard({"videoroom": "event", "publishers": [publisher("ana", SOUND)]})
    assert ids(roster) == ["ana/audio"]
    it.heard({"videoroom": "event", "publishers": [publisher("ana", SOUND, PICTURES)]})
    assert ids(roster) == ["ana/audio", "ana/video"]
    it.heard({"videoroom": "event", "publishers": [publisher("ana", SOUND | {"disabled": True}, PICTURES)]})
    assert ids(roster) == ["ana/video"]
    it.heard({"videoroom": "event", "unpublished": "ana"})
    assert ids(roster) == []
    it.heard({"videoroom": "event", "leaving": "ana"})
    assert it.over is None


@pytest.mark.parametrize("said", ["talking", "event", None, ["talking"], {}])
@pytest.mark.parametrize("feed", ["ana", "zoe", None, ["ana"], True])
def test_whoever_talks_is_somebody_who_publishes_whatever_the_server_says(said: object, feed: object) -> None:
    it, _ = board()
    it.entered(joined(publisher("ana", SOUND), publisher("zoe", SOUND)))
    assert it.talks({"videoroom": said, "id": feed}) == (("ana", True) if (said, feed) == ("talking", "ana") else None)
    assert it.people() == {"ana"}
    it.heard({"videoroom": "event", "leaving": "ana"})
    assert it.people() == frozenset()


def test_servers_are_named_by_their_address_or_with_what_lets_one_in() -> None:
    relay = {"urls": ["turn:turn.example"], "username": "ana", "credential": "pass"}
    room = JanusRoom.model_validate({"url": "ws://janus.example", "room": 1, "ice": ["stun:stun.example", relay]})
    stun, turn = for_aiortc(room.ice)
    assert (stun.urls, stun.username, turn.urls, turn.credential) == (
        ["stun:stun.example"],
        None,
        ["turn:turn.example"],
        "pass",
    )


def test_a_screen_beside_a_camera_is_not_read() -> None:
    it, roster = board()
    it.entered(joined(publisher("ana", PICTURES, PICTURES | {"mid": "2"})))
    assert roster.published() == (Publication("ana", "1"),)


def test_whoever_is_not_there_any_more_after_a_lost_line_has_gone_and_the_others_kept_their_tracks() -> None:
    it, roster = board()
    it.entered(joined(publisher("ana", SOUND), publisher("ben", SOUND)))
    before = {track.participant_id: track for track in roster.tracks()}
    it.entered(joined(publisher("ben", SOUND)))
    assert roster.tracks() == (before["ben"],)


def test_one_stream_is_asked_for_and_of_layers_the_lowest() -> None:
    it, _ = board(ROOM.model_copy(update={"pin": "sesame"}))
    it.entered(joined())
    assert it.subscription(Publication("ana", "0")) == {
        "request": "join",
        "ptype": "subscriber",
        "room": 1,
        "pin": "sesame",
        "private_id": 44,
        "streams": [{"feed": "ana", "mid": "0"}],
    }
    layered = it.subscription(Publication("ana", "1", layered=True))
    assert layered["streams"] == [{"feed": "ana", "mid": "1", "substream": 0, "temporal": 0}]


def test_layers_are_known_from_the_announcement() -> None:
    it, roster = board()
    it.entered(joined(publisher("ana", SOUND | {"simulcast": True}, LAYERED)))
    assert roster.published() == (Publication("ana", "0"), Publication("ana", "1", layered=True))


@pytest.mark.parametrize(
    ("event", "over"),
    [
        ({"videoroom": "destroyed", "room": 1}, "hang_up"),
        ({"videoroom": "event", "kicked": 900}, "removed"),
        ({"videoroom": "event", "leaving": "ok", "reason": "kicked"}, "removed"),
        ({"videoroom": "event", "kicked": 7}, None),
    ],
)
def test_the_call_is_over_when_the_room_is_and_when_the_tap_was_sent_away(
    event: dict[str, Any], over: str | None
) -> None:
    it, _ = board()
    it.entered(joined())
    it.heard(event)
    assert it.over == over


def test_an_answer_that_is_none_is_an_error() -> None:
    it, _ = board()
    with pytest.raises(TapError, match="VideoRoom"):
        it.entered({"streaming": "event"})


def test_a_key_that_no_room_has_is_an_error_naming_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean display"):
        checked(JanusRoom, {"url": "ws://janus", "room": 1, "displai": "x"}, "source janus")


anything = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["ana", "audio", "ok", "0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["publishers", "streams", "id", "mid", "type", "display", "unpublished", "kicked"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(["videoroom", "publishers", "leaving", "unpublished"]), anything)))
def test_whatever_a_server_says_the_roster_stands(events: list[dict[str, Any]]) -> None:
    it, roster = board()
    it.entered(joined(publisher("ben", SOUND)))
    for event in events:
        it.heard(event)
        assert all(track.participant_id in ("ana", "ben", "5") for track in roster.tracks())

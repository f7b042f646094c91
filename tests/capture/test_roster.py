from countenance.capture.roster import Roster
from countenance.contracts.call import Call, Participant, Purpose, Role, Track, TrackKind

CALL = Call(
    "c1",
    "acme",
    Purpose.SALES_COACHING,
    tuple(Participant(name, name.title(), Role.CUSTOMER) for name in ("ana", "ben")),
)
VIDEO, AUDIO = TrackKind.VIDEO, TrackKind.AUDIO


def test_what_participants_publish_are_tracks_and_what_strangers_publish_is_not() -> None:
    roster: Roster[int] = Roster(CALL)
    roster.publish(1, VIDEO, "ana")
    roster.publish(2, AUDIO, "ana")
    roster.publish(3, VIDEO, "zoe")
    assert roster.tracks() == (Track("ana/video", "ana", VIDEO), Track("ana/audio", "ana", AUDIO))
    assert roster.strangers() == 1
    assert roster.published() == (1, 2, 3)


def test_a_stranger_becomes_a_participant_once_somebody_says_who_they_are() -> None:
    roster: Roster[int] = Roster(CALL)
    roster.publish(3, VIDEO, "4711")
    assert roster.tracks() == ()
    roster.know("4711", "ben")
    assert roster.tracks() == (Track("ben/video", "ben", VIDEO),)
    assert roster.strangers() == 0


def test_a_name_that_turns_out_to_be_somebody_else_gives_that_person_another_track() -> None:
    roster: Roster[int] = Roster(CALL)
    roster.publish(3, VIDEO, "ana")
    assert roster.tracks() == (Track("ana/video", "ana", VIDEO),)
    roster.know("ana", "ben")
    assert roster.tracks() == (Track("ben/video", "ben", VIDEO),)


def test_left_and_published_again_it_is_another_track() -> None:
    roster: Roster[int] = Roster(CALL)
    roster.publish(1, VIDEO, "ana")
    (before,) = roster.tracks()
    assert roster.key(before) == 1
    roster.withdraw(1)
    assert roster.tracks() == ()
    assert roster.key(before) is None
    roster.publish(1, VIDEO, "ana")
    (after,) = roster.tracks()
    assert after == Track("ana/video.2", "ana", VIDEO)
    assert roster.key(after) == 1


def test_saying_again_what_is_published_changes_nothing() -> None:
    roster: Roster[int] = Roster(CALL)
    roster.publish(1, VIDEO, "ana")
    before = roster.tracks()
    roster.publish(1, VIDEO, "ana")
    assert roster.tracks() == before
    roster.publish(1, VIDEO, "ben")
    assert roster.tracks() == (Track("ben/video", "ben", VIDEO),)


def test_of_two_tabs_of_one_person_the_newest_is_read_and_the_other_again_when_it_ends() -> None:
    roster: Roster[int] = Roster(CALL)
    roster.publish(1, VIDEO, "ana")
    roster.publish(2, AUDIO, "ana")
    roster.publish(3, VIDEO, "ana")
    assert [track.id for track in roster.tracks()] == ["ana/audio", "ana/video.2"]
    roster.withdraw(3)
    assert [track.id for track in roster.tracks()] == ["ana/video", "ana/audio"]

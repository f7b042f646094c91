"""What a worker tells of a coached call: what lies in the window, each word once, nothing of who has stopped."""

from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.contracts.media import SECOND_US, Utterance
from countenance.worker.heard import SILENT, Heard, Hearing

SPANS = ((0, 400_000), (900_000, 1_300_000), (2_500_000, 3_000_000))


def word(text: str, who: str = "p_1") -> Utterance:
    return Utterance("", who, 0, SECOND_US, text, 1.0)


def test_talk_is_cut_to_the_window() -> None:
    hearing = Hearing(lambda: {"p_1": SPANS, "p_2": ()}, [], dict)
    assert hearing.in_window(0, SECOND_US).talk == {"p_1": ((0, 400_000), (900_000, SECOND_US)), "p_2": ()}
    assert hearing.in_window(SECOND_US, 2 * SECOND_US).talk["p_1"] == ((SECOND_US, 1_300_000),)
    assert hearing.in_window(3 * SECOND_US, 4 * SECOND_US).talk["p_1"] == ()


def test_what_the_media_server_says_is_cut_to_the_window_and_kept_apart() -> None:
    heard = Hearing(dict, [], lambda: {"p_1": SPANS, "p_2": ()}).in_window(0, SECOND_US)
    assert (heard.talk, heard.floor) == ({}, {"p_1": ((0, 400_000), (900_000, SECOND_US)), "p_2": ()})
    assert heard.without({"p_1"}).floor == {"p_2": ()}


def test_each_word_is_told_once() -> None:
    words = [word("one")]
    hearing = Hearing(dict, words, dict)
    assert [one.text for one in hearing.in_window(0, SECOND_US).words] == ["one"]
    words.append(word("two"))
    assert [one.text for one in hearing.in_window(SECOND_US, 2 * SECOND_US).words] == ["two"]
    assert hearing.in_window(2 * SECOND_US, 3 * SECOND_US) == SILENT


def test_nothing_is_told_of_who_has_stopped() -> None:
    heard = Heard({"p_1": ((0, 1),), "p_2": ()}, (word("one"), word("two", "p_2")))
    left = heard.without({"p_1"})
    assert left.talk == {"p_2": ()}
    assert [one.text for one in left.words] == ["two"]


@given(ends=st.lists(st.integers(1, 9 * SECOND_US), min_size=2, max_size=12, unique=True))
@settings(deadline=None)
def test_windows_together_hold_all_the_talk(ends: list[int]) -> None:
    edges = sorted(ends)[: len(ends) // 2 * 2]
    spans = tuple(zip(edges[::2], edges[1::2], strict=True))
    hearing = Hearing(lambda: {"p": spans}, [], dict)
    told = [hearing.in_window(n * SECOND_US, (n + 1) * SECOND_US).talk["p"] for n in range(10)]
    assert sum(b - a for window in told for a, b in window) == sum(b - a for a, b in spans)

"""The measure of an opt-out: from the no to the last model call, and nothing after the ack."""

import socket

from bench.faults.stops import Stop, measure
from bench.faults.wire import Line, Message

MS = 1_000_000
ANA, BEN = ("ana", "face"), ("ben", "face")


def test_the_last_call_after_the_no_counts_and_calls_after_a_new_yes_do_not() -> None:
    stop = Stop(ANA, 100 * MS, 120 * MS, 900 * MS)
    invoked = [(90 * MS, ANA), (104 * MS, ANA), (111 * MS, ANA), (500 * MS, BEN), (950 * MS, ANA)]
    found = measure([stop], invoked, [(110 * MS, ANA)])[0]
    assert (found.last_ms, found.ack_ms, found.emitted_after_ack, found.invoked_after_ack) == (11.0, 20.0, 0, 0)


def test_what_happens_after_the_ack_is_seen() -> None:
    stop = Stop(ANA, 100 * MS, 120 * MS)
    found = measure([stop], [(121 * MS, ANA)], [(130 * MS, ANA), (131 * MS, ANA)])[0]
    assert (found.last_ms, found.emitted_after_ack, found.invoked_after_ack) == (21.0, 2, 1)


def test_a_no_after_which_nothing_ran_took_no_time() -> None:
    assert measure([Stop(ANA, 5, 6)], [(4, ANA)], [])[0].last_ms == 0.0


def test_a_line_keeps_messages_whole_and_notices_the_end() -> None:
    left, right = socket.socketpair()
    one, two = Line(left), Line(right)
    assert two.receive() == []
    for n in range(2000):
        one.send({"n": n, "padding": "x" * 200})
    got: list[Message] = []
    while len(got) < 2000:
        got += two.receive()
        one.flush()
    assert [message["n"] for message in got] == list(range(2000))
    assert one.waiting == 0
    left.close()
    assert two.receive() == []
    assert not two.open
    two.send({"late": 1})
    assert two.waiting == 0
    right.close()

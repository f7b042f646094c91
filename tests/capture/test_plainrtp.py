import base64
import random
from collections import Counter
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy, Session
from tests.capture.test_rtp import OPUS, PICTURES, VP8, flat

from countenance.capture.lanes import Lane, Mixer
from countenance.capture.plainrtp import KEY_BYTES, MOST_BYTES, Stream, open_port, roomy
from countenance.capture.sampling import Grid
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.errors import TapError

KEY = bytes(range(KEY_BYTES))
TRACK = Track("ana/video", "ana", TrackKind.VIDEO)


def protected(datagrams: list[bytes], key: bytes = KEY) -> list[bytes]:
    session = roomy(Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND)))
    return [session.protect(one) for one in datagrams]


def stream(key: bytes = KEY) -> tuple[Stream, Lane, Counter[str]]:
    mixer, steps = Mixer(Grid()), count(0, 33_333)
    lane = mixer.open(TRACK, 0)
    return Stream(VP8, 7, base64.b64encode(key).decode(), lane, lambda: next(steps)), lane, mixer.counts[TRACK.id]


def test_what_was_sent_with_the_key_is_decoded_and_nothing_else() -> None:
    it, _, counts = stream()
    for datagram in protected(flat(PICTURES["vp8"])):
        it.take(datagram)
    assert counts["decoded"] == len(PICTURES["vp8"])
    assert not it.needs_key.is_set()
    other, _, counts = stream()
    for datagram in [*flat(PICTURES["vp8"]), *protected(flat(PICTURES["vp8"]), bytes(KEY_BYTES)), b"", b"\x80" * 40]:
        other.take(datagram)
    assert counts["decoded"] == 0
    assert counts["unverified"] == 2 * len(flat(PICTURES["vp8"])) + 2


def test_packets_that_a_server_made_longer_than_a_network_carries_in_one_piece_are_taken() -> None:
    """mediasoup adds a header extension to each packet, however long it was; IP takes such a one apart and together."""
    it, _, counts = stream()
    extension = b"\xbe\xde" + (90).to_bytes(2, "big") + bytes(360)
    longer = [bytes([one[0] | 0x10]) + one[1:12] + extension + one[12:] for one in flat(PICTURES["vp8"])]
    datagrams = protected(longer)
    assert 1500 < max(len(one) for one in datagrams) <= MOST_BYTES
    for datagram in datagrams:
        it.take(datagram)
    assert counts["decoded"] == len(PICTURES["vp8"])
    it.take(b"\x80" * (MOST_BYTES + 1))
    assert counts["unverified"] == 1


def test_what_is_sent_again_by_somebody_who_listened_is_not_decoded_again() -> None:
    it, _, counts = stream()
    datagrams = protected(flat(PICTURES["vp8"]))
    for datagram in [*datagrams, *datagrams]:
        it.take(datagram)
    assert (counts["decoded"], counts["unverified"]) == (len(PICTURES["vp8"]), len(datagrams))


def test_nothing_is_decrypted_once_it_is_shut_or_its_lane_is_closed() -> None:
    for end in (lambda it, lane: it.shut(), lambda it, lane: setattr(lane, "closed", True)):
        it, lane, counts = stream()
        datagrams = protected(flat(PICTURES["vp8"]))
        it.take(datagrams[0])
        end(it, lane)
        before = dict(counts)
        for datagram in datagrams[1:]:
            it.take(datagram)
        assert dict(counts) == before


def test_a_key_frame_is_asked_for_while_pictures_cannot_be_made() -> None:
    it, _, counts = stream()
    pictures = PICTURES["vp8"]
    for datagram in protected(flat(pictures[1:8])):
        it.take(datagram)
    assert it.needs_key.is_set()
    assert (counts["decoded"], counts["no_key"]) == (0, 7)
    it, _, counts = stream()
    for datagram in protected(flat(pictures[1:])):
        it.take(datagram)
    assert not it.needs_key.is_set()
    assert counts["decoded"] == 4


@given(seed=st.integers(0, 100_000))
@settings(max_examples=40, deadline=None)
def test_datagrams_of_any_kind_never_raise(seed: int) -> None:
    chance = random.Random(seed)
    it, _, counts = stream()
    # Whoever holds the key may send nonsense too: mutated before they are protected.
    for datagram in flat(PICTURES["vp8"]):
        changed = bytearray(datagram)
        for _ in range(chance.randrange(3)):
            changed[chance.randrange(12, len(changed))] = chance.randrange(256)
        (sent,) = protected([bytes(changed)])
        it.take(sent if chance.random() < 0.8 else chance.randbytes(chance.randrange(200)))
    assert counts["decoded"] <= len(PICTURES["vp8"])


@pytest.mark.parametrize("key", ["", "no Base64!", base64.b64encode(bytes(16)).decode()])
def test_a_key_that_is_none_is_an_error(key: str) -> None:
    lane = Mixer(Grid()).open(TRACK, 0)
    with pytest.raises(TapError, match="30 bytes"):
        Stream(OPUS, 7, key, lane, lambda: 0)


async def test_a_place_without_ports_is_an_error_that_says_where() -> None:
    async with open_port("127.0.0.1") as one, open_port("127.0.0.1") as other:
        assert one.number != other.number
    with pytest.raises(TapError, match=r"no port for media on 203\.0\.113\.7"):
        async with open_port("203.0.113.7"):
            pass

import random
import struct
from fractions import Fraction

import pytest
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtp import RtpPacket
from av import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.capture.rtp import HOLD_US, Assembler, Codec, Encoded
from countenance.contracts.errors import TapError

VP8, H264, OPUS = Codec("vp8", 96, 90_000), Codec("h264", 97, 90_000), Codec("opus", 98, 48_000)
FRAME_US = 33_333


def sent(codec: Codec, frames: int = 12, first: int = 65_530, keys: tuple[int, ...] = (0, 8)) -> list[list[bytes]]:
    """Packets of real pictures, picture by picture; numbers pass 65535 on the way."""
    encoder = Vp8Encoder() if codec is VP8 else H264Encoder()
    number, pictures = first, []
    for index in range(frames):
        frame = VideoFrame(160, 120, "yuv420p")
        for plane in frame.planes:
            plane.update(random.Random(index).randbytes(plane.buffer_size))
        frame.pts, frame.time_base = index * 3000, Fraction(1, 90_000)
        payloads, _ = encoder.encode(frame, force_keyframe=index in keys)
        packets = []
        for place, payload in enumerate(payloads):
            packet = RtpPacket(
                codec.payload_type, place == len(payloads) - 1, number % 65_536, index * 3000, 7, payload
            )
            packets.append(packet.serialize())
            number += 1
        pictures.append(packets)
    return pictures


PICTURES = {codec.name: sent(codec) for codec in (VP8, H264)}
CODECS = pytest.mark.parametrize("codec", [VP8, H264], ids=["vp8", "h264"])


def run(assembler: Assembler, datagrams: list[bytes], step_us: int = 1000) -> list[Encoded]:
    return [frame for i, datagram in enumerate(datagrams) for frame in assembler.add(datagram, i * step_us)]


def flat(pictures: list[list[bytes]]) -> list[bytes]:
    return [packet for packets in pictures for packet in packets]


@CODECS
def test_pictures_come_out_whole_and_at_once(codec: Codec) -> None:
    assembler = Assembler(codec, 7)
    pictures = PICTURES[codec.name]
    assert max(len(packets) for packets in pictures) > 1
    for index, packets in enumerate(pictures):
        *before, last = [assembler.add(packet, index * FRAME_US) for packet in packets]
        assert before == [[]] * len(before)
        assert [(frame.stamp, frame.arrived_us) for frame in last] == [(index * 3000, index * FRAME_US)]
    assert not assembler.counts


@CODECS
@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_packets_out_of_order_or_sent_twice_change_nothing(codec: Codec, seed: int) -> None:
    datagrams = flat(PICTURES[codec.name])
    chance = random.Random(seed)
    mixed = sorted(range(1, len(datagrams)), key=lambda i: i + chance.uniform(0, 5))
    twice = [datagrams[0]] + [datagrams[i] for i in mixed for _ in range(chance.choice((1, 1, 2)))]
    changed = [f.data for f in run(Assembler(codec), twice)] != [f.data for f in run(Assembler(codec), datagrams)]
    assert not changed


@CODECS
def test_after_a_lost_packet_nothing_is_given_until_a_picture_that_needs_no_other(codec: Codec) -> None:
    pictures = PICTURES[codec.name]
    kept = flat([*pictures[:3], pictures[3][1:], *pictures[4:]])
    assembler = Assembler(codec)
    assert not assembler.add(kept[0], 0)
    assert assembler.wants_key
    stamps = [frame.stamp // 3000 for frame in run(assembler, kept[1:], step_us=HOLD_US // 3)]
    assert stamps == [0, 1, 2, 8, 9, 10, 11]
    assert assembler.counts["lost"] == 1
    assert not assembler.wants_key


@CODECS
def test_a_picture_whose_first_packet_was_lost_before_anything_came_is_not_given(codec: Codec) -> None:
    frames = run(Assembler(codec), flat(PICTURES[codec.name])[1:], step_us=1)
    assert [frame.stamp // 3000 for frame in frames] == [8, 9, 10, 11]


@CODECS
@given(seed=st.integers(0, 10_000), share=st.floats(0.01, 0.5))
@settings(max_examples=30, deadline=None)
def test_whatever_is_lost_only_whole_pictures_that_can_be_made_are_given(codec: Codec, seed: int, share: float) -> None:
    chance, pictures = random.Random(seed), PICTURES[codec.name]
    whole = {frame.stamp: frame.data for frame in run(Assembler(codec), flat(pictures))}
    given_frames = run(
        Assembler(codec), [one for one in flat(pictures) if chance.random() > share], step_us=HOLD_US // 4
    )
    stamps = [frame.stamp for frame in given_frames]
    assert stamps == sorted(set(stamps))
    torn = [frame.stamp for frame in given_frames if frame.data != whole[frame.stamp]]
    assert not torn
    for before, after in zip([None, *stamps], stamps, strict=False):
        assert after // 3000 in (0, 8) or before == after - 3000


def test_sound_that_is_missing_is_waited_for_and_then_left_out() -> None:
    packets = [RtpPacket(98, False, number, number * 960, 7, bytes([number])).serialize() for number in range(1, 12)]
    assembler = Assembler(OPUS)
    assert [frame.data for frame in assembler.add(packets[0], 0)] == [b"\x01"]
    assert assembler.add(packets[2], 20_000) == []
    assert [frame.data for frame in assembler.add(packets[1], 40_000)] == [b"\x02", b"\x03"]
    assert assembler.add(packets[4], 60_000) == []
    assert assembler.add(packets[5], 60_000 + HOLD_US) == []
    assert [frame.data[0] for frame in assembler.add(packets[6], 60_001 + HOLD_US)] == [5, 6, 7]
    assert assembler.add(packets[3], 60_001 + HOLD_US) == []
    assert assembler.counts == {"lost": 1, "late": 1}


def test_padding_between_pictures_breaks_nothing() -> None:
    pictures = PICTURES["vp8"]
    parsed = [[RtpPacket.parse(one) for one in packets] for packets in pictures]
    number, datagrams = 0, []
    for packets in parsed:
        padding = RtpPacket(96, False, 0, packets[-1].timestamp, 7, b"")
        for packet in [*packets, padding, padding]:
            packet.sequence_number, number = number, number + 1
            datagrams.append(packet.serialize())
    assembler = Assembler(VP8)
    assert len(run(assembler, datagrams)) == len(pictures)
    assert not assembler.counts


def test_a_picture_whose_last_packet_carries_no_marker_ends_with_the_next() -> None:
    parsed = [RtpPacket.parse(one) for one in flat(PICTURES["vp8"])]
    for packet in parsed:
        packet.marker = 0
    frames = run(Assembler(VP8), [packet.serialize() for packet in parsed])
    assert [frame.stamp // 3000 for frame in frames] == list(range(11))


def test_a_sender_that_begins_anew_is_followed() -> None:
    assembler = Assembler(VP8)
    run(assembler, flat(sent(VP8, 3, first=40_000, keys=(0,))))
    frames = run(assembler, flat(sent(VP8, 3, first=100, keys=(0,))))
    assert len(frames) == 3
    assert assembler.counts["restarted"] == 1


def test_what_is_not_of_this_stream_is_left_out() -> None:
    assembler = Assembler(VP8, 7)
    other = RtpPacket(96, True, 1, 1, 8, b"\x10\x00").serialize()
    foreign = RtpPacket(97, True, 1, 1, 7, b"\x10\x00").serialize()
    control = struct.pack("!BBHII", 0x80, 200, 1, 7, 0)
    for datagram in (other, foreign, control, b"", b"\x80", b"\x00" * 20):
        assert assembler.add(datagram, 0) == []
    assert assembler.counts == {"foreign": 2, "malformed": 3}


def test_a_codec_that_cannot_be_put_together_is_refused_with_those_that_can() -> None:
    with pytest.raises(TapError, match="Opus, VP8 or H264"):
        Assembler(Codec("vp9", 96, 90_000))


@CODECS
@given(seed=st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_mutated_packets_are_counted_and_never_raise(codec: Codec, seed: int) -> None:
    chance, assembler = random.Random(seed), Assembler(codec)
    for i, datagram in enumerate(flat(PICTURES[codec.name])):
        changed = bytearray(datagram)
        for _ in range(chance.randrange(4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        for frame in assembler.add(bytes(changed[: chance.randrange(1, len(changed) + 1)]), i * 1000):
            assert frame.data

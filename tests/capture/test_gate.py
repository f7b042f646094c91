import random
from itertools import pairwise

import numpy as np
import pytest
from aiortc.rtp import RtpPacket
from tests.capture.network import FACE, OPUS, SOUND, VP8, Camera, Microphone, Network, seconds, sounds

from countenance.capture.lanes import PATIENCE_US
from countenance.contracts.media import SECOND_US, Media, Reached, VideoFrame, whole_us
from countenance.testing.malformed import mangled_bytes


def pictures(items: list[Media | Reached]) -> list[VideoFrame]:
    return [item for item in items if isinstance(item, VideoFrame)]


def moment(item: Media | Reached) -> int:
    return item.at_us if isinstance(item, Reached) else whole_us(item)


def check_order(items: list[Media | Reached]) -> None:
    for before, after in pairwise(items):
        assert moment(after) >= moment(before)
    for one, other in pairwise(sounds(items)):
        assert other.at_us >= one.end_us, "sound never overlaps"


def test_over_a_good_network_every_slot_has_a_picture_and_sound_has_no_gap() -> None:
    network = Network()
    items = network.run(5 * SECOND_US)
    check_order(items)
    assert len(pictures(items)) >= 46
    assert all(one.end_us == other.at_us for one, other in pairwise(sounds(items)))
    assert seconds(sounds(items)) > 4.7
    assert {chunk.at_us % 100_000 for chunk in sounds(items)[1:]} == {0}, "pieces are cut at full tenths of a second"
    assert network.gates[VP8].counts["key_frames_asked"] <= 1
    assert network.mixer.counts[FACE.id]["not_due"] > 20, "most pictures are decoded and never converted"


def test_jitter_that_reorders_packets_tears_neither_sound_nor_pictures() -> None:
    network = Network(jitter_us=60_000)
    items = network.run(5 * SECOND_US)
    check_order(items)
    assert network.mixer.counts[SOUND.id]["drift"] == network.mixer.counts[SOUND.id]["lost"] == 0
    assert all(one.end_us == other.at_us for one, other in pairwise(sounds(items)))
    assert len(pictures(items)) >= 40


@pytest.mark.parametrize("loss", [0.05, 0.15, 0.3])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_lost_is_a_gap_and_the_rest_comes_through(loss: float, seed: int) -> None:
    network = Network(loss=loss, jitter_us=40_000, seed=seed)
    items = network.run(8 * SECOND_US)
    check_order(items)
    kept = 1 - network.lost[OPUS] / 400
    assert kept - 0.06 < seconds(sounds(items)) / 8 <= kept + 0.001, "nothing is put in the place of what was lost"
    assert network.mixer.counts[SOUND.id]["lost"] >= network.lost[OPUS] - 10
    assert network.gates[VP8].counts["key_frames_asked"] >= 1
    assert len(pictures(items)) >= 8, "after a hole pictures come back with the next key frame"
    told = [item.at_us for item in items if isinstance(item, Reached)]
    assert told[-1] >= network.now_us - PATIENCE_US - 100_000


def test_one_lost_packet_is_a_gap_of_its_own_length_at_its_own_place() -> None:
    network = Network(camera=None)
    network.mixer.close(FACE.id)
    before = network.run(SECOND_US)
    assert network.microphone is not None
    network.microphone.packets()  # recorded, and never sent
    heard = sounds([*before, *network.run(3 * SECOND_US)])
    ((lost_us, found_us),) = ((one.end_us, other.at_us) for one, other in pairwise(heard) if other.at_us != one.end_us)
    assert found_us - lost_us == 20_000
    assert 980_000 <= lost_us <= 1_040_000


def test_a_frozen_camera_holds_nobody_up_and_comes_back() -> None:
    network = Network()
    before = network.run(2 * SECOND_US)
    camera, network.camera = network.camera, None
    frozen = network.run(4 * SECOND_US)
    assert not [one for one in pictures(frozen) if one.at_us > 2.1 * SECOND_US]
    assert seconds(sounds(frozen)) > 1.7, "sound goes on"
    network.camera = camera
    after = network.run(6 * SECOND_US)
    assert len(pictures(after)) > 10
    check_order([*before, *frozen, *after])


def test_a_muted_microphone_is_a_gap_and_nothing_is_heard_in_it() -> None:
    network = Network()
    before = network.run(2 * SECOND_US)
    microphone, network.microphone = network.microphone, None
    muted = network.run(4 * SECOND_US)
    network.microphone = microphone
    assert microphone is not None
    microphone.sent += 100  # the stamps go on while nothing is sent
    after = network.run(6 * SECOND_US)
    check_order([*before, *muted, *after])
    heard = sounds([*before, *muted, *after])
    (gap,) = (other.at_us - one.end_us for one, other in pairwise(heard) if other.at_us > one.end_us)
    assert 1_900_000 <= gap <= 2_200_000
    assert len(pictures(muted)) > 15, "pictures go on"


def test_another_resolution_is_followed() -> None:
    network = Network()
    small = pictures(network.run(2 * SECOND_US))
    assert network.camera is not None
    network.camera.size = (320, 180)
    large = pictures(network.run(4 * SECOND_US))
    assert small[-1].rgb.shape == (90, 160, 3)
    assert large[-1].rgb.shape == (180, 320, 3)


def test_large_pictures_are_made_small_enough() -> None:
    network = Network(camera=Camera((1280, 720)), microphone=None)
    assert pictures(network.run(SECOND_US))[0].rgb.shape == (360, 640, 3)


@pytest.mark.parametrize("skew", [0.995, 1.005])
def test_a_clock_that_runs_wrong_is_followed_in_small_steps(skew: float) -> None:
    network = Network(skew=skew, camera=None)
    network.mixer.close(FACE.id)
    items = network.run(35 * SECOND_US)
    check_order(items)
    counts = network.mixer.counts[SOUND.id]
    assert 1 <= counts["drift"] <= 12, "half a hundredth is 175 ms in 35 s, set right in steps of 50 ms"
    last = sounds(items)[-1]
    assert abs(last.end_us - network.now_us) < 200_000


def test_a_stream_that_begins_anew_under_another_name_takes_over_once_the_first_is_silent() -> None:
    network = Network(microphone=None)
    network.run(SECOND_US)
    network.camera = Camera(ssrc=8, wants_key=True)
    network.run(SECOND_US + 300_000)
    assert network.gates[VP8].counts["foreign"] > 0, "two streams at a time are not mixed"
    assert len(pictures(network.run(4 * SECOND_US))) > 15


def test_shut_means_nothing_is_decoded_though_packets_go_on() -> None:
    network = Network()
    network.run(SECOND_US)
    network.gates[VP8].shut()
    decoded = network.mixer.counts[FACE.id]["decoded"]
    network.mixer.close(SOUND.id)  # the lane alone is enough as well
    heard = network.mixer.counts[SOUND.id]["decoded"]
    items = network.run(3 * SECOND_US)
    assert network.mixer.counts[FACE.id]["decoded"] == decoded
    assert network.mixer.counts[SOUND.id]["decoded"] == heard
    assert not sounds(items)
    assert network.gates[OPUS].counts["not_subscribed"] > 80


def test_a_codec_that_is_not_read_is_counted_and_forgotten() -> None:
    network = Network(camera=None, microphone=None)
    network.arrive(RtpPacket(0, 0, 1, 0, 3, b"\x80" * 160))
    assert network.gates[OPUS].counts["unread_codec"] == 1


def spoiled(packet: RtpPacket, shuffle: random.Random) -> RtpPacket:
    if shuffle.random() < 0.3:
        packet.payload = mangled_bytes(packet.payload, shuffle)
    if shuffle.random() < 0.05:
        packet.timestamp = shuffle.randrange(2**32)
    if shuffle.random() < 0.05:
        packet.sequence_number = shuffle.randrange(2**16)
    return packet


@pytest.mark.parametrize("seed", range(4))
def test_broken_packets_break_nothing_and_it_recovers(seed: int) -> None:
    network = Network(spoil=spoiled, loss=0.1, jitter_us=50_000, seed=seed)
    check_order(network.run(4 * SECOND_US))
    network.spoil = lambda packet, _: packet
    network.loss = 0.0
    items = network.run(9 * SECOND_US)
    check_order(items)
    assert len([one for one in pictures(items) if one.at_us > 7 * SECOND_US]) > 10
    assert seconds([one for one in sounds(items) if one.at_us > 7 * SECOND_US]) > 1


def test_the_tone_that_was_sent_is_the_tone_that_is_heard() -> None:
    network = Network(camera=None)
    heard = np.concatenate([chunk.pcm for chunk in sounds(network.run(3 * SECOND_US))])[-16_000:]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert abs(int(np.argmax(spectrum)) - 440) <= 2
    assert isinstance(network.microphone, Microphone)

import asyncio
import random
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.capture.webrtc import Publisher, loopback, mono_us

from countenance.capture.offers import MOST_BYTES, MOST_CANDIDATES, checked_fragment, checked_offer
from countenance.capture.whip import WhipConnector
from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.errors import UsageError
from countenance.testing.malformed import mangled

__all__ = ["loopback"]

CALL = Call("call", "deployment", Purpose.SUPPORT_QA, (Participant("ana", "Ana", Role.CUSTOMER),))
MEDIA = """a=mid:{mid}
a=sendonly
a=rtcp-mux
a=rtpmap:{pt} {codec}
a=ice-ufrag:abcd
a=ice-pwd:0123456789012345678901
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
"""
FINGERPRINT = ":".join(["AB"] * 32)
CANDIDATE = "a=candidate:1 1 udp 2130706431 {ip} {port} typ host\n"
OFFER = (
    "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=group:BUNDLE 0 1\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\n"
    + MEDIA.format(mid=0, pt=111, codec="opus/48000/2", fingerprint=FINGERPRINT)
    + CANDIDATE.format(ip="192.0.2.1", port=9)
    + "m=video 9 UDP/TLS/RTP/SAVPF 96\nc=IN IP4 0.0.0.0\n"
    + MEDIA.format(mid=1, pt=96, codec="VP8/90000", fingerprint=FINGERPRINT)
)


def test_an_offer_of_a_camera_and_a_microphone_is_taken() -> None:
    offer = checked_offer(OFFER)
    assert [media.kind for media in offer.media] == ["audio", "video"]
    assert "a=rtcp-mux" in str(offer), "what aiortc writes down again says all that it must"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a=mid:1", "a=mid:0", "of their own"),
        ("a=mid:1\n", "", "of their own"),
        ("BUNDLE 0 1", "BUNDLE 0", "not all in one BUNDLE"),
        ("BUNDLE 0 1", "BUNDLE 0 1 1", "not all in one BUNDLE"),
        (
            "m=video 9 UDP/TLS/RTP/SAVPF 96",
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            "only sound and pictures",
        ),
        ("a=sendonly", "a=recvonly", "does not send"),
        ("a=rtcp-mux\n", "", "does not multiplex"),
        ("a=ice-ufrag:abcd\n", "", "no ICE user name"),
        ("a=ice-pwd:0123456789012345678901\n", "", "no ICE user name"),
        (f"a=fingerprint:sha-256 {FINGERPRINT}\n", "", "no DTLS fingerprint"),
        ("a=setup:actpass\n", "", "no DTLS fingerprint"),
        ("a=setup:actpass", "a=setup:perhaps", "not SDP"),
        ("a=rtpmap:111 opus", "a=rtpmap:x opus", "not SDP"),
        ("typ host", "", "not SDP"),
    ],
)
def test_what_is_wrong_with_an_offer_is_said(old: str, new: str, said: str) -> None:
    assert old in OFFER
    with pytest.raises(UsageError, match=said):
        checked_offer(OFFER.replace(old, new))


def test_a_bundle_of_one_names_that_one_whatever_the_offer_says() -> None:
    (bundle,) = checked_offer(OFFER[: OFFER.index("m=video")]).group
    assert bundle.items == ["0"]


@pytest.mark.parametrize("text", ["", "v=0", "\0" * 100, "m=", "hello\nworld", "v=0\nm=audio 9 X 0\na=mid:0\n"])
def test_what_is_no_offer_at_all_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        checked_offer(text)


def test_offers_have_bounds() -> None:
    with pytest.raises(UsageError, match=f"At most {MOST_BYTES}"):
        checked_offer(OFFER + "a=x\n" * MOST_BYTES)
    with pytest.raises(UsageError, match="5 media, not 1 to 4"):
        checked_offer(OFFER + "m=audio 9 UDP/TLS/RTP/SAVPF 0\n" * 3)
    with pytest.raises(UsageError, match="too many candidates"):
        checked_offer(OFFER + CANDIDATE.format(ip="192.0.2.1", port=9) * MOST_CANDIDATES)


@pytest.mark.parametrize(
    ("ip", "port", "kept"),
    [
        ("192.0.2.7", 5000, True),
        ("2001:db8::7", 5000, True),
        ("b1ff6b2e-9e2b.local", 5000, True),
        ("metadata.example", 80, False),
        ("224.0.0.251", 5353, False),
        ("0.0.0.0", 80, False),
        ("192.0.2.7", 0, False),
    ],
)
def test_connectivity_is_tried_only_where_a_candidate_may_lead(ip: str, port: int, kept: bool) -> None:
    offer = checked_offer(OFFER + CANDIDATE.format(ip=ip, port=port))
    assert bool(offer.media[1].ice_candidates) is kept
    assert bool(checked_fragment(CANDIDATE.format(ip=ip, port=port)).candidates) is kept


def test_a_candidate_that_is_no_datagram_is_passed_over() -> None:
    tcp = CANDIDATE.format(ip="192.0.2.7", port=9).replace(" udp ", " tcp ")
    assert not checked_fragment(tcp).candidates


def test_a_fragment_says_whose_candidates_it_holds_and_whether_that_is_all() -> None:
    fragment = checked_fragment(
        "a=ice-ufrag:ab\r\na=ice-pwd:cd\r\nm=x 9 y 0\r\na=mid:v\r\n" + CANDIDATE.format(ip="::1", port=7)
    )
    assert (fragment.ufrag, fragment.password, fragment.is_end) == ("ab", "cd", False)
    assert [one.sdpMid for one in fragment.candidates] == ["v"]
    assert checked_fragment("a=end-of-candidates\n").is_end
    with pytest.raises(UsageError, match="cannot be read"):
        checked_fragment("a=candidate:nonsense")
    with pytest.raises(UsageError, match="too many"):
        checked_fragment(CANDIDATE.format(ip="192.0.2.7", port=9) * (MOST_CANDIDATES + 1))


@given(st.text(max_size=400))
def test_any_text_is_an_offer_or_a_clear_error(text: str) -> None:
    for parse in (checked_offer, checked_fragment):
        with suppress(UsageError):
            parse(text)


@given(st.integers(0, 2**32))
@settings(max_examples=300)
def test_mangled_offers_are_taken_or_refused_with_a_reason(seed: int) -> None:
    text = mangled(OFFER, random.Random(seed))
    with suppress(UsageError):
        assert checked_offer(text).media


@pytest.mark.usefixtures("loopback")
async def test_a_mangled_offer_leaves_the_call_as_it_was() -> None:
    connector = WhipConnector(mono_us)
    publisher = Publisher()
    sdp = await publisher.offer()
    shuffle = random.Random(7)
    async with connector.join(CALL) as tap, asyncio.timeout(60):
        for _ in range(60):
            with suppress(UsageError):
                answer = await connector.offer("ana", mangled(sdp, shuffle))
                assert re.search(r"^v=0\r$", answer.sdp, re.MULTILINE)
                await connector.delete("ana", answer.resource_id)
        assert tap.tracks() == ()
    await publisher.close()

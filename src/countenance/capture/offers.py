"""What a WHIP client may send: an SDP offer within bounds (RFC 9725, 4.2), and fragments of one (RFC 8840)."""

import ipaddress
from dataclasses import dataclass

from aiortc.rtcicetransport import RTCIceCandidate
from aiortc.sdp import GroupDescription, MediaDescription, SessionDescription, candidate_from_sdp

from countenance.contracts.errors import UsageError

MOST_BYTES = 65_536
MOST_TRACKS = 4
MOST_CANDIDATES = 32
KINDS = ("audio", "video")
MALFORMED = (ValueError, LookupError, AssertionError, AttributeError, TypeError, StopIteration)
"""What parsing raises when SDP is not what it should be; aiortc asserts and looks up without asking."""
OFFER_AGAIN = "Send the offer of a peer connection that sends camera and microphone, as RFC 9725 says."


@dataclass(frozen=True, slots=True)
class Fragment:
    """Candidates of one ICE session that came after its offer."""

    ufrag: str | None
    password: str | None
    candidates: tuple[RTCIceCandidate, ...]
    is_end: bool
    """No more will come."""


def checked_offer(sdp: str) -> SessionDescription:
    """Parse an offer and see that it only sends pictures and sound; raises UsageError."""
    _check_size(sdp)
    try:
        offer = SessionDescription.parse(sdp)
    except MALFORMED as error:
        raise UsageError("the offer is not SDP that can be read", OFFER_AGAIN) from error
    _check(0 < len(offer.media) <= MOST_TRACKS, f"the offer has {len(offer.media)} media, not 1 to {MOST_TRACKS}")
    for media in offer.media:
        _check_media(media)
    mids = [media.rtp.muxId for media in offer.media]
    _check(all(mids) and len(set(mids)) == len(mids), "the media of the offer have no `a=mid` of their own")
    bundled = next((group.items for group in offer.group if group.semantic == "BUNDLE"), [])
    _check(len(mids) == 1 or sorted(bundled) == sorted(mids), "the media of the offer are not all in one BUNDLE")
    _check(
        sum(len(media.ice_candidates) for media in offer.media) <= MOST_CANDIDATES, "the offer has too many candidates"
    )
    # aiortc looks media up by what a group names, so that is said as it was checked, and nothing else.
    offer.group = [GroupDescription("BUNDLE", list(bundled if len(mids) > 1 else mids))]
    for media in offer.media:
        media.ice_candidates = [one for one in media.ice_candidates if _is_reachable(one)]
        # aiortc writes `a=rtcp-mux` only beside a port.
        media.rtcp_port, media.rtcp_host = media.rtcp_port or 9, media.rtcp_host or "0.0.0.0"
    return offer


def checked_fragment(text: str) -> Fragment:
    """Parse a fragment with candidates; raises UsageError."""
    _check_size(text)
    values: dict[str, str] = {}
    candidates: list[RTCIceCandidate] = []
    mid = None
    try:
        for line in text.splitlines():
            name, _, value = line.removeprefix("a=").partition(":")
            if name == "mid":
                mid = value
            elif name == "candidate":
                candidate = candidate_from_sdp(value)
                candidate.sdpMid = mid
                candidates.append(candidate)
            elif name in ("ice-ufrag", "ice-pwd", "end-of-candidates"):
                values[name] = value
    except MALFORMED as error:
        raise UsageError("the fragment holds a candidate that cannot be read", "Send it as RFC 8840 says.") from error
    _check(len(candidates) <= MOST_CANDIDATES, "the fragment has too many candidates")
    reachable = tuple(one for one in candidates if _is_reachable(one))
    return Fragment(values.get("ice-ufrag"), values.get("ice-pwd"), reachable, "end-of-candidates" in values)


def _check_media(media: MediaDescription) -> None:
    _check(media.kind in KINDS, f"the offer has {media.kind}; only sound and pictures are taken")
    _check(media.direction in ("sendonly", "sendrecv"), "the offer has media that it does not send")
    _check(media.rtcp_mux, "the offer does not multiplex RTP and RTCP")
    ice = media.ice
    _check(ice is not None and ice.usernameFragment and ice.password, "the offer has no ICE user name and password")
    fingerprints = media.dtls.fingerprints if media.dtls is not None else []
    _check(bool(fingerprints), "the offer has no DTLS fingerprint and role")


def _check_size(text: str) -> None:
    if len(text) > MOST_BYTES:
        raise UsageError(f"{len(text)} characters of SDP", f"At most {MOST_BYTES} are taken.")


def _check(fine: object, problem: str) -> None:
    if not fine:
        raise UsageError(problem, OFFER_AGAIN)


def _is_reachable(candidate: RTCIceCandidate) -> bool:
    """Whether connectivity may be tried: UDP to an address, or to a name that is looked up on the local network."""
    if candidate.protocol.lower() != "udp" or not 0 < candidate.port < 65_536:
        return False
    if candidate.ip.endswith(".local"):
        return True
    try:
        address = ipaddress.ip_address(candidate.ip)
    except ValueError:
        return False
    return not (address.is_multicast or address.is_unspecified)

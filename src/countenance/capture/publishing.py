"""One WHIP session: a peer connection that receives, a gate before each of its tracks, and what may change of it."""

import asyncio
from collections.abc import Callable, Mapping
from secrets import token_urlsafe

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidStateError, OperationError

from countenance.capture.gate import Gate
from countenance.capture.offers import MALFORMED, OFFER_AGAIN, Fragment, checked_offer
from countenance.capture.restarting import Restart
from countenance.contracts.call import TrackKind
from countenance.contracts.errors import PreconditionError, PreconditionMissingError, UsageError

CONNECT_WITHIN_S = 30.0
"""A session that is not connected after so long is given up."""
ANY = "*"


class Publishing:
    """A participant who publishes from one page or device."""

    def __init__(self, participant_id: str, servers: list[RTCIceServer], now_us: Callable[[], int]) -> None:
        self.id = token_urlsafe(18)
        self.participant_id = participant_id
        self.gates: dict[TrackKind, Gate] = {}
        """One for sound and one for pictures; of what is sent twice, the first counts."""
        self.changed: Callable[[Publishing], None] = lambda _: None
        """Called when the connection is there, and when it is gone."""
        self.etag = token_urlsafe(9)
        self._servers, self._now_us = servers, now_us
        self._peer = RTCPeerConnection(RTCConfiguration(servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._peer.on("connectionstatechange", self._moved)
        self._restart: Restart | None = None
        self._is_late = False
        self._deadline: asyncio.TimerHandle | None = None
        self._ufrag: str | None = None
        """The client's name in the present ICE session."""

    @property
    def is_connected(self) -> bool:
        """Whether media may arrive."""
        return self._peer.connectionState == "connected"

    @property
    def is_over(self) -> bool:
        """Whether nothing will arrive any more."""
        return self._is_late or self._peer.connectionState in ("closed", "failed")

    async def answer(self, sdp: str) -> str:
        """Take an offer and give the answer; raises UsageError."""
        offer = checked_offer(sdp)
        ice = offer.media[0].ice
        self._ufrag = None if ice is None else ice.usernameFragment
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(str(offer), "offer"))
            for transceiver in self._peer.getTransceivers():
                self.gates.setdefault(TrackKind(transceiver.kind), Gate(transceiver, self._now_us))
            await self._peer.setLocalDescription()
        except OperationError as error:
            raise UsageError("the offer has no codec that is read here", "Offer Opus, VP8 or H264.") from error
        except (*MALFORMED, InvalidStateError) as error:
            raise UsageError("the offer cannot be answered", OFFER_AGAIN) from error
        self._deadline = asyncio.get_running_loop().call_later(CONNECT_WITHIN_S, self._late)
        return self._peer.localDescription.sdp

    async def patch(self, fragment: Fragment, if_match: str | None) -> Mapping[str, str]:
        """More candidates, or an ICE restart, which is answered with a fragment (RFC 9725, 4.3)."""
        if if_match is None:
            raise PreconditionMissingError(
                "a change of a session without If-Match", "Send the ETag of the session, or `*` to restart ICE."
            )
        if if_match not in (ANY, self.etag):
            raise PreconditionError("this ICE session is no longer the present one", "Restart ICE with If-Match: *.")
        if if_match == ANY and fragment.ufrag and fragment.password and fragment.ufrag != self._ufrag:
            return await self._restarted(fragment)
        await self._add(fragment)
        return {}

    async def close(self) -> None:
        """End the session: nothing of it is decoded or received any more."""
        for gate in self.gates.values():
            gate.shut()
        if self._deadline is not None:
            self._deadline.cancel()
        if self._restart is not None:
            await self._restart.close()
        await self._peer.close()

    def _moved(self) -> None:
        self.changed(self)

    def _late(self) -> None:
        self._is_late = not self.is_connected
        self.changed(self)

    async def _restarted(self, fragment: Fragment) -> Mapping[str, str]:
        if not self.is_connected:
            raise UsageError("ICE cannot restart before it was connected", "Begin a new session.")
        if self._restart is not None:
            await self._restart.close()
        first, *_ = media = self._peer.getTransceivers()
        self._restart = Restart(first.receiver.transport.transport, self._servers)
        bundle = " ".join(str(one.mid) for one in media)
        section = (f"a=group:BUNDLE {bundle}", f"m={first.kind} 9 UDP/TLS/RTP/SAVPF 0", f"a=mid:{first.mid}")
        answer = await self._restart.begin(fragment, section)
        self.etag, self._ufrag = token_urlsafe(9), fragment.ufrag
        return {"fragment": answer, "etag": self.etag}

    async def _add(self, fragment: Fragment) -> None:
        """Candidates of the present ICE session."""
        if fragment.ufrag is not None and fragment.ufrag != self._ufrag:
            raise UsageError("these candidates are of another ICE session", "Restart ICE with If-Match: *.")
        if self._restart is not None:
            await self._restart.add(fragment)
            return
        first = self._peer.getTransceivers()[0].mid
        for candidate in fragment.candidates:
            candidate.sdpMid = first  # all media are in one bundle
            await self._peer.addIceCandidate(candidate)
        if fragment.is_end:
            await self._peer.addIceCandidate(None)

"""STUN and TURN servers: how peers find each other through NATs and firewalls (RFC 8489, RFC 8656)."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aioice.stun import TransactionError
from aioice.turn import create_turn_endpoint
from aiortc import RTCIceServer
from aiortc.rtcicetransport import connection_kwargs
from pydantic import Field, model_validator

from countenance.contracts.errors import TapError
from countenance.inference.tables import Table

ANSWERS_WITHIN_S = 5.0


class IceServer(Table):
    """One server under its addresses; a plain string is a server that asks for no password."""

    urls: tuple[str, ...] = Field(min_length=1)
    """Such as stun:stun.example.org:3478 or turn:turn.example.org?transport=udp."""
    username: str | None = None
    credential: str | None = Field(default=None, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _may_be_its_address(cls, said: object) -> object:
        return {"urls": (said,)} if isinstance(said, str) else said

    def told(self) -> dict[str, Any]:
        """As a browser and a source take it: what is not set is left out."""
        return self.model_dump(mode="json", exclude_none=True)


def for_aiortc(servers: Iterable[IceServer]) -> list[RTCIceServer]:
    """The same for a peer connection; of several addresses aiortc uses the first of STUN and the first of TURN."""
    return [RTCIceServer(list(one.urls), one.username, one.credential) for one in servers]


async def relayed(url: str, username: str | None, credential: str | None) -> str:
    """Have a TURN server open a relay, and close it again: its address there; raises TapError."""
    kwargs = connection_kwargs([RTCIceServer(url, username, credential)])
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            transport, relay = await create_turn_endpoint(
                _Relay,
                kwargs["turn_server"],
                username,
                credential,
                ssl=kwargs["turn_ssl"],
                transport=kwargs["turn_transport"],
            )
    except TimeoutError as error:
        remedy = "Check its address, its ports and the firewalls between."
        raise TapError(f"{url} does not answer within {ANSWERS_WITHIN_S:.0f} s", remedy) from error
    except TransactionError as error:
        remedy = "Check user name and credential, or the secret it shares with [media.turn]; it must be a TURN server."
        raise TapError(f"{url} gives no relay ({error})", remedy) from error
    except OSError as error:
        raise TapError(f"{url} cannot be reached ({error})", "Check its address and its name.") from error
    host, port = transport.get_extra_info("sockname")
    transport.close()
    await relay.closed.wait()
    return f"{host}:{port}"


class _Relay(asyncio.DatagramProtocol):
    """Carries nothing; knows when the server has given the relay up."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.closed.set()

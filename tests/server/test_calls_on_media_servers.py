"""A live call on somebody else's media server, from end to end: sidecar, RTP, worker, leases, events."""

from pathlib import Path
from typing import Any

import pytest
from tests.capture.sidecars import TOKEN, rehearsal
from tests.capture.waiting import until as until_held
from tests.server.test_live_calls import ANA, BEN, until, world

from countenance.contracts.call import VOICE
from countenance.contracts.trust import ConsentStatus
from countenance.server.live import NewCall
from countenance.surface.envelope import Envelope


def listened_to(envelope: Envelope) -> bool:
    """The sender's tone is no speech: that the voice gave silence says that its sound was read."""
    data: Any = envelope["data"]
    voice = data.get("modalities", {}).get(VOICE, {})
    return bool(voice.get("used")) or voice.get("reason") == "silence"


@pytest.mark.slow
async def test_whoever_joins_is_known_on_the_media_server_by_the_deployments_own_id(tmp_path: Path) -> None:
    with rehearsal() as server:
        async with world(tmp_path / "store") as it:
            source = {"kind": "mediasoup", "url": server.url, "room": "rehearsal", "token": TOKEN}
            live = await it.calls.open(NewCall(source=source | {"listen": "127.0.0.1"}))
            for who in (ANA, BEN):
                server.produce(f"{who.person}'s microphone", who.person, "opus")
                await it.calls.join(live.id, who)
            await it.agree(live, 0, VOICE)
            await until(live, listened_to)
            # Ben published too, and said nothing: nothing of his was ever sent.
            assert server.senders() == 1
            await it.calls.answer(live.id, live.call.participants[0].id, VOICE, ConsentStatus.WITHDRAWN)
            await until_held(lambda: server.senders() == 0)
            await it.calls.end(live.id)
            assert not it.problems()

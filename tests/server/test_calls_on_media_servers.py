"""A live call on somebody else's media server, from end to end: sidecar, RTP, worker, leases, events."""

from pathlib import Path

import pytest
from tests.capture.sidecars import TOKEN, rehearsal
from tests.capture.waiting import until as until_held
from tests.server.test_live_calls import ANA, BEN, until, used, world

from countenance.contracts.call import VOICE
from countenance.contracts.trust import ConsentStatus
from countenance.server.live import NewCall


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
            await until(live, used(VOICE))
            # Ben published too, and said nothing: nothing of his was ever sent.
            assert server.senders() == 1
            await it.calls.answer(live.id, live.call.participants[0].id, VOICE, ConsentStatus.WITHDRAWN)
            await until_held(lambda: server.senders() == 0)
            await it.calls.end(live.id)
            assert not it.problems()

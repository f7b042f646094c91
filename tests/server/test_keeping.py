"""What the summary of a call is made of, once no process remembers the call."""

from pathlib import Path
from typing import Any

import pytest
from tests.server.test_live_calls import ANA, BEN, CONFUSED, world

from countenance.contracts.call import TEXT
from countenance.contracts.errors import NotFoundError
from countenance.control.erasure import Eraser
from countenance.control.retention import Retention
from countenance.storage.holdings import holdings


async def test_the_summary_of_a_call_outlives_the_process_but_for_whom_was_erased(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        words = {"Ana": [(at, CONFUSED) for at in (1.5, 2.5, 3.5)]}
        live = await here.begin(ANA, BEN, seconds=5, words=words)
        await here.agree(live, 0, TEXT)
        await live.over.wait()
        await here.calls.end(live.id)
        before: Any = await here.calls.summary(live.id, "tester", "test")
        here.calls._calls.clear()
        after: Any = await here.calls.summary(live.id, "tester", "test")
        own, without = ({**one, "top_moments": [], "audit": {}} for one in (before, after))
        assert without == own, "but for what was said, which is not kept, and for the log, which has grown"
        assert before["transcript"]["read"] == 3
        with here.tenant.store.reading() as tx:
            subjects = list(live.running.subjects.values())
            kept = [one.payload_id for one in holdings(tx, subjects) if one.context == "summary"]
            plain = b"".join(one.payload for one in here.tenant.vault.open_all(tx, kept))
        assert b"confused" not in plain
        Eraser(here.tenant.log, here.tenant.vault, here.control.clock).erase("ana", "art17", "self")
        last: Any = await here.calls.summary(live.id, "tester", "test")
        assert [one["name"] for one in last["participants"]] == ["Ben"]
        assert here.problems() == ()
        with pytest.raises(NotFoundError):
            await here.calls.summary("nothing", "tester", "test")


async def test_what_a_summary_is_made_of_has_a_date_on_which_it_goes(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        live = await here.begin(ANA)
        await here.calls.end(live.id)
        kept = Retention(here.tenant.log, here.tenant.vault, here.control.clock).run(dry_run=True)
        assert kept.undated == {}
        assert kept.next_due_utc_us is not None

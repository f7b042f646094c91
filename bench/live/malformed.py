"""Ten thousand requests that are nearly right: none is answered 500, nothing dies, and a call that runs goes on.

    python -m bench.live.malformed [--requests 10000] [--seed 1] [--save]

The whole service in this process with a real media worker. Bodies are changed in structure and in bytes, addresses,
cursors and headers as well (`bench/live/mutations.py`). Prints one line of figures; exits 1 on any miss.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx

from bench.faults.outcome import Outcome
from bench.live.mutations import ANA, SEEDS, mutated
from bench.live.site import TERMS
from countenance.server.app import create_app
from countenance.server.config import Config
from countenance.server.keys import NewKey
from countenance.server.opening import opened
from countenance.server.plane import of_workers
from countenance.server.tenancy import Site
from countenance.storage.clocks import SystemClock

RESULTS = Path(__file__).parent / "results"
PROBLEM = "application/problem+json"


@dataclass(slots=True)
class Found:
    """What came of the requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)


async def attack(client: httpx.AsyncClient, requests: int, seed: int) -> Found:
    """Send so many; a call and a person are there for them to be about."""
    random, found = Random(seed), Found()
    places = await _begin(client)
    for number in range(requests):
        request = mutated(random.choice(SEEDS), random, places)
        try:
            answer = await client.request(
                request.method, request.path, content=request.content, headers=dict(request.headers), timeout=60
            )
        except (httpx.InvalidURL, UnicodeEncodeError, httpx.LocalProtocolError):
            continue  # the client does not even send it
        found.statuses[answer.status_code] += 1
        if answer.status_code >= 400 and answer.headers.get("content-type") != PROBLEM:
            found.misses.append(f"request {number} of seed {seed}: {answer.status_code} is no problem document")
        if answer.status_code >= 500 and answer.status_code not in (502, 503):
            found.misses.append(
                f"request {number} of seed {seed}: {request.method} {request.path}: {answer.status_code}"
            )
        if answer.status_code == 201 and request.path.startswith("/v1/calls") and "call_id" in answer.text[:20]:
            await client.post(f"/v1/calls/{answer.json()['call_id']}/end", timeout=60)
    still = await client.get(f"/v1/calls/{places['call']}")
    if still.status_code != 200 or still.json()["state"] != "live" or still.json()["problem"]:
        found.misses.append("the call that ran before does not run any more")
    return found


async def run(requests: int, seed: int) -> Outcome:
    """The whole service, attacked."""
    with tempfile.TemporaryDirectory() as folder:
        deployed = {"purpose": "sales_coaching", "jurisdictions": ["UK"], "terms": TERMS.model_dump()}
        limits = dict.fromkeys(
            ("requests_per_second", "requests_at_once", "address_per_second", "address_at_once", "participants"), 10**9
        )
        config = Config.model_validate(
            {"data": {"folder": folder}, "deployment": deployed, "limits": limits, "workers": {"count": 1}}
        )
        site = Site.of(config, SystemClock())
        app = create_app(site)
        async with opened(site, of_workers):
            key, _ = site.keys.make(NewKey("local", "bench"))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            shown = {"Authorization": f"Bearer {key}"}
            async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=shown) as client:
                found = await attack(client, requests, seed)
                ready = await client.get("/readyz")
                report = (await client.post("/v1/audit/verify", timeout=600)).json()
        if ready.status_code != 200:
            found.misses.append(f"the service is not ready any more: {ready.text}")
        if not report["holds"]:
            found.misses.append(f"the log does not hold: {report['findings'][:3]}")
    return Outcome(
        "malformed", "issue 5", f"python -m bench.live.malformed --seed {seed}", _figures(found), found.misses
    )


async def _begin(client: httpx.AsyncClient) -> Mapping[str, str]:
    call = (await client.post("/v1/calls", json={"participants": [ANA]}, timeout=60)).json()
    return {"call": call["call_id"], "who": call["participants"][0]["participant_id"]}


def _figures(found: Found) -> dict[str, int]:
    kinds = Counter(f"answers {status // 100}xx" for status in found.statuses.elements())
    return {"requests": found.statuses.total(), **dict(sorted(kinds.items())), "answers 500": found.statuses[500]}


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    outcome = asyncio.run(run(asked.requests, asked.seed))
    if asked.save:
        outcome.save(RESULTS)
    sys.exit(outcome.conclude(save=False))


if __name__ == "__main__":
    main()

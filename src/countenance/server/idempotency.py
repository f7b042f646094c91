"""The same request twice is done once: a POST with an Idempotency-Key gets the answer of its first time again.

What is kept is sealed under a key derived from the Idempotency-Key, which stands nowhere: who holds the store cannot
read a request or an answer in it. Only what succeeded is kept; a refusal changes nothing and is given anew.
"""

import asyncio
import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args, get_origin
from weakref import WeakValueDictionary

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from countenance.contracts.clock import Clock
from countenance.server.access import caller_of, services_of
from countenance.server.kinds import IDEMPOTENCY, INVALID
from countenance.server.problems import Fault, ProblemError, unknown
from countenance.storage import replies
from countenance.storage.clocks import micros
from countenance.storage.replies import ReplyRow
from countenance.storage.sealing import KEY_BYTES, Random, seal, unseal
from countenance.storage.store import Store

HEADER = "idempotency-key"
REPLAYED = "Idempotency-Replayed"
SHAPE = re.compile(r"[A-Za-z0-9_.:-]{16,128}")
KEPT = timedelta(hours=24)
PASSED_ON = ("content-type", "location", "etag", "accept-patch", "link")
CONTEXT = "reply"

Handle = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Replies:
    """The kept answers of one tenant."""

    def __init__(self, store: Store, clock: Clock, random: Random = os.urandom) -> None:
        self._store = store
        self._clock = clock
        self._random = random

    def find(self, who: str, key: str, request: bytes) -> Reply | None:
        """The answer that this caller's key got before; raises ProblemError when that was another request."""
        tag, box_key = _derived(who, key)
        with self._store.reading() as tx:
            box = replies.find(tx, tag, micros(self._clock.utc()))
        if box is None:
            return None
        kept = json.loads(unseal(box_key, box, (CONTEXT, self._store.tenant, tag)))
        if kept["request"] != hashlib.sha256(request).hexdigest():
            raise ProblemError(IDEMPOTENCY)
        return Reply(kept["status"], kept["headers"], base64.b64decode(kept["body"]))

    def keep(self, who: str, key: str, request: bytes, reply: Reply) -> None:
        """Keep an answer for a day."""
        tag, box_key = _derived(who, key)
        kept = {
            "request": hashlib.sha256(request).hexdigest(),
            "status": reply.status,
            "headers": dict(reply.headers),
            "body": base64.b64encode(reply.body).decode(),
        }
        box = seal(box_key, json.dumps(kept).encode(), (CONTEXT, self._store.tenant, tag), self._random)
        now = self._clock.utc()
        with self._store.transaction() as tx:
            replies.put(tx, ReplyRow(tag, box, micros(now + KEPT)), micros(now))


class OnceRoute(APIRoute):
    """A route that takes no query it does not know, none twice but a list's, and a POST once for each key."""

    def get_route_handler(self) -> Handle:
        """The handler, behind what is kept."""
        handle = super().get_route_handler()
        known = dict(_queries(self.dependant))

        async def once(request: Request) -> Response:
            for name in request.query_params:
                if name not in known:
                    raise unknown(name, known or {"none"}, "query")
                if not known[name] and len(request.query_params.getlist(name)) > 1:
                    raise ProblemError(INVALID, f"{name}: given twice", faults=[Fault(name, "given twice")])
            key = request.headers.get(HEADER)
            if request.method != "POST" or key is None:
                return await handle(request)
            if not SHAPE.fullmatch(key):
                problem = "16 to 128 letters, digits, or one of _ . : -"
                raise ProblemError(INVALID, f"Idempotency-Key: {problem}", faults=[Fault("Idempotency-Key", problem)])
            return await _done_once(request, key, handle)

        return once


def _queries(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """The names in the query that a route and its dependencies know, and whether one may come more than once."""
    for one in dependant.query_params:
        annotation = one.field_info.annotation
        yield one.alias, any(get_origin(part) is list for part in (annotation, *get_args(annotation)))
    for inner in dependant.dependencies:
        yield from _queries(inner)


_locks: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = WeakValueDictionary()


async def _done_once(request: Request, key: str, handle: Handle) -> Response:
    caller = caller_of(request)
    here = services_of(request, caller)
    kept = Replies(here.tenant.store, here.control.clock)
    asked = f"{request.url.path}?{request.url.query}\n".encode() + await request.body()
    # The second of two at the same time waits for the answer of the first.
    lock = _locks.setdefault((here.name, caller.actor, key), asyncio.Lock())
    async with lock:
        found = await asyncio.to_thread(kept.find, caller.actor, key, asked)
        if found is not None:
            return Response(found.body, found.status, {**found.headers, REPLAYED: "true"})
        response = await handle(request)
        if response.status_code < 300:
            headers = {name: value for name, value in response.headers.items() if name in PASSED_ON}
            reply = Reply(response.status_code, headers, bytes(response.body))
            await asyncio.to_thread(kept.keep, caller.actor, key, asked, reply)
        return response


def _derived(who: str, key: str) -> tuple[str, bytes]:
    """The tag under which an answer is found, and the key that opens it."""
    secret = HKDF(algorithm=SHA256(), length=2 * KEY_BYTES, salt=who.encode(), info=b"countenance reply v1").derive(
        key.encode()
    )
    return secret[:KEY_BYTES].hex(), secret[KEY_BYTES:]

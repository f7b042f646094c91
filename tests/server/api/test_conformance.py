"""The service does what its own description says: schemathesis, a few examples of each operation.

`COUNTENANCE_EXAMPLES=200 pytest tests/server/api/test_conformance.py` is the long form.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from tests.server.api.scene import Scene
from tests.server.api.served import serving

from countenance.server.describe import described

EXAMPLES = int(os.environ.get("COUNTENANCE_EXAMPLES", "4"))
ANA = {"name": "Ana", "role": "customer", "person": "customer-17"}


@dataclass(frozen=True)
class Served:
    """A running service with a call in it."""

    url: str
    headers: dict[str, str]
    known: dict[str, str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    scene = Scene(tmp_path_factory.mktemp("conformance"))
    scene.pool.worker.answers = {
        "offer": {"resource_id": "r1", "sdp": "v=0", "etag": "e1"},
        "patch": {"fragment": "", "etag": "e1"},
        "delete": {},
    }
    headers = scene.key()
    with serving(scene.app) as url:
        call = httpx.post(f"{url}/v1/calls", json={"participants": [ANA]}, headers=headers).json()
        known = {"call_id": call["call_id"], "participant_id": call["participants"][0]["participant_id"]}
        yield Served(url, headers, known)


# The event stream of a running call has no end, and has tests of its own.
# While no worker has loaded models, "not ready" is the right answer of /readyz.
schema = (
    schemathesis.openapi.from_dict(described()["openapi.json"])
    .exclude(operation_id="events_follow_by_sse")
    .exclude(path="/readyz")
)

BEYOND = (
    "unknown taxonomy", "there is no playbook", "unknown label",
    "this cursor is not one that was given out", "end_us comes after start_us", "come together, or not at all",
    "of a webhook is not spelt plainly", "webhooks go by https", "is not allowed for webhooks", "that is not public",
    "is set by the operator", "URL of the media server is not spelt plainly", "not among the media servers",
    "lies in no folder of recordings", "is a table of files by participant", "tells nobody anything",
    "names nothing on the public internet", "is no name and no plain address", "a tenant has at most",
)  # fmt: skip
"""Rules about what is right that no schema can say."""


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag")
def session_description(_: object, value: object) -> bytes:
    """Text, as it is."""
    return str(value).encode(errors="replace")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES == 4,
    database=None,
)
def test_every_operation_answers_as_it_is_described(case: "schemathesis.Case[Any]", served: Served) -> None:
    for name, value in served.known.items():
        # Half of them meet a call that exists.
        positive = case.meta is None or case.meta.generation.mode.is_positive
        if positive and name in case.path_parameters and len(str(case.path_parameters[name])) % 2:
            case.path_parameters[name] = value
    response = case.call(base_url=served.url, headers=served.headers)
    beyond = response.status_code == 422 and any(rule in response.text for rule in BEYOND)
    case.validate_response(response, excluded_checks=[positive_data_acceptance] if beyond else [])

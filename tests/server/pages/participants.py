"""A call without media whose people visit their own pages."""

from dataclasses import dataclass
from importlib import resources
from typing import Any

import httpx
import pytest
from tests.server.api.scene import Scene

from countenance.server.live import LiveCall

PEOPLE = (("Ana", "customer"), ("Ben", "employee"), ("Cleo", "customer"), ("Dora", "customer"), ("Emma", "customer"))


@dataclass(frozen=True)
class Seats:
    """Who sits where."""

    scene: Scene
    address: str
    call_id: str
    ids: dict[str, str]

    @staticmethod
    def need_the_elements() -> None:
        """Skip by name where the browser's parts were not built."""
        if not (resources.files("countenance.server") / "static" / "vendor" / "countenance.js").is_file():
            pytest.skip("clients/web is not built (npm is needed: `make demo` builds it)")

    @property
    def live(self) -> LiveCall:
        return self.scene.one.calls.get(self.call_id)

    def token(self, name: str) -> str:
        return self.scene.token(self.live, self.ids[name])["Authorization"]

    def seat(self, name: str) -> str:
        return f"/v1/calls/{self.call_id}/participants/{self.ids[name]}"

    def ask(self, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401
        """A request with the operator's key."""
        answer = httpx.request(method, self.address + path, headers=self.scene.key(), **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def readable(self, name: str) -> list[str]:
        """What may be read of somebody now."""
        register = self.ask("GET", f"{self.seat(name)}/consent")
        return [one["modality"] for one in register["modalities"] if one["readable"]]

    def say_yes(self, name: str, *modalities: str) -> None:
        """Answer for somebody who was shown the notice."""
        notice = self.ask("GET", f"{self.seat(name)}/notice", params={"own_wish": "true"})
        for modality in modalities:
            body = {"modality": modality, "status": "given", "notice_sha256": notice["text_sha256"], "own_wish": True}
            self.ask("POST", f"{self.seat(name)}/consent", json=body)


def seats_of(scene: Scene, address: str) -> Seats:
    """Begin a call with everybody in it."""
    people = [
        {"name": name, "role": role, "person": f"crm-{name}-{address[-5:]}", "facts": {"minor": "adult"}}
        for name, role in PEOPLE
    ]
    answer = httpx.post(f"{address}/v1/calls", json={"participants": people}, headers=scene.key())
    assert answer.is_success, answer.text
    call = answer.json()
    return Seats(scene, address, call["call_id"], {one["name"]: one["participant_id"] for one in call["participants"]})

"""One participant's place in a call: their samplers, their open window and its lease, and what is read under it."""

import asyncio
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from countenance.contracts.call import Modality, Participant
from countenance.contracts.errors import RefusedError
from countenance.contracts.media import Sample
from countenance.contracts.stages import Encoder, Sampler
from countenance.contracts.trust import Lease
from countenance.fusion.windowing import Windower
from countenance.permission import Guard


@dataclass(slots=True)
class Seat:
    """What is held of one participant."""

    participant: Participant
    samplers: Mapping[Modality, Sampler]
    windower: Windower
    lease: Lease | None = None
    counts: dict[Modality, int] = field(default_factory=dict)
    """Samples that were read under the lease."""
    reading: "asyncio.Task[None] | None" = None

    @property
    def covered(self) -> Sequence[Modality]:
        """What the lease of the open window names."""
        return self.lease.modalities if self.lease is not None else ()

    def may_read(self, modality: Modality, guard: Guard) -> bool:
        """Whether a lease stands for it at this moment."""
        if self.lease is None or modality not in self.covered:
            return False
        try:
            guard.check(self.lease, modality)
        except RefusedError:
            return False
        return True

    def drop(self, modality: Modality) -> None:
        """Forget what is queued and what was read of a modality in the open window."""
        self.samplers[modality].drop()
        self.windower.drop(modality)

    def read_ready(self, modality: Modality, encoders: Sequence[Encoder]) -> None:
        """Read what need not wait for the end of the window."""
        self._encode(modality, self.samplers[modality].ready(), encoders)

    def read_rest(
        self, span_us: tuple[int, int], guard: Guard, encoders: Sequence[Encoder], barred: Container[Modality]
    ) -> None:
        """Cut the rest of the window and read it; what was taken back, or has no lease any more, is let go unread."""
        for modality in self.covered:
            if modality in barred or not self.may_read(modality, guard):
                self.samplers[modality].drop()
                continue
            samples, missing = self.samplers[modality].samples(*span_us)
            self.windower.miss(missing)
            self._encode(modality, samples, encoders)

    def _encode(self, modality: Modality, samples: Sequence[Sample], encoders: Sequence[Encoder]) -> None:
        for encoder in encoders:
            if encoder.takes.modality == modality and (taken := encoder.takes.of(samples)):
                self.windower.add(encoder.encode(taken))
        self.counts[modality] = self.counts.get(modality, 0) + len(samples)

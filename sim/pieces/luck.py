"""The keyed draws of the patients and lots of a batch of replications: a number for each key, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from sim.pure.arrays import FloatArray, IntArray
from sim.pure.streams import Source, Uniforms, key_table, sequence, uniforms

POISSON, LISTED, WAITING, IN_PROGRESS = 0, 1, 2, 3
SOURCES = ("poisson", "listed", "waiting", "in_progress")


@dataclass(frozen=True)
class Block:
    """The patients of one region, source and course of a replication, numbered from 0.

    They stand at `first:first + count` of the vectors. `replication`: its place in the batch.
    """

    region: str
    source: int
    first: int
    count: int
    course: int = 1
    replication: int = 0

    @property
    def stream(self) -> Source:
        """What keys this block's random numbers."""
        return Source(stream_name(self.region, self.source), self.course)


def stream_name(region: str, source: int) -> str:
    """The name that keys the random numbers of the patients of a region and source."""
    return f"{region}/{SOURCES[source]}"


@dataclass(frozen=True, eq=False)
class Luck:
    """The keyed uniforms of a batch of replications; `draw`: which routine makes them, all with the same numbers."""

    seed: int
    replications: IntArray
    blocks: tuple[Block, ...] = ()
    parameter_set: int = 0
    draw: Uniforms = field(default=uniforms)

    def alone(self, k: int) -> Luck:
        """That of replication k of the batch."""
        mine = [block for block in self.blocks if block.replication == k]
        blocks = tuple(replace(block, first=block.first - mine[0].first, replication=0) for block in mine)
        return replace(self, replications=self.replications[k : k + 1], blocks=blocks)

    @cached_property
    def _sources(self) -> tuple[Source, ...]:
        return tuple(dict.fromkeys(block.stream for block in self.blocks))

    @cached_property
    def _places(self) -> tuple[IntArray, IntArray, IntArray]:
        """(the source, the number within it, the replication) of each patient of the cohort."""
        counts = np.array([block.count for block in self.blocks], dtype=np.int64)
        sources = {source: place for place, source in enumerate(self._sources)}
        source = np.array([sources[block.stream] for block in self.blocks], dtype=np.int64)
        replication = np.array([block.replication for block in self.blocks], dtype=np.int64)
        number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(source, counts), number, np.repeat(self.replications[replication], counts)

    def of(self, purpose: str) -> FloatArray:
        """One uniform for each patient of the cohort."""
        found: FloatArray = self.patients((purpose,))[0]
        return found

    def patients(
        self, purposes: tuple[str, ...], who: IntArray | None = None, attempt: IntArray | int = 0
    ) -> FloatArray:
        """Uniforms of shape (purposes, patients), for these places in the cohort (all of it, unless said)."""
        source, number, replication = self._places
        if who is not None:
            source, number, replication = source[who], number[who], replication[who]
        return self._drawn(self._sources, purposes, source, number, replication, attempt)

    def lots(
        self,
        streams: tuple[str, ...],
        purposes: tuple[str, ...],
        who: IntArray,
        attempt: IntArray | int = 0,
        replication: IntArray | int = 0,
    ) -> FloatArray:
        """Uniforms of shape (purposes, lots), for lots of these numbers; lot n has stream n modulo their number.

        `replication`: of each lot, its place in the batch.
        """
        number, stream = np.divmod(who, len(streams))
        numbers = self.replications[np.broadcast_to(np.asarray(replication), number.shape)]
        return self._drawn(tuple(Source(name) for name in streams), purposes, stream, number, numbers, attempt)

    def sequence(self, source: str, purpose: str, count: int) -> FloatArray:
        """The first `count` uniforms of a source whose patients are not counted yet, a row a replication."""
        keys = key_table(self.seed, self.parameter_set, (Source(source),), (purpose,))
        return sequence(keys, self.replications, count, self.draw)

    def _drawn(
        self,
        sources: tuple[Source, ...],
        purposes: tuple[str, ...],
        source: IntArray,
        number: IntArray,
        replication: IntArray,
        attempt: IntArray | int,
    ) -> FloatArray:
        keys = key_table(self.seed, self.parameter_set, sources, purposes)
        attempts = attempt if isinstance(attempt, np.ndarray) else np.full(len(number), attempt, dtype=np.int64)
        return self.draw(keys, source, replication, number, attempts)

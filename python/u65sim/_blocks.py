"""Blocks that networks are made of, built and timed at any shape."""
from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple, Union

from ._compile import CompileOptions
from ._graph import Graph, ZooEntry
from ._native import Handle, Progress, call, call_long, text_of
from ._report import _row
from ._target import Target

BlockShape = Union[str, Tuple[int, int, int]]
"""(height, width, channels), or "28x28x64"."""


@dataclass(frozen=True)
class BlockPoint:
    """One block at one shape."""

    block: str
    asked: Tuple[int, int, int]
    """Height, width, channels of the sweep."""
    shape: Tuple[int, int, int]
    """That it has: other channels where MACs or parameters are equal."""
    macs: int
    parameters: int
    cycles: int
    latency_ms: float
    mac_utilization: float
    sram_bytes: int
    dram_bytes: int
    spills: int
    spill_bytes: int
    bound_by: str


@dataclass(frozen=True)
class BlockLeftOut:
    """A block at a shape that a study has no figures of."""

    block: str
    asked: Tuple[int, int, int]
    reason: str


class BlockStudy:
    """What study_blocks() returns."""

    __slots__ = ("_handle", "points", "left_out")
    _handle: Handle
    points: List[BlockPoint]
    """By shape, then block: pandas.DataFrame takes them."""
    left_out: List[BlockLeftOut]
    """The same."""

    def __init__(self) -> None:
        raise TypeError("a BlockStudy is what study_blocks() returns")

    def to_text(self) -> str:
        """At most 100 columns."""
        return text_of("blocks.text", self)

    def to_json(self) -> str:
        """Everything."""
        return text_of("blocks.json", self)

    def to_csv(self) -> str:
        """A line a point."""
        return text_of("blocks.csv", self)

    def __repr__(self) -> str:
        return f"<u65sim.BlockStudy: {len(self.points)} points>"


def block_list() -> List[ZooEntry]:
    """The blocks that block() builds."""
    return [ZooEntry(*row) for row in call("graph.block_list").value]


def _parts(shape: BlockShape) -> List[int]:
    if isinstance(shape, str):
        return [int(part) for part in shape.split("x")]
    return list(shape)


def block(name: str, shape: BlockShape, *, count: int = 1, seed: int = 1, sparsity: float = 0.0,
          clusters: int = 0, modelled: bool = False) -> Graph:
    """`count` equal blocks behind each other, from an input of `shape` to an output of `shape`.
    Raises InvalidModel with the nearest name, or for channels that the block cannot have."""
    return Graph._of(call("graph.block", name=name, shape=_parts(shape), count=count, seed=seed,
                          sparsity=sparsity, clusters=clusters, modelled=modelled))


def study_blocks(target: Target, blocks: Sequence[str] = (), shapes: Sequence[BlockShape] = (), *,
                 equal: str = "shape", inside: bool = False, reference: str = "standard_3x3",
                 most_channels: int = 1024, options: CompileOptions = CompileOptions(),
                 effort: str = "normal", progress: Optional[Progress] = None) -> BlockStudy:
    """Compiles and simulates every block (none given: all) at every shape (none: a sweep).

    `equal` is "shape", "macs" or "parameters": the latter give each block as many channels, at
    most `most_channels`, as come nearest to the reference's. `inside` measures the second of three
    blocks. `progress(done, all)` returns False to end with Cancelled.
    """
    texts = ["x".join(str(part) for part in _parts(shape)) for shape in shapes]
    reply = call_long("blocks.study", target, blocks=list(blocks), shapes=texts, equal=equal,
                      inside=inside, reference=reference, most_channels=most_channels,
                      effort=effort, progress=progress, **options._arguments())
    study = BlockStudy.__new__(BlockStudy)
    study._handle = reply.objects[0]
    study.points = [_row(BlockPoint, row) for row in reply.value["points"]]
    study.left_out = [_row(BlockLeftOut, row) for row in reply.value["left_out"]]
    return study

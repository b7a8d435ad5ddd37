"""Networks changed as a search or a pruning tool would: pure functions from graph to graph.

They raise InvalidModel for values out of range and for networks that cannot follow.
"""
from __future__ import annotations

from typing import List, Sequence

from ._graph import Graph
from ._native import call


def scale_width(graph: Graph, factor: float, *, keep: Sequence[str] = (),
                divisor: int = 8) -> Graph:
    """Multiplies the channels of every layer by `factor` (0.01 to 16), rounded to a multiple of
    `divisor`; those of the operators named in `keep` stay."""
    return Graph._of(call("transform.scale_width", graph, factor=factor, keep=list(keep),
                          divisor=divisor))


def prune_channels(graph: Graph, share: float, *, keep: Sequence[str] = (),
                   divisor: int = 8) -> Graph:
    """Structured pruning: removes a share (0 to 0.99) of each layer's channels, those with the
    smallest weights; rounds and keeps as scale_width() does."""
    return Graph._of(call("transform.prune_channels", graph, share=share, keep=list(keep),
                          divisor=divisor))


def scale_resolution(graph: Graph, height: int) -> Graph:
    """Gives every image input this height, its width in proportion."""
    return Graph._of(call("transform.scale_resolution", graph, height=height))


def scale_depth(graph: Graph, factor: float) -> Graph:
    """Repeats or removes blocks that keep their shape: `factor` (0.01 to 16) times as many."""
    return Graph._of(call("transform.scale_depth", graph, factor=factor))


def substitute_blocks(graph: Graph, kind: str, *, group_width: int = 16, seed: int = 1) -> Graph:
    """Replaces every depthwise convolution by another kind of block ("fused", "ghost",
    "blueprint", "grouped" with groups of `group_width` channels, "pooling"), its weights drawn
    from `seed`."""
    return Graph._of(call("transform.substitute_blocks", graph, kind=kind,
                          group_width=group_width, seed=seed))


def sparsity_schedule(graph: Graph, share: float, schedule: str = "uniform") -> List[float]:
    """The share of zeros of each operator whose mean over all weights is `share`: "uniform", or
    "log_parameters" in proportion to the logarithm of a layer's parameters."""
    shares: List[float] = call("transform.sparsity_schedule", graph, share=share,
                               schedule=schedule).value
    return shares


def prune_weights(graph: Graph, shares: Sequence[float]) -> Graph:
    """Unstructured pruning: sets the smallest weights of each operator to zero until the share
    given for it is zero. One entry an operator, each from 0 to 1."""
    return Graph._of(call("transform.prune_weights", graph,
                          shares=[float(share) for share in shares]))


def prune_pattern(graph: Graph, kept: int, group: int) -> Graph:
    """Keeps the `kept` largest of every `group` weights along the input channels (2 of 4)."""
    return Graph._of(call("transform.prune_pattern", graph, kept=kept, group=group))


def cluster_weights(graph: Graph, clusters: int) -> Graph:
    """Moves every weight to the nearest of `clusters` (2 to 255) values of its layer."""
    return Graph._of(call("transform.cluster_weights", graph, clusters=clusters))


def limit_weight_bits(graph: Graph, bits: int) -> Graph:
    """Rounds weights to the grid that `bits` (2 to 8) give; values stay 8 bits wide."""
    return Graph._of(call("transform.limit_weight_bits", graph, bits=bits))


def widen_activations(graph: Graph, bits: int) -> Graph:
    """Turns int8 activations into int16 for 16 bits; returns the graph as it is for 8."""
    return Graph._of(call("transform.widen_activations", graph, bits=bits))

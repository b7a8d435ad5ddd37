#!/usr/bin/env python3
"""Which channels go, until a network is fast enough? Every layer is tried alone on the simulated NPU; the
one with the most cycles saved for each weight lost is pruned, again and again.

    python prune_to_latency.py [NET.tflite] [MILLISECONDS]
"""
import sys
from typing import List

import u65sim

STEP = 0.25  # of a layer's channels at a time


def candidates(graph: u65sim.Graph) -> List[u65sim.Graph]:
    """The network with one convolution pruned, for each that has channels to spare. What works on
    its channels, as a depthwise convolution does, follows."""
    layers = [op.name for op in graph.operators if op.type == "CONV_2D"]
    pruned = [u65sim.prune_channels(graph, STEP, keep=[name for name in layers if name != layer])
              for layer in layers]
    return [each for each in pruned if each.parameters < graph.parameters]


def prune(graph: u65sim.Graph, oracle: u65sim.Oracle, limit_ms: float) -> u65sim.Graph:
    """The network pruned until it is within the limit, or can be pruned no further."""
    report = oracle.estimate(graph)
    print(f"{report.latency_ms:.3f} ms, {graph.parameters:,} parameters")
    while report.latency_ms is not None and report.latency_ms > limit_ms:
        tried = candidates(graph)
        gains = []
        for pruned, answer in zip(tried, oracle.estimate_all(tried)):
            lost = graph.parameters - pruned.parameters
            gains.append(((report.cycles - answer.cycles) / lost, pruned, answer))
        best = max(gains, key=lambda each: each[0], default=None)
        if best is None or best[0] <= 0:
            break
        _, graph, report = best
        print(f"{report.latency_ms:.3f} ms, {graph.parameters:,} parameters")
    return graph


def main() -> None:
    """Prunes the zoo's MobileNetV1 unless a file is given."""
    graph = (u65sim.Graph.read(sys.argv[1]) if len(sys.argv) > 1
             else u65sim.Graph.zoo("mobilenet_v1_025_96"))
    limit_ms = float(sys.argv[2]) if len(sys.argv) > 2 else 0.12
    oracle = u65sim.Oracle(u65sim.Target.preset("u65-256"))
    pruned = prune(graph, oracle, limit_ms)
    pruned.save("pruned.tflite")
    print("written to pruned.tflite")


if __name__ == "__main__":
    main()

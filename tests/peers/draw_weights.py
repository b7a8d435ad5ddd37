#!/usr/bin/env python3
"""Gives the convolutions of an int8 network other weights, so that they compress otherwise.

    VENV/bin/python tests/peers/draw_weights.py IN.tflite OUT.tflite --deviation 27

VENV is one with Vela, whose reader of .tflite is used. Weights are drawn from a normal distribution
(--deviation, in steps of the int8 grid) or evenly over all values (--even), which no encoder can
make smaller.
"""
import argparse
import sys

import numpy
from ethosu.vela.tflite.Model import Model
from ethosu.vela.tflite.TensorType import TensorType

LEAST = 256  # bytes: smaller constants are no weights to speak of


def weights_of(data):
    """Views of the constant weights in `data`, a bytearray."""
    model = Model.GetRootAsModel(data, 0)
    for s in range(model.SubgraphsLength()):
        graph = model.Subgraphs(s)
        for t in range(graph.TensorsLength()):
            tensor = graph.Tensors(t)
            buffer = model.Buffers(tensor.Buffer())
            if tensor.Type() != TensorType.INT8 or buffer.DataLength() < LEAST:
                continue
            yield buffer.DataAsNumpy().view(numpy.int8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--deviation", type=float, default=37)
    parser.add_argument("--even", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = numpy.random.default_rng(options.seed)
    with open(options.source, "rb") as file:
        data = bytearray(file.read())
    count = 0
    for weights in weights_of(data):
        if options.even:
            values = draw.integers(-127, 128, weights.shape)
        else:
            values = numpy.rint(draw.normal(0, options.deviation, weights.shape)).clip(-127, 127)
        weights[...] = values
        count += 1
    if count == 0:
        sys.exit(f"{options.source}: no int8 weights")
    with open(options.target, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main()

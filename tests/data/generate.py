#!/usr/bin/env python3
"""Writes execute.txt: what the reference interpreter computes for seeded inputs.

Needs ai-edge-litert and numpy. Usage: generate.py NETWORK.tflite... > execute.txt
The folder's name says where the test finds the network: `models`, `zoo` for networks built in
code and saved there under their names, or `operators` for the single ones beside this file, which
`operator_matrix.py --smallest` wrote. Inputs are not stored: byte k of all input tensors in a row is the top byte of the
k-th state of a 64-bit linear congruential generator whose first state is the seed. Elements of float32 take one
byte each, b: (b - 128) / 16. `--seeds 1` asks for one line a network.
Each line: folder/network seed output-bytes-in-hex (all output tensors in a row).
"""
import argparse
import pathlib
import sys

import numpy as np

sys.path.append(str(pathlib.Path(__file__).parent.parent / "peers"))
from litert import interpreter_of

MASK = (1 << 64) - 1


def generator(seed):
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) & MASK
        yield state >> 56


def drawn(detail, values):
    shape, kind = detail["shape"], np.dtype(detail["dtype"])
    count = int(np.prod(shape))
    if kind == np.float32:
        elements = [(next(values) - 128) / 16 for _ in range(count)]
        return np.array(elements, np.float32).reshape(shape)
    raw = bytes(next(values) for _ in range(count * kind.itemsize))
    return np.frombuffer(raw, kind).reshape(shape)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("networks", nargs="+", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    for path in arguments.networks:
        interpreter = interpreter_of(path.read_bytes())
        for seed in range(1, arguments.seeds + 1):
            interpreter.reset_all_variables()
            values = generator(seed)
            for detail in interpreter.get_input_details():
                interpreter.set_tensor(detail["index"], drawn(detail, values))
            interpreter.invoke()
            result = b"".join(np.ascontiguousarray(interpreter.get_tensor(d["index"])).tobytes()
                              for d in interpreter.get_output_details())
            print(f"{path.parent.name}/{path.stem}", seed, result.hex())


if __name__ == "__main__":
    main()

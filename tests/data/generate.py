#!/usr/bin/env python3
"""Writes execute.txt: what the reference interpreter computes for seeded inputs.

Needs ai-edge-litert and numpy. Usage: generate.py NETWORK.tflite... > execute.txt
The folder's name says where the test finds the network: `models`, `zoo` for networks built in
code and saved there under their names, or `operators` for the single ones beside this file, which
`operator_matrix.py --smallest` wrote. Inputs are not stored: byte k of all input tensors in a row is the top byte of the
k-th state of a 64-bit linear congruential generator whose first state is the seed.
Each line: folder/network seed output-bytes-in-hex (all output tensors in a row).
"""
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


def main():
    for path in map(pathlib.Path, sys.argv[1:]):
        interpreter = interpreter_of(path.read_bytes())
        for seed in (1, 2):
            interpreter.reset_all_variables()
            values = generator(seed)
            for detail in interpreter.get_input_details():
                count = int(np.prod(detail["shape"])) * np.dtype(detail["dtype"]).itemsize
                raw = bytes(next(values) for _ in range(count))
                interpreter.set_tensor(
                    detail["index"], np.frombuffer(raw, detail["dtype"]).reshape(detail["shape"]))
            interpreter.invoke()
            result = b"".join(np.ascontiguousarray(interpreter.get_tensor(d["index"])).tobytes()
                              for d in interpreter.get_output_details())
            print(f"{path.parent.name}/{path.stem}", seed, result.hex())


if __name__ == "__main__":
    main()

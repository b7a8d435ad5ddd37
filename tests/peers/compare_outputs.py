#!/usr/bin/env python3
"""Compares whole networks, executed on the simulated NPU, with LiteRT's reference kernels, byte for byte.

Needs what requirements-matrix.txt and requirements.txt list. Usage:
  compare_outputs.py PROGRAM NETWORK.tflite... [--inputs 10] [--targets u65-256,u65-512,u55-128]
                     [--producers u65sim,vela] [--table FILE]
PROGRAM is the u65sim program. Every network runs as each producer compiled it for each target, on
random inputs, with the checker on. The exit code is 1 when an output differs, the checker finds
something or a network does not run.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import zlib

import numpy as np
from litert import interpreter_of

VELA_MEMORY = {
    "u65": ["--system-config", "Ethos_U65_High_End", "--memory-mode", "Dedicated_Sram",
            "--arena-cache-size", "393216"],
    "u55": ["--system-config", "Ethos_U55_High_End_Embedded", "--memory-mode", "Shared_Sram"],
}


def references(path, count):
    """`count` pairs of raw inputs and raw expected outputs."""
    interpreter = interpreter_of(path.read_bytes())
    random = np.random.default_rng(zlib.crc32(path.name.encode()))
    pairs = []
    for _ in range(count):
        inputs = []
        for detail in interpreter.get_input_details():
            kind = detail["dtype"]
            if np.issubdtype(kind, np.floating):
                values = random.normal(size=detail["shape"]).astype(kind)
            else:
                limits = np.iinfo(kind)
                values = random.integers(limits.min, limits.max + 1, detail["shape"]).astype(kind)
            interpreter.set_tensor(detail["index"], values)
            inputs.append(values.tobytes())
        interpreter.invoke()
        pairs.append((inputs, [interpreter.get_tensor(d["index"])
                               for d in interpreter.get_output_details()]))
    return pairs


def vela_output(path, target, folder):
    """The network as Vela compiled it, or None and why not."""
    done = subprocess.run(
        [pathlib.Path(sys.executable).parent / "vela", str(path), "--accelerator-config",
         f"ethos-{target}", "--config", "Arm/vela.ini", *VELA_MEMORY[target[:3]],
         "--output-dir", str(folder)], capture_output=True, text=True)
    compiled = folder / f"{path.stem}_vela.tflite"
    if done.returncode != 0 or not compiled.exists():
        return None, (done.stdout + done.stderr).strip().splitlines()[-1]
    return compiled, None


def compare(program, network, target, pairs, folder, more=()):
    """Elements, those that differ, the largest difference; or an error's text. `more` arguments
    of the program may say more of the target."""
    elements = differing = most = 0
    for inputs, expected in pairs:
        names = []
        for k, raw in enumerate(inputs):
            names.append(str(folder / f"input_{k}.bin"))
            pathlib.Path(names[-1]).write_bytes(raw)
        for old in folder.glob("output_*.bin"):
            old.unlink()
        done = subprocess.run(
            [program, "run", str(network), "--target", target, *more, "-f", "csv", "-o",
             str(folder / "report.csv"), "--input", *names, "--output", str(folder), "--check"],
            capture_output=True, text=True)
        if done.returncode != 0:
            return None, done.stderr.strip()
        for k, values in enumerate(expected):
            ours = np.frombuffer((folder / f"output_{k}.bin").read_bytes(), values.dtype)
            apart = np.abs(ours.astype(np.float64) - values.ravel().astype(np.float64))
            elements += apart.size
            differing += int(np.count_nonzero(apart))
            most = max(most, float(apart.max(initial=0)))
    return (elements, differing, most), None


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("networks", nargs="+", type=pathlib.Path)
    parser.add_argument("--inputs", type=int, default=10)
    parser.add_argument("--targets", default="u65-256,u65-512,u55-128")
    parser.add_argument("--producers", default="u65sim,vela")
    parser.add_argument("--table", type=pathlib.Path)
    arguments = parser.parse_args()
    lines = ["| network | compiled by | target | inputs | output elements | differing | result |",
             "|---|---|---|---|---|---|---|"]
    failures = 0
    for path in arguments.networks:
        pairs = references(path, arguments.inputs)
        for producer in arguments.producers.split(","):
            for target in arguments.targets.split(","):
                with tempfile.TemporaryDirectory() as name:
                    folder = pathlib.Path(name)
                    network, error = path, None
                    if producer == "vela":
                        network, error = vela_output(path, target, folder)
                    result = None
                    if error is None:
                        result, error = compare(arguments.program, network, target, pairs, folder)
                if error is not None:
                    cells, bad = ["", "", error.replace("|", "/")], True
                else:
                    elements, differing, most = result
                    bad = differing > 0
                    cells = [f"{elements:,}", f"{differing:,}",
                             f"at most {most:g} apart" if bad else "equal"]
                failures += bad
                lines.append(f"| {path.stem} | {producer} | {target} | {len(pairs)} | "
                             + " | ".join(cells) + " |")
                print(lines[-1], flush=True)
    if arguments.table:
        arguments.table.write_text("\n".join(lines) + "\n")
    print(f"{len(lines) - 2} rows, {failures} not equal")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Compares single operators on the simulated NPU with LiteRT's reference kernels, byte for byte.

Needs what requirements-matrix.txt lists. Usage:
  operator_matrix.py PROGRAM [--cases 20] [--target u65-256] [--table FILE] [OPERATOR...]
PROGRAM is the u65sim program. Each case is a random network of one operator that runs on random
data with the checker on. `--table` writes the result as Markdown; the exit code is 1 when an
operator on the NPU differs or the checker finds something.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import zlib

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from operator_networks import OPERATORS, Network

Row = collections.namedtuple("Row", "operator type npu exact elements differing most cpu refused notes")


def reference(model, inputs):
    interpreter = Interpreter(model_content=model,
                              experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    for detail, values in zip(interpreter.get_input_details(), inputs):
        interpreter.set_tensor(detail["index"], values)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


def simulate(arguments, folder, model, inputs):
    """Outputs as bytes, the report and the error, one of the latter two None."""
    (folder / "net.tflite").write_bytes(model)
    names = []
    for k, values in enumerate(inputs):
        names.append(str(folder / f"input_{k}.bin"))
        values.tofile(names[-1])
    for old in folder.glob("output_*.bin"):
        old.unlink()
    done = subprocess.run(
        [arguments.program, "run", str(folder / "net.tflite"), "--target", arguments.target, "-f", "json",
         "--input", *names, "--output", str(folder), "--check"], capture_output=True, text=True)
    if done.returncode != 0:
        return [], None, done.stderr.strip()
    outputs = sorted(folder.glob("output_*.bin"), key=lambda p: int(p.stem.split("_")[1]))
    return [p.read_bytes() for p in outputs], json.loads(done.stdout), None


def run(name, kind, arguments, folder):
    build = OPERATORS[name][1]
    npu = exact = elements = differing = most = cpu = refused = 0
    notes = collections.Counter()
    for case in range(arguments.cases):
        net = Network(kind, zlib.crc32(f"{name} {kind} {case}".encode()))
        build(net)
        model = net.bytes()
        inputs = [net.random.integers(net.low, net.high + 1, net.shape(i)).astype(net.dtype)
                  for i in net.graph.inputs]
        try:
            wanted = reference(model, inputs)
        except (RuntimeError, ValueError) as error:
            refused += 1
            notes["LiteRT: " + str(error).splitlines()[0][:100]] += 1
            continue
        got, report, error = simulate(arguments, folder, model, inputs)
        if error is not None and "checker" not in error and "CPU" in error:
            cpu += 1
            notes[error.removeprefix("u65sim: error: ")[:120]] += 1
            continue
        on_cpu = error is None and report["model"]["cpu_operators"]
        if on_cpu:
            cpu += 1
        else:
            npu += 1
        if error is not None:
            notes[error.removeprefix("u65sim: error: ")[:160]] += 1
            continue
        worst = wrong = count = 0
        for want, raw in zip(wanted, got, strict=True):
            have = np.frombuffer(raw, want.dtype).reshape(want.shape)
            gap = np.abs(want.astype(np.int64) - have.astype(np.int64))
            count += gap.size
            wrong += int(np.count_nonzero(gap))
            worst = max(worst, int(gap.max()))
        if worst and arguments.keep:
            (pathlib.Path(arguments.keep) / f"{name}_{kind}_{case}.tflite").write_bytes(model)
        if on_cpu:
            if worst:
                notes[f"on the CPU: differs by up to {worst}"] += 1
            continue
        exact += worst == 0
        elements += count
        differing += wrong
        most = max(most, worst)
    return Row(name, kind, npu, exact, elements, differing, most, cpu, refused, notes)


def table(rows, arguments):
    import ai_edge_litert
    version = getattr(ai_edge_litert, "__version__", "")
    lines = [
        "# Which operators are exact?", "",
        f"Random networks of one operator, {arguments.cases} for each line, on {arguments.target}: "
        "our compiler and functional execution",
        f"against the reference kernels of LiteRT {version}, every byte. Shapes, windows, strides, "
        "paddings, dilations,",
        "quantisations, broadcasts and fused activations are drawn. `--check` was on in every case. "
        "`tests/peers/operator_matrix.py`",
        "writes this page.", "",
        "`exact`: cases on the NPU without a differing element. `CPU`: cases that the compiler leaves "
        "to the CPU. `no reference`: cases",
        "that LiteRT does not take.", "",
        "| operator | type | on the NPU | exact | elements | differing | largest difference | CPU | no reference |",
        "|---|---|---|---|---|---|---|---|---|"]
    for r in rows:
        lines.append(f"| {r.operator} | {r.type} | {r.npu} | {r.exact} | {r.elements:,} | {r.differing:,} "
                     f"| {r.most} | {r.cpu} | {r.refused} |")
    npu, exact = sum(r.npu for r in rows), sum(r.exact for r in rows)
    lines += ["", f"In all {npu} cases on the NPU, {exact} exact; {sum(r.cpu for r in rows)} on the CPU, "
              f"{sum(r.refused for r in rows)} without a reference.", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("operators", nargs="*")
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--target", default="u65-256")
    parser.add_argument("--types", default="int8,uint8,int16")
    parser.add_argument("--table")
    parser.add_argument("--keep", help="folder for the networks that differ")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (kinds, _) in OPERATORS.items():
            if arguments.operators and name not in arguments.operators:
                continue
            for kind in kinds:
                if kind not in arguments.types.split(","):
                    continue
                row = run(name, kind, arguments, pathlib.Path(folder))
                rows.append(row)
                print(f"{row.operator:28} {row.type:6} npu {row.npu:3} exact {row.exact:3} "
                      f"differing {row.differing}/{row.elements} max {row.most} cpu {row.cpu} "
                      f"no reference {row.refused}", flush=True)
                for note, count in row.notes.most_common(3):
                    print(f"    {count} x {note}", flush=True)
    if arguments.table:
        pathlib.Path(arguments.table).write_text(table(rows, arguments))
    return int(any(r.exact != r.npu for r in rows))


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Compares single operators on the simulated NPU with LiteRT's reference kernels, byte for byte.

Needs what requirements-matrix.txt lists. Usage:
  operator_matrix.py PROGRAM [--cases 20] [--target u65-256,u65-512] [--table FILE] [OPERATOR...]
PROGRAM is the u65sim program. Each case is a random network of one operator that runs on random
data with the checker on. `--table` writes the result as Markdown; the exit code is 1 when a case
differs, cannot be executed or the checker finds something.
"""
import argparse
import collections
import concurrent.futures
import itertools
import json
import math
import multiprocessing
import pathlib
import subprocess
import sys
import tempfile
import zlib

import numpy as np
from litert import interpreter_of
import operator_networks
from hybrid_networks import HYBRIDS
from operator_networks import FORMS, Network

OPERATORS = {**operator_networks.OPERATORS, **HYBRIDS}


class Count:
    """Cases of one operator on one accelerator."""

    def __init__(self):
        self.npu = self.npu_exact = self.cpu = self.cpu_exact = 0


class Row:
    def __init__(self, operator, kind, targets):
        self.operator, self.type = operator, kind
        self.counts = {target: Count() for target in targets}
        self.elements = self.differing = self.most = self.refused = 0
        self.notes = collections.Counter()

    def exact(self):
        return all(c.npu == c.npu_exact and c.cpu == c.cpu_exact for c in self.counts.values())


def invoked(model, inputs):
    interpreter = interpreter_of(model)
    for detail, values in zip(interpreter.get_input_details(), inputs):
        interpreter.set_tensor(detail["index"], values)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


class Reference:
    """LiteRT in a process of its own: some of its kernels end it where they take no case."""

    def __init__(self):
        self.pool = None

    def __call__(self, model, inputs):
        if self.pool is None:
            # Not forked: a copy of a process with threads may inherit a lock that nobody gives back.
            self.pool = concurrent.futures.ProcessPoolExecutor(
                1, mp_context=multiprocessing.get_context("spawn"))
        try:
            return self.pool.submit(invoked, model, inputs).result()
        except concurrent.futures.process.BrokenProcessPool:
            self.pool = None
            raise RuntimeError("ends the process") from None


reference = Reference()


def simulate(arguments, target, folder, model, inputs, timing=False):
    """Outputs as bytes, the report and the error, one of the latter two None. `timing`: no data."""
    (folder / "net.tflite").write_bytes(model)
    names = []
    for k, values in enumerate(inputs):
        names.append(str(folder / f"input_{k}.bin"))
        values.tofile(names[-1])
    for old in folder.glob("output_*.bin"):
        old.unlink()
    done = subprocess.run(
        [arguments.program, "run", str(folder / "net.tflite"), "--target", target, "-f", "json",
         *([] if timing else ["--input", *names, "--output", str(folder), "--check"])],
        capture_output=True, text=True)
    if done.returncode != 0:
        return [], None, done.stderr.strip()
    outputs = sorted(folder.glob("output_*.bin"), key=lambda p: int(p.stem.split("_")[1]))
    return [p.read_bytes() for p in outputs], json.loads(done.stdout), None


def compare(row, count, wanted, form, got, report, error):
    """Counts one case; the largest difference, or None where there is no output."""
    if error is not None:
        on_cpu = "checker" not in error and "CPU" in error
        count.cpu += on_cpu
        count.npu += not on_cpu
        row.notes[f"{form}: " + error.removeprefix("u65sim: error: ")[:160]] += 1
        return None
    worst = wrong = 0
    for want, raw in zip(wanted, got, strict=True):
        have = np.frombuffer(raw, want.dtype).reshape(want.shape)
        if want.dtype == np.float32:  # difference of the bit patterns: units in the last place
            want, have = want.view(np.int32), have.view(np.int32)
        gap = np.abs(want.astype(np.int64) - have.astype(np.int64))
        row.elements += gap.size
        wrong += int(np.count_nonzero(gap))
        worst = max(worst, int(gap.max()))
    row.differing += wrong
    row.most = max(row.most, worst)
    if report["model"]["cpu_operators"]:
        count.cpu += 1
        count.cpu_exact += worst == 0
    else:
        count.npu += 1
        count.npu_exact += worst == 0
    if worst:
        place = "CPU" if report["model"]["cpu_operators"] else "NPU"
        row.notes[f"{form}: on the {place}: {wrong} elements differ by up to {worst}"] += 1
    return worst


def build(name, kind, case, form="drawn"):
    seed = f"{name} {kind} {case}" + ("" if form == "drawn" else f" {form}")
    net = Network(kind, zlib.crc32(seed.encode()), form)
    OPERATORS[name][1](net)
    return net


def write_smallest(name, kind, arguments):
    """The smallest network that still computes a few elements."""
    def size(net):
        elements = sum(math.prod(net.shape(i)) for i in net.graph.outputs)
        return elements < 24, len(net.bytes()) + 4 * elements

    net = min((build(name, kind, case) for case in range(arguments.cases)), key=size)
    stem = "_".join("".join(c if c.isalnum() else " " for c in f"{name} {kind}".lower()).split())
    (pathlib.Path(arguments.smallest) / f"{stem}.tflite").write_bytes(net.bytes())


def run(name, kind, arguments, folder):
    row = Row(name, kind, arguments.target.split(","))
    plain = kind in ("int32", "float32")
    forms = arguments.forms.split(",")
    for case, form in itertools.product(range(arguments.cases), forms[:1] if plain else forms):
        net = build(name, kind, case, form)
        model = net.bytes()
        inputs = [net.draw(net.shape(i)) for i in net.graph.inputs]
        try:
            wanted = net.defined(reference(model, inputs))
        except (RuntimeError, ValueError) as error:
            row.refused += 1
            row.notes["LiteRT: " + str(error).splitlines()[0][:100]] += 1
            continue
        for target, count in row.counts.items():
            worst = compare(row, count, wanted, form,
                            *simulate(arguments, target, folder, model, inputs))
            if worst != 0 and arguments.keep:
                (pathlib.Path(arguments.keep) / f"{name}_{kind}_{form}_{case}.tflite").write_bytes(model)
    return row


def cell(exact, cases):
    return f"{exact} of {cases}" if cases else ""


def table(rows, arguments):
    import ai_edge_litert
    version = getattr(ai_edge_litert, "__version__", "")
    targets = arguments.target.split(",")
    lines = [
        "# Which operators are exact?", "",
        f"Random networks of one operator, {arguments.cases} of each form for each line: our compiler "
        "and functional execution against",
        f"the reference kernels of LiteRT {version} (its only kernels for ELU, CEIL, ROUND and BROADCAST_TO, its default ones for SUM on int8 and int16), "
        "every byte, on every accelerator named. Shapes, "
        "windows, strides, paddings,",
        "dilations, quantisations, broadcasts and fused activations are drawn. `--check` was on in "
        "every case.",
        f"Forms: {', '.join(arguments.forms.split(','))}. `ties` have scales that are powers of two, or "
        "one and a half of these, so that",
        "many results lie halfway between two integers; `extremes` zero points and values at the ends "
        "of their types, scales far apart",
        "and large biases. Unquantised types have the first form only.",
        "`tests/peers/operator_matrix.py` writes this page.", "",
        "Each accelerator's first column says how many cases ran on the NPU without a differing element, "
        "the second how many of",
        "those that the compiler leaves to the CPU did. `elements` and the differences are over all of "
        "them. `no reference`: cases",
        "that LiteRT does not take.", "",
        "| operator | type | " + " | ".join(f"{t} | CPU" for t in targets) +
        " | elements | differing | largest difference | no reference |",
        "|---|---|" + "---|---|" * len(targets) + "---|---|---|---|"]
    for r in rows:
        counts = " | ".join(f"{cell(c.npu_exact, c.npu)} | {cell(c.cpu_exact, c.cpu)}"
                            for c in r.counts.values())
        lines.append(f"| {r.operator} | {r.type} | {counts} | {r.elements:,} | {r.differing:,} "
                     f"| {r.most} | {r.refused} |")
    every = [c for r in rows for c in r.counts.values()]
    total = lambda field: sum(getattr(c, field) for c in every)
    lines += ["", f"In all {total('npu_exact')} of {total('npu')} cases on the NPU exact, "
              f"{total('cpu_exact')} of {total('cpu')} on the CPU; "
              f"{sum(r.refused for r in rows)} without a reference.", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("operators", nargs="*")
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--target", default="u65-256", help="one, or several with commas between")
    parser.add_argument("--types", default="int8,uint8,int16,int32,float32")
    parser.add_argument("--forms", default=",".join(FORMS), help="how networks are drawn")
    parser.add_argument("--table")
    parser.add_argument("--keep", help="folder for the networks that differ")
    parser.add_argument("--smallest", help="only write the smallest network of each line to this "
                        "folder, for tests/data")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (kinds, _) in OPERATORS.items():
            if arguments.operators and name not in arguments.operators:
                continue
            for kind in kinds:
                if kind not in arguments.types.split(","):
                    continue
                if arguments.smallest:
                    write_smallest(name, kind, arguments)
                    continue
                row = run(name, kind, arguments, pathlib.Path(folder))
                rows.append(row)
                counts = "  ".join(f"{t}: npu {cell(c.npu_exact, c.npu) or '-'} "
                                   f"cpu {cell(c.cpu_exact, c.cpu) or '-'}"
                                   for t, c in row.counts.items())
                print(f"{row.operator:36} {row.type:6} {counts}  differing {row.differing}/{row.elements} "
                      f"max {row.most} no reference {row.refused}", flush=True)
                for note, count in row.notes.most_common(3):
                    print(f"    {count} x {note}", flush=True)
    if arguments.table:
        pathlib.Path(arguments.table).write_text(table(rows, arguments))
    return int(not all(r.exact() for r in rows))


if __name__ == "__main__":
    sys.exit(main())

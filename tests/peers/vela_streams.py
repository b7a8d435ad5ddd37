#!/usr/bin/env python3
"""Runs what several releases of Vela make of single operators, and compares with LiteRT's reference
kernels on the network before compilation, byte for byte.

Needs what requirements-matrix.txt lists, and a Python for each Vela (any version; it need not have
anything else). Usage:
  vela_streams.py PROGRAM [OPERATOR...] --vela 3.12=PYTHON --vela 5.2=PYTHON --config vela.ini
                  [--targets u65-256,u55-128] [--cases 2] [--types int8,uint8,int16]
                  [--table FILE] [--keep FOLDER]
PROGRAM is the u65sim program, vela.ini the file of configurations that comes with Vela. Each case is
a random network of one operator (operator_networks.py) that runs on random data with the checker on.
`--table` writes the result as Markdown, `--keep` the networks, streams and data of what differs. The
exit code is 1 when a stream is refused or differs without a reason that explanations below give.
"""
import argparse
import collections
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from operator_matrix import build, reference
from operator_networks import OPERATORS

# Why a stream gives other bytes than the network: (operators, types, versions or None for all,
# text). Each was traced to the stream: the registers ask for it.
OLD = ("3.2", "3.4", "3.10", "3.12", "4.2")
REASONS = [
    (("FULLY_CONNECTED (32-bit bias)",), ("int16",), ("5.0", "5.2"),
     "FULLY_CONNECTED: LiteRT 2.3 rounds once, the stream asks for TensorFlow Lite's two roundings."),
    (("FULLY_CONNECTED*",), ("int16",), None,
     "int16: LiteRT multiplies FULLY_CONNECTED's sums by all 31 bits of the scale, Vela's scale records "
     "hold 15 of them, as for LiteRT's convolutions with a 64-bit bias."),
    (("CONV_2D (32-bit bias)",), ("int16",), OLD + ("5.0",),
     "int16 with a 32-bit bias: LiteRT rounds twice, these streams ask for one rounding."),
    (("FULLY_CONNECTED*",), ("int8", "uint8"), None,
     "FULLY_CONNECTED: LiteRT 2.3 rounds once, the stream asks for TensorFlow Lite's two roundings."),
    (("TRANSPOSE_CONV*",), ("int8", "uint8", "int16"), OLD,
     "TRANSPOSE_CONV with a stride of 1: padded like a plain convolution; with left and right, or top and "
     "bottom, exchanged in the registers the bytes are LiteRT's."),
    (("SQUARED_DIFFERENCE*",), ("int8", "uint8", "int16"), OLD,
     "SQUARED_DIFFERENCE with one operand broadcast: the subtraction is written for the small operand's "
     "shape, so only its first positions are computed."),
    (("MEAN*",), ("int8", "uint8"), ("3.2", "3.4"),
     "MEAN with equal scales: divided and truncated, where LiteRT rounds; over one axis without keep_dims: "
     "written for another shape, so that it reads outside of its input."),
    (("RESIZE_BILINEAR*",), ("int8", "uint8"), ("3.2", "3.4"),
     "RESIZE_BILINEAR: rounded behind each doubling, and halves of negative values up, where LiteRT rounds "
     "once, away from zero."),
    (("SUM",), ("int8", "int16"), ("5.0", "5.2"),
     "SUM over height and width: groups of neighbouring elements are summed, and as many written as the "
     "input has of them, beyond the output."),
    (("TRANSPOSE*",), ("uint8",), ("5.0", "5.2"),
     "uint8 TRANSPOSE: moved as int8 with clamp limits of 0 to 127, so that bytes above 127 become 0."),
    (("MIRROR_PAD",), ("int8", "uint8"), ("5.0", "5.2"),
     "MIRROR_PAD of the channels: the stream has no commands for it; it reads bytes that nobody wrote."),
    (("EXP",), ("int8",), ("5.0", "5.2"),
     "EXP beyond the output's range: table entries wrap to -128 instead of staying at 127."),
    (("LOGISTIC", "TANH", "HARD_SWISH", "RSQRT"), ("int8", "uint8", "int16"), None,
     "Tables: an entry of Vela's differs from LiteRT's by one where the value lies half-way."),
    (("UNIDIRECTIONAL_SEQUENCE_LSTM",), ("int8",), None,
     "LSTM: unrolled into commands that round and clamp at other places than LiteRT's kernel (sigmoids are "
     "clamped to 11 to 32757 in a step of their own); which of them it is was not traced."),
]


def reason_for(name, kind, vela):
    for operators, kinds, velas, text in REASONS:
        if any(name == o or (o.endswith("*") and name.startswith(o[:-1])) for o in operators) and \
                kind in kinds and (velas is None or vela in velas):
            return text
    return None


class Cell:
    """Cases of one operator and type with one Vela, over all accelerators."""

    def __init__(self):
        self.cases = self.equal = self.on_cpu = self.not_compiled = self.refused = 0
        self.elements = self.differing = self.most = self.warned = 0
        self.notes = collections.Counter()

    def text(self, reason):
        parts = []
        if self.cases:
            parts.append(f"{self.equal} of {self.cases}")
            if self.differing:
                parts.append(f"by up to {self.most}")
        if self.refused:
            parts.append(f"{self.refused} refused")
        if reason:
            parts[-1] += f" [{reason}]"
        if self.on_cpu:
            parts.append(f"{self.on_cpu} CPU")
        if self.not_compiled:
            parts.append(f"{self.not_compiled} not compiled")
        return ", ".join(parts)


class Case:
    """A network in a file, its inputs in files, and what LiteRT computes."""

    def __init__(self, name, kind, number, folder):
        self.name, self.kind = name, kind
        network = build(name, kind, number)
        model = network.bytes()
        stem = "".join(c if c.isalnum() else "_" for c in f"{name} {kind} {number}")
        self.folder = folder / stem
        self.folder.mkdir()
        self.file = self.folder / f"{stem}.tflite"
        self.file.write_bytes(model)
        values = [network.draw(network.shape(i)) for i in network.graph.inputs]
        self.inputs = []
        for k, each in enumerate(values):
            self.inputs.append(str(self.folder / f"input_{k}.bin"))
            each.tofile(self.inputs[-1])
        self.wanted = reference(model, values)


def outputs_of(program, compiled, target, case, folder):
    """Outputs and warnings, or the error's text."""
    for old in folder.glob("output_*.bin"):
        old.unlink()
    done = subprocess.run(
        [program, "run", compiled, "--target", target, "-f", "json", "--input", *case.inputs,
         "--output", str(folder), "--check"], capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().removeprefix("u65sim: error: ")
    raw = sorted(folder.glob("output_*.bin"), key=lambda p: int(p.stem.split("_")[1]))
    return [p.read_bytes() for p in raw], done.stderr.strip()


def judge(cell, case, outputs, said):
    """Adds one execution to its cell; true when it is as it should be."""
    cell.cases += 1
    if outputs is None:
        cell.cases -= 1
        cell.refused += 1
        cell.notes[said[:200]] += 1
        return False
    if said:
        cell.warned += 1
        cell.notes[said.splitlines()[0][:200]] += 1
    worst = wrong = 0
    for want, raw in zip(case.wanted, outputs, strict=True):
        have = np.frombuffer(raw, want.dtype).reshape(want.shape)
        gap = np.abs(want.astype(np.int64) - have.astype(np.int64))
        cell.elements += gap.size
        wrong += int(np.count_nonzero(gap))
        worst = max(worst, int(gap.max()) if gap.size else 0)
    cell.equal += wrong == 0
    cell.differing += wrong
    cell.most = max(cell.most, worst)
    return wrong == 0


def run_vela(version, python, cases, arguments, cells):
    """All cases on all accelerators through one process of this Vela."""
    batch = pathlib.Path(__file__).with_name("vela_batch.py")
    process = subprocess.Popen([python, str(batch), arguments.config], text=True, bufsize=1,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for target in arguments.targets.split(","):
        for case in cases:
            cell = cells[case.name, case.kind, version]
            folder = case.folder / f"{version}_{target}"
            folder.mkdir()
            process.stdin.write(json.dumps({"network": str(case.file), "target": target,
                                            "folder": str(folder)}) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            if "error" in answer:
                cell.not_compiled += 1
                cell.notes["Vela: " + answer["error"][:150]] += 1
                continue
            if b"ethos-u" not in pathlib.Path(answer["compiled"]).read_bytes():
                cell.on_cpu += 1
                continue
            right = judge(cell, case, *outputs_of(arguments.program, answer["compiled"], target, case,
                                                  folder))
            if not right:
                print(f"  {case.file.stem} {version} {target}", flush=True)
            if not right and arguments.keep:
                shutil.copytree(case.folder, pathlib.Path(arguments.keep) / case.folder.name,
                                dirs_exist_ok=True)
            shutil.rmtree(folder)
    process.stdin.close()
    process.wait()


def table(cells, versions, arguments):
    import ai_edge_litert
    rows = list(dict.fromkeys((name, kind) for name, kind, _ in cells))
    lines = [
        "# Which streams of Vela are exact?", "",
        f"Random networks of one operator, {arguments.cases} for each line, compiled by each Vela for",
        f"{arguments.targets.replace(',', ', ')}, executed with `--check`, and compared with the reference "
        f"kernels of LiteRT {getattr(ai_edge_litert, '__version__', '')} on the network before "
        "compilation, every byte. `tests/peers/vela_streams.py` writes this page.", "",
        "A cell says how many executions gave LiteRT's bytes, of how many; `by up to`: the largest "
        "difference, with the number of its reason below; `CPU`: left there by that Vela; `not "
        "compiled`: it stops with an error.", "",
        "| operator | type | " + " | ".join(f"Vela {v}" for v in versions) + " |",
        "|---|---|" + "---|" * len(versions)]
    reasons = []
    for name, kind in rows:
        texts = []
        for version in versions:
            cell = cells[name, kind, version]
            plain = not cell.differing and not cell.refused
            reason = None if plain else reason_for(name, kind, version)
            if reason and reason not in reasons:
                reasons.append(reason)
            texts.append(cell.text(reasons.index(reason) + 1 if reason else None))
        lines.append(f"| {name} | {kind} | " + " | ".join(texts) + " |")
    lines.append("")
    for version in versions:
        mine = [cell for (_, _, v), cell in cells.items() if v == version]
        lines.append(f"Vela {version}: {sum(c.equal for c in mine):,} of {sum(c.cases for c in mine):,} "
                     f"executions equal, {sum(c.refused for c in mine)} refused, "
                     f"{sum(c.warned for c in mine)} with a warning on BLOCKDEP.")
        lines.append("")
    if reasons:
        lines += ["## Reasons", ""]
        lines += [f"{number}. {text}" for number, text in enumerate(reasons, 1)] + [""]
    return "\n".join(lines)


def cases_of(arguments, folder):
    cases = []
    for name, (kinds, _) in OPERATORS.items():
        if arguments.operators and name not in arguments.operators:
            continue
        for kind in kinds:
            if kind not in arguments.types.split(","):
                continue
            for number in range(arguments.cases):
                try:
                    cases.append(Case(name, kind, number, folder))
                except (RuntimeError, ValueError):  # LiteRT does not take it
                    continue
    return cases


def report(cells):
    """Prints what is not plain; the number of lines without an explanation."""
    open_lines = 0
    for (name, kind, version), cell in cells.items():
        plain = cell.equal == cell.cases and not cell.refused
        if not plain and not reason_for(name, kind, version):
            open_lines += 1
        if not plain or cell.warned:
            print(f"{name:36} {kind:6} Vela {version}: {cell.text(None)} "
                  f"({cell.differing} of {cell.elements} elements)")
            for note, count in cell.notes.most_common(2):
                print(f"    {count} x {note}")
    return open_lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("operators", nargs="*")
    parser.add_argument("--vela", action="append", required=True, metavar="VERSION=PYTHON")
    parser.add_argument("--config", required=True)
    parser.add_argument("--cases", type=int, default=2)
    parser.add_argument("--targets", default="u65-256,u55-128")
    parser.add_argument("--types", default="int8,uint8,int16,int32")
    parser.add_argument("--table")
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    velas = dict(each.split("=", 1) for each in arguments.vela)
    with tempfile.TemporaryDirectory() as folder:
        cases = cases_of(arguments, pathlib.Path(folder))
        cells = {(c.name, c.kind, v): Cell() for c in cases for v in velas}
        for version, python in velas.items():
            run_vela(version, python, cases, arguments, cells)
    open_lines = report(cells)
    executions = sum(c.cases + c.refused for c in cells.values())
    print(f"{len(cases)} networks, {executions} executions, "
          f"{sum(c.equal for c in cells.values())} equal, {open_lines} lines unexplained")
    if arguments.table:
        pathlib.Path(arguments.table).write_text(table(cells, list(velas), arguments))
    return int(open_lines > 0)


if __name__ == "__main__":
    sys.exit(main())

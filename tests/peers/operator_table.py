#!/usr/bin/env python3
"""Runs every operator of the schema alone and writes the table of docs/operators.md.

Needs what requirements-matrix.txt lists. Usage: operator_table.py PROGRAM [--document FILE] [--cases 6]
Operators that operator_networks.py can build run with data, `--check` on, beside LiteRT's reference
kernels; the others as a bare operator with one operand, of which only the name in the report is
asked for. The exit code is 1 when the program fails in any other way than by a message.
"""
import argparse
import pathlib
import sys
import tempfile

from ai_edge_litert import schema_py_generated as tfl

from hybrid_networks import HYBRIDS
from operator_matrix import OPERATORS, Count, Row, build, compare, reference, simulate
from operator_networks import Network

KINDS = ("int8", "uint8", "int16", "int32", "float32")
# LiteRT reads other types than these there (docs/operators.md).
NO_REFERENCE = {("PRELU", "int16")}
START, END = "<!-- every operator: start -->\n", "<!-- every operator: end -->\n"
NO_OPERATORS = {"CUSTOM", "PLACEHOLDER_FOR_GREATER_OP_CODES"}  # numbers that stand for others


def schema_names():
    numbers = {v: k for k, v in vars(tfl.BuiltinOperator).items() if isinstance(v, int)}
    return [numbers[n] for n in sorted(numbers) if numbers[n] not in NO_OPERATORS]


def bare(name, kind):
    """One operand, one result, no options."""
    net = Network(kind, 1)
    x = net.input([1, 4, 4, 8])
    net.output([1, 4, 4, 8], net.same(x))
    net.operator(name, [x])
    return net


def failed(error):
    """Whether the program ended otherwise than by a message."""
    return not error.startswith("u65sim: error: ")


class Cell:
    """Where an operator of one type ran, and how it compared."""

    def __init__(self, name, kind, arguments, folder):
        self.name, self.kind = name, kind
        self.places, self.notes, self.broken = set(), set(), []
        if name in OPERATORS:
            for case in range(arguments.cases):
                self.run(build(name, kind, case), arguments, folder)
        if not self.places:
            self.run_bare(arguments, folder)

    def run(self, net, arguments, folder):
        model = net.bytes()
        inputs = [net.draw(net.shape(i)) for i in net.graph.inputs]
        try:
            wanted = net.defined(reference(model, inputs))
        except (RuntimeError, ValueError):
            wanted = None
        got, report, error = simulate(arguments, arguments.target, folder, model, inputs)
        if error is not None:
            if failed(error):
                self.broken.append(error or "no message")
            return
        row, count = Row(self.name, self.kind, [arguments.target]), Count()
        if wanted is None:
            return
        worst = compare(row, count, wanted, "drawn", got, report, None)
        place = "CPU" if report["model"]["cpu_operators"] else "NPU"
        self.places.add(place)
        if worst and (self.name, self.kind) in NO_REFERENCE:
            self.notes.add("*")
        elif worst:
            self.notes.add("close" if self.kind == "float32" else f"differs by {worst}")

    def run_bare(self, arguments, folder):
        _, report, error = simulate(arguments, arguments.target, folder,
                                    bare(self.name, self.kind).bytes(), [], timing=True)
        if error is not None:
            if failed(error):
                self.broken.append(error or "no message")
            self.places.add("named" if self.name in error else "")
            return
        types = [op["type"] for op in report["model"]["cpu_operators"]]
        types += [op["type"] for op in report["operators"]]
        self.places.add("named" if self.name in types else "")
        if self.name not in types:
            self.broken.append(f"is called {types}")

    def text(self):
        if "CPU" not in self.places and "NPU" not in self.places:
            return "named"
        return " ".join([", ".join(sorted(self.places, reverse=True)), *sorted(self.notes)])


class Blank:
    """A type that a line has no cases of."""
    broken = ()

    def text(self):
        return "named"


def table(rows):
    lines = ["| operator | " + " | ".join(KINDS) + " |", "|---|" + "---|" * len(KINDS)]
    named = []
    for name, cells in rows:
        texts = [cell.text() for cell in cells]
        if set(texts) == {"named"}:
            named.append(name)
        else:
            lines.append(f"| {name} | " + " | ".join("" if t == "named" else t for t in texts) + " |")
    return "\n".join(lines) + "\n\nNamed in reports and left to the CPU, without a kernel of ours: " + \
        ", ".join(named) + ".\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--cases", type=int, default=6)
    parser.add_argument("--target", default="u65-256")
    parser.add_argument("--document", help="the page whose table is replaced, between its marks")
    arguments = parser.parse_args()
    rows, broken = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for name in schema_names():
            if arguments.names and name not in arguments.names:
                continue
            cells = [Cell(name, kind, arguments, pathlib.Path(folder)) for kind in KINDS]
            rows.append((name, cells))
            hybrid = f"{name} (dynamic range)"
            if hybrid in HYBRIDS:
                rows.append((hybrid, [*(Blank() for _ in KINDS[:-1]),
                                      Cell(hybrid, "float32", arguments, pathlib.Path(folder))]))
            print(name, " | ".join(cell.text() for cell in cells), flush=True)
            for cell in cells:
                for error in cell.broken:
                    broken += 1
                    print(f"    {cell.kind}: {error[:200]}", flush=True)
    if arguments.document:
        page = pathlib.Path(arguments.document)
        before, rest = page.read_text().split(START)
        page.write_text(before + START + table(rows) + END + rest.split(END)[1])
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())

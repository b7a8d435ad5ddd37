#!/usr/bin/env python3
"""How far the compiler's own predictions are from the machine, by class of operator.

  tests/peers/model_error.py --u65sim build/release/bin/u65sim NETWORK...

Both come from the program: `compile --explain` has the predicted cycles of each operator alone with
its weights in SRAM, `run` the cycles the machine charged it. Operators that wait for their weights
on the machine (a tenth of their cycles or more) are left out, because no single operator decides
that; so are those under --least cycles, where the order of commands counts more than the work.
"""
import argparse
import json
import re
import subprocess
import sys

LINE = re.compile(r"time of (.*) \((\w+)\) alone: (\d+) cycles")
WAITS = ("weight_fetch", "dma_wait", "command_fetch", "block_dependency", "kernel_wait")


def output(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--u65sim", required=True)
    parser.add_argument("--target", default="u65-256")
    parser.add_argument("--least", type=int, default=2000, help="cycles of an operator (2000)")
    parser.add_argument("networks", nargs="+")
    options = parser.parse_args()
    classes = {}
    for network in options.networks:
        more = [network, "--target", options.target]
        predicted = {m[1]: int(m[3]) for m in map(
            LINE.match, output([options.u65sim, "compile", *more, "--explain"]).splitlines()) if m}
        report = json.loads(output([options.u65sim, "run", *more, "--format", "json"]))
        for op in report["operators"]:
            cycles = op["cycles"]
            waits = sum(op["stalls"].get(cause, 0) for cause in WAITS)
            if op["name"] in predicted and cycles >= options.least and waits <= cycles / 10:
                classes.setdefault(op["type"], []).append((predicted[op["name"]], cycles))
    print("| operator | compared | mean error | mean of absolute errors | largest |")
    print("|---|---|---|---|---|")
    for name, pairs in sorted(classes.items()):
        errors = [100 * (p / c - 1) for p, c in pairs]
        absolute = [abs(e) for e in errors]
        print(f"| {name} | {len(pairs)} | {sum(errors) / len(errors):+.1f} % "
              f"| {sum(absolute) / len(absolute):.1f} % | {max(absolute):.1f} % |")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Fits the calibrated timing constants to all public rows together, and shows how well a fit that
left one network out foretells that network. Standard library only; run by hand.

    U65SIM_MODELS=... U65SIM_STREAMS=... tests/peers/calibrate.py build/release/bin/u65sim \
        configs/validation/fvp-*.yaml

The loss is the mean of absolute errors in percent, each network counting the same, over rows of
NPU_ACTIVE made by the producer named (default: the compiler whose streams the reference ran). The
search changes one constant at a time over a coarse set of values, until no change helps: with so
few constants that is enough, and it cannot invent precision the rows do not have.
"""

import argparse
import csv
import io
import subprocess
import sys
from collections import defaultdict

CANDIDATES = {
    "timing.kernel_setup": [0, 20, 40, 60, 80, 100],
    "timing.block_output_delay": [0, 10, 20, 30, 40],
    "timing.block_completion": [0, 25, 50, 75],
    "timing.burst_overhead": [0, 4, 8, 12],
    "timing.command_prefetch": [32, 64, 128],
    "timing.weight_buffer": [512, 1024, 1280, 1536, 2048, 4096],
    "timing.block_start": [0, 10, 20, 30],
    "timing.core_join": [0, 1, 2, 3],
}


def start_values(program):
    """The program's own values of the constants that are searched."""
    listing = subprocess.run([program, "targets", "fields"], capture_output=True, text=True,
                          check=True).stdout
    start = {}
    for line in listing.splitlines():
        name, equals, value = line.partition(" = ")
        if equals and name in CANDIDATES:
            text = value.split("#")[0].strip()
            kib = text.endswith("KiB")
            start[name] = int(text.removesuffix("KiB").strip()) * (1024 if kib else 1)
    missing = set(CANDIDATES) - set(start)
    if missing:
        sys.exit(f"calibrate: targets fields does not list {', '.join(sorted(missing))}")
    return start


class Errors:
    """Errors of every row by constants, each set of constants run once."""

    def __init__(self, program, files, producer, only):
        self.program, self.files, self.producer, self.only = program, files, producer, only
        self.known = {}

    def of(self, constants):
        key = tuple(sorted(constants.items()))
        if key not in self.known:
            self.known[key] = self.run(constants)
        return self.known[key]

    def run(self, constants):
        command = [self.program, "validate", *self.files, "--format", "csv"]
        for part in ["NPU_ACTIVE", self.producer, *self.only]:
            command += ["--only", part]
        for name, value in constants.items():
            command += ["--set", f"{name}={value}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode not in (0, 1) or not done.stdout:
            sys.exit(f"calibrate: {' '.join(command)}\n{done.stderr}")
        by_network = defaultdict(list)
        for row in csv.DictReader(io.StringIO(done.stdout)):
            if row["producer"] == self.producer and row["error_percent"]:
                by_network[row["network"]].append(float(row["error_percent"]))
        if not by_network:
            sys.exit("calibrate: no row could be measured: are U65SIM_MODELS and U65SIM_STREAMS set?")
        return dict(by_network)


def mean_absolute(values):
    return sum(abs(value) for value in values) / len(values)


def loss(errors, networks):
    return sum(mean_absolute(errors[name]) for name in networks) / len(networks)


def fit(errors, networks, start):
    """Coordinate search: returns the constants and their loss over `networks`."""
    best = dict(start)
    best_loss = loss(errors.of(best), networks)
    improved = True
    while improved:
        improved = False
        for name, values in CANDIDATES.items():
            for value in values:
                trial = {**best, name: value}
                trial_loss = loss(errors.of(trial), networks)
                # Ties and crumbs stay with what is there.
                if trial_loss < best_loss - 0.005:
                    best, best_loss, improved = trial, trial_loss, True
    return best, best_loss


def show(title, constants):
    print(title)
    for name, value in constants.items():
        print(f"  {name:<28}{value}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program", help="the u65sim program")
    parser.add_argument("files", nargs="+", help="files of reference rows")
    parser.add_argument("--producer", default="Vela 5.0.0")
    parser.add_argument("--only", action="append", default=[], help="as of u65sim validate")
    parser.add_argument("--evaluate", action="store_true", help="no fit: errors of the start only")
    options = parser.parse_args()

    start = start_values(options.program)
    errors = Errors(options.program, options.files, options.producer, options.only)
    networks = sorted(errors.of(start))
    print(f"networks: {', '.join(networks)}; loss: mean of their mean absolute errors")
    print(f"start: {loss(errors.of(start), networks):.2f} %")
    zero = {name: 0 if 0 in values else start[name] for name, values in CANDIDATES.items()}
    print(f"every cycle constant at zero: {loss(errors.of(zero), networks):.2f} %")
    if options.evaluate:
        return
    fitted, fitted_loss = fit(errors, networks, start)
    show(f"\nfitted to all networks: {fitted_loss:.2f} %", fitted)

    print("\nleave one network out (fitted without it; error on it):")
    print(f"  {'network':<24}{'start':>9}{'fit to all':>12}{'left out':>10}  constants changed")
    for name in networks if len(networks) > 1 else []:
        others = [each for each in networks if each != name]
        constants, _ = fit(errors, others, start)
        changed = ", ".join(f"{key.removeprefix('timing.')}={value}"
                            for key, value in constants.items() if value != start[key])
        print(f"  {name:<24}{loss(errors.of(start), [name]):>8.2f}%"
              f"{loss(errors.of(fitted), [name]):>11.2f}%"
              f"{loss(errors.of(constants), [name]):>9.2f}%  {changed or '-'}")
    print(f"\n{len(errors.known)} sets of constants were run")


if __name__ == "__main__":
    main()

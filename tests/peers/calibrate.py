#!/usr/bin/env python3
"""Fits the calibrated timing constants to all public rows together, and shows how well a fit that
left one network out foretells that network. Standard library only; run by hand.

    U65SIM_MODELS=... U65SIM_STREAMS=... tests/peers/calibrate.py build/release/bin/u65sim \
        configs/validation/fvp-*.yaml

The loss is the mean of absolute errors in percent, each network counting the same, over rows of
NPU_ACTIVE made by the producer named (default: the compiler whose streams the reference ran). The
search changes one constant at a time over a coarse set of values, until no change helps: with so
few constants that is enough, and it cannot invent precision the rows do not have. Last comes, for
each constant, which values are as good, and which network says so.
"""

import argparse
import csv
import io
import subprocess
import sys
from collections import defaultdict

CANDIDATES = {
    "timing.kernel_setup": [45, 55, 65, 75, 85],
    "timing.block_output_delay": [0, 5, 10, 15, 20],
    "timing.block_completion": [30, 40, 50, 60],
    "timing.burst_overhead": [4, 6, 7, 8, 12],
    "timing.command_prefetch": [16, 32, 64],
    "timing.command_window": [64, 80, 96, 128],
    "timing.weight_buffer": [1024, 1152, 1216, 1280, 1536, 2048],
    "timing.block_start": [0, 5, 10, 15, 20],
}
AS_GOOD = 0.1  # points of loss that no choice between values should rest on
CRUMB = 0.03    # of loss that a constant is not changed for


def start_values(program):
    """The program's own values of the constants that are searched."""
    listing = subprocess.run([program, "targets", "fields"], capture_output=True, text=True,
                          check=True).stdout
    start = {}
    for line in listing.splitlines():
        name, equals, value = line.partition(" = ")
        if equals and name in CANDIDATES:
            start[name] = count_of(value.split("#")[0].strip())
    missing = set(CANDIDATES) - set(start)
    if missing:
        sys.exit(f"calibrate: targets fields does not list {', '.join(sorted(missing))}")
    return start


def count_of(text):
    kib = text.endswith("KiB")
    return round(float(text.removesuffix("KiB").strip()) * (1024 if kib else 1))


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
        """By network: pairs of target and signed error."""
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
                by_network[row["network"]].append((row["target"], float(row["error_percent"])))
        if not by_network:
            sys.exit("calibrate: no row could be measured: are U65SIM_MODELS and U65SIM_STREAMS set?")
        return dict(by_network)


def mean_absolute(pairs):
    return sum(abs(error) for _, error in pairs) / len(pairs)


def loss(errors, networks):
    return sum(mean_absolute(errors[name]) for name in networks) / len(networks)


def u65_text(pairs):
    """Mean and worst of the rows of the U65."""
    ours = [pair for pair in pairs if pair[0].startswith("u65")]
    if not ours:
        return "-"
    return f"{mean_absolute(ours):.2f} % / {max((e for _, e in ours), key=abs):+.1f} %"


def is_possible(constants):
    return constants["timing.command_window"] >= constants["timing.command_prefetch"]


def variants(best):
    """Sets of constants that differ from `best` in one value: name, value, all."""
    for name, values in CANDIDATES.items():
        for value in values:
            trial = {**best, name: value}
            if is_possible(trial):
                yield name, value, trial


def fit(errors, networks, start):
    """Coordinate search: returns the constants and their loss over `networks`."""
    best = dict(start)
    best_loss = loss(errors.of(best), networks)
    improved = True
    while improved:
        improved = False
        for name in CANDIDATES:
            for other, value, _ in list(variants(best)):
                trial = {**best, name: value}
                if other != name or not is_possible(trial):
                    continue
                trial_loss = loss(errors.of(trial), networks)
                # Ties and crumbs stay with what is there.
                if trial_loss < best_loss - CRUMB:
                    best, best_loss, improved = trial, trial_loss, True
    return best, best_loss


def short(network):
    return network.split("/")[-1].removesuffix(".tflite").removeprefix("zoo:")


def show_left_out(errors, networks, start):
    fitted, fitted_loss = fit(errors, networks, start)
    print(f"\nfitted to all networks: {fitted_loss:.2f} %")
    for name, value in fitted.items():
        print(f"  {name:<28}{value}")
    print("\n| network | values in use | fitted to all | fitted without it | "
          "its U65 rows then, mean / worst | what that fit changes |")
    print("| --- | --: | --: | --: | --: | --- |")
    for name in networks if len(networks) > 1 else []:
        constants, _ = fit(errors, [each for each in networks if each != name], start)
        changed = ", ".join(f"{key.removeprefix('timing.')} {value}"
                            for key, value in constants.items() if value != start[key])
        left_out = errors.of(constants)
        print(f"| {short(name)} | {loss(errors.of(start), [name]):.2f} % "
              f"| {loss(errors.of(fitted), [name]):.2f} % | {loss(left_out, [name]):.2f} % "
              f"| {u65_text(left_out[name])} | {changed or '-'} |", flush=True)


def show_ranges(errors, networks, start):
    """Which values each constant could have as well, and who objects to others."""
    here = errors.of(start)
    print("\n| constant | in use | as good | first objection below | above |")
    print("| --- | --: | --- | --- | --- |")
    for name in CANDIDATES:
        tried = {value: errors.of(trial) for other, value, trial in variants(start) if other == name}
        tried[start[name]] = here
        good = [value for value in sorted(tried)
                if loss(tried[value], networks) <= loss(here, networks) + AS_GOOD]

        def objection(values):
            if not values:
                return "-"
            worse = tried[values[0]]
            most = max(networks, key=lambda each: loss(worse, [each]) - loss(here, [each]))
            return f"{values[0]}: {short(most)} {loss(worse, [most]) - loss(here, [most]):+.2f}"

        below = [value for value in sorted(tried, reverse=True) if value < good[0]]
        above = [value for value in sorted(tried) if value > good[-1]]
        print(f"| `{name}` | {start[name]} | {good[0]} to {good[-1]} | {objection(below)} "
              f"| {objection(above)} |", flush=True)


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
    print(f"networks: {', '.join(map(short, networks))}; loss: mean of their mean absolute errors")
    print(f"start: {loss(errors.of(start), networks):.2f} %")
    zero = {name: 0 if 0 in values else start[name] for name, values in CANDIDATES.items()}
    for name in ("kernel_setup", "block_completion", "burst_overhead"):
        zero[f"timing.{name}"] = 0
    print(f"every cycle constant at zero: {loss(errors.of(zero), networks):.2f} %")
    if options.evaluate:
        return
    show_left_out(errors, networks, start)
    show_ranges(errors, networks, start)
    print(f"\n{len(errors.known)} sets of constants were run")


if __name__ == "__main__":
    main()

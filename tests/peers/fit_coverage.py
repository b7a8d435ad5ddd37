#!/usr/bin/env python3
"""How often the intervals of 'u65sim fit' hold what made-up boards really have.

    tests/peers/fit_coverage.py PROGRAM [--draws 40] [--noise 2] [--jobs 2] [--seed 1]

Five boards, eight networks and memory modes each, measured by simulation. Each draw multiplies the eight
times by normal noise and fits three numbers to them, beginning far from the truth. Printed: for each
number how many of its 99 % intervals hold the truth, and for each draw whether all of them do.
"""
import argparse
import concurrent.futures
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

FIELDS = {"sram.bandwidth": (1, 8), "dram.bandwidth": (0.1, 4), "host.driver_call_us": (1, 400)}
BOARDS = [(4.0, 0.5, 60.0), (2.0, 0.2, 120.0), (3.0, 1.0, 30.0), (1.5, 0.35, 200.0), (2.5, 0.8, 90.0)]
GUESS = (8.0, 2.0, 10.0)  # the board that the search begins at and streams are compiled for
NETWORKS = ("autoencoder", "ds_cnn", "rnnoise", "resnet8")
MODES = ("shared_sram", "sram_only")


def run(program, *words):
    done = subprocess.run([program, *words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def settings(values):
    return [f"{key}={value}" for key, value in zip(FIELDS, values)]


def with_settings(values, mode):
    return [word for each in [*settings(values), f"memory.mode={mode}"] for word in ("--set", each)]


def measured(program, folder, board):
    """Milliseconds of every row on a board, of streams compiled for the guess."""
    times = []
    for mode in MODES:
        for network in NETWORKS:
            stream = folder / f"{network}-{mode}.tflite"
            if not stream.exists():
                run(program, "compile", network, "--target", "u55-64", *with_settings(GUESS, mode), "-o", stream)
            report = json.loads(run(program, "run", stream, "--target", "u55-64", *with_settings(board, mode), "--format", "json"))
            times.append(report["total"]["latency_ms"])
    return times


def rows_text(folder, times):
    lines = ["title: made up", "producers: [{name: own}]",
             "defaults: {group: g, target: u55-64, counter: latency_ms, source: made up}", "rows:"]
    modes = [(mode, network) for mode in MODES for network in NETWORKS]
    for (mode, network), value in zip(modes, times):
        file = folder / f"{network}-{mode}.tflite"
        lines.append(f'  - {{network: {network}, file: "{file}", set: memory.mode={mode}, value: {value:.9g}}}')
    return "\n".join(lines) + "\n"


def draw(program, folder, board, exact, number, options):
    noise = random.Random(f"{options.seed} {board} {number}")
    times = [each * math.exp(noise.gauss(0, options.noise / 100)) for each in exact]
    rows = folder / f"rows-{BOARDS.index(board)}-{number}.yaml"
    rows.write_text(rows_text(folder, times))
    words = [word for key, (low, high) in FIELDS.items() for word in ("--free", f"{key}={low}..{high}")]
    found = json.loads(run(program, "fit", "u55-64", rows, *with_settings(GUESS, MODES[0])[:-2], *words,
                           "--noise", str(options.noise), "--format", "json"))
    rows.unlink()
    return [each["low"] <= truth <= each["high"] for truth, each in zip(board, found["fields"])], \
        [each["high"] / each["low"] for each in found["fields"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--draws", type=int, default=40, help="of each board")
    parser.add_argument("--noise", type=float, default=2.0, help="percent")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    program = options.program.resolve()
    inside, wide, all_inside, draws = [0] * len(FIELDS), [[] for _ in FIELDS], 0, 0
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        folder = pathlib.Path(name)
        exact = {board: measured(program, folder, board) for board in BOARDS}
        asked = [(board, number) for board in BOARDS for number in range(options.draws)]
        for held, widths in pool.map(lambda each: draw(program, folder, each[0], exact[each[0]], each[1], options), asked):
            draws += 1
            all_inside += all(held)
            for at, (is_inside, width) in enumerate(zip(held, widths)):
                inside[at] += is_inside
                wide[at].append(width)
    print(f"{draws} fits of {len(BOARDS)} boards, eight rows of {options.noise:g} % noise each\n")
    print("| number | 99 % intervals that hold the truth | upper end over lower end, median |\n| --- | --: | --: |")
    for at, key in enumerate(FIELDS):
        print(f"| `{key}` | {inside[at]} of {draws}: {100 * inside[at] / draws:.1f} % | {sorted(wide[at])[draws // 2]:.2f} |")
    print(f"| all three at once | {all_inside} of {draws}: {100 * all_inside / draws:.1f} % | |")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""CPU time of whole processes: `u65sim run` beside Vela compiling the same file, in one run.

Networks of files, in any number. The two programs take turns on each network, --repeats times; the
table has the medians of user and system time, and their ratio. Ours is copied first, as installing
does: the pages of a file that the linker just wrote cost a run of a small network a sixth more.
Standard library only:

  process_times.py --vela VENV/bin/vela --u65sim build/release/bin/u65sim NETWORK.tflite...
"""
import argparse
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile


def cpu_seconds(command):
    """User and system time of a process with its children; None if it fails."""
    with open(os.devnull, "w") as nothing:
        process = subprocess.Popen(command, stdout=nothing, stderr=nothing)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime if process.returncode == 0 else None


def compare(options, network, folder):
    """(seconds of ours, of Vela's), medians; None where one of them refuses the network."""
    ours = [options.u65sim, "run", network, "--target", options.target, "-o", f"{folder}/report.json"]
    vela = [options.vela, network, "--accelerator-config", f"ethos-{options.target}",
            "--output-dir", folder]
    times = [(cpu_seconds(ours), cpu_seconds(vela)) for _ in range(options.repeats)]
    if any(None in pair for pair in times):
        return None
    return tuple(statistics.median(column) for column in zip(*times))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vela", required=True)
    parser.add_argument("--u65sim", required=True)
    parser.add_argument("--target", default="u65-256", help="u65-256, u55-128, ...")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("networks", nargs="+")
    options = parser.parse_args()
    print("| network | u65sim, ms | Vela, ms | times |\n|---|--:|--:|--:|")
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        options.u65sim = shutil.copy(options.u65sim, f"{folder}/u65sim")
        for network in options.networks:
            name = pathlib.Path(network).stem
            times = compare(options, network, folder)
            if times is None:
                print(f"| {name} | refused by one of them | | |")
                continue
            ratios.append(times[1] / times[0])
            print(f"| {name} | {1e3 * times[0]:.1f} | {1e3 * times[1]:,.0f} | {ratios[-1]:.0f} |",
                  flush=True)
    if ratios:
        print(f"| geometric mean of {len(ratios)} | | "
              f"| {math.exp(statistics.fmean(map(math.log, ratios))):.0f} |")


if __name__ == "__main__":
    main()

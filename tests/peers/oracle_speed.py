#!/usr/bin/env python3
"""The oracle's speed beside the published compiler's wall time for networks of the same kind, in one
run on one machine, as a Markdown table. Standard library only; run by hand.

    tests/peers/oracle_speed.py BUILD_DIR [--vela /path/to/vela] [--repeats 5]

BUILD_DIR holds bin/u65sim and bin/bench_u65sim. Vela reads each zoo network as .tflite and compiles
it for ethos-u65-256; cold is `u65sim run` on the same file, a new process each time. The other
columns are medians of bench_u65sim's oracle/ benchmarks for variants of the same network.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

FAMILIES = {
    "mobilenet_v2_224": "mobilenet_v2",
    "mobilenet_v1_cifar100": "mobilenet_v1_cifar",
    "ds_cnn": "ds_cnn",
    "resnet50_cifar100": "resnet50_cifar",
}
KINDS = ["new_network", "one_layer_changed", "repeat"]


def wall_ms(command, repeats):
    """Median wall time of a command that must succeed."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def benchmarks(program):
    """Medians of single queries in ms, by benchmark name."""
    run = subprocess.run([program, "--benchmark_filter=oracle/(new|one|repeat)",
                          "--benchmark_format=json"], check=True, capture_output=True, text=True)
    return {entry["name"].replace("/real_time", ""): entry["p50_ms"]
            for entry in json.loads(run.stdout)["benchmarks"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--vela", default="vela")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    program = options.build / "bin" / "u65sim"
    measured = benchmarks(options.build / "bin" / "bench_u65sim")

    print("| network | Vela ms | cold ms | new ms | one layer ms | repeat ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for network, family in FAMILIES.items():
            file = pathlib.Path(folder) / f"{network}.tflite"
            subprocess.run([program, "zoo", "write", network, "-o", folder], check=True,
                           stdout=subprocess.DEVNULL)
            vela = wall_ms([options.vela, file, "--accelerator-config", "ethos-u65-256",
                            "--output-dir", folder + "/vela"], options.repeats)
            cells = [wall_ms([program, "run", file], options.repeats)]
            cells += [measured[f"oracle/{kind}/{family}"] for kind in KINDS]
            shown = " | ".join(f"{cell:.3f} ({vela / cell:,.0f}x)" for cell in cells)
            print(f"| {network} | {vela:.0f} | {shown} |")


if __name__ == "__main__":
    main()

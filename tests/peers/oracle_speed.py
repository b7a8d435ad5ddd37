#!/usr/bin/env python3
"""The oracle's speed beside the published compiler's CPU time for networks of the same kind, in one
run on one machine, as a Markdown table. Standard library only; run by hand.

    tests/peers/oracle_speed.py BUILD_DIR [--vela /path/to/vela] [--repeats 5] [--docs docs/oracle.md]

BUILD_DIR holds bin/u65sim and bin/bench_u65sim. Vela reads each zoo network as .tflite and compiles
it for ethos-u65-256; cold is `u65sim run` on the same file, a new process each time. The other
columns are medians of bench_u65sim's oracle/ benchmarks for variants of the same network; quick is
effort quick on new ones. --docs puts the table between the lines that mark it in a document.
"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import tempfile

FAMILIES = {
    "mobilenet_v2_224": "mobilenet_v2",
    "mobilenet_v1_cifar100": "mobilenet_v1_cifar",
    "ds_cnn": "ds_cnn",
    "resnet50_cifar100": "resnet50_cifar",
}
KINDS = ["quick", "new_network", "one_layer_changed", "repeat"]
MARKS = "<!-- oracle_speed begin -->\n", "<!-- oracle_speed end -->"


def cpu_ms(command, repeats):
    """Median user and system time of a command that must succeed, with its children: what else
    the machine does counts less."""
    times = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    return statistics.median(times)


def benchmarks(program):
    """Medians of single queries in ms, by benchmark name."""
    run = subprocess.run([program, "--benchmark_filter=oracle/(quick|new|one|repeat)",
                          "--benchmark_format=json"], check=True, capture_output=True, text=True)
    return {entry["name"].replace("/real_time", ""): entry["p50_ms"]
            for entry in json.loads(run.stdout)["benchmarks"]}


def put(document, table):
    """Replaces what stands between the marks of a document."""
    text = document.read_text()
    begin, end = (text.index(mark) for mark in MARKS)
    document.write_text(text[:begin + len(MARKS[0])] + table + text[end:])


def rows(options):
    """Lines of the table, one a network."""
    program = options.build / "bin" / "u65sim"
    measured = benchmarks(options.build / "bin" / "bench_u65sim")
    yield "| network | Vela ms | cold ms | quick ms | new ms | one layer ms | repeat ms |\n"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    with tempfile.TemporaryDirectory() as folder:
        for network, family in FAMILIES.items():
            file = pathlib.Path(folder) / f"{network}.tflite"
            subprocess.run([program, "zoo", "write", network, "-o", folder], check=True,
                           stdout=subprocess.DEVNULL)
            vela = cpu_ms([options.vela, file, "--accelerator-config", "ethos-u65-256",
                            "--output-dir", folder + "/vela"], options.repeats)
            cells = [cpu_ms([program, "run", file], options.repeats)]
            cells += [measured[f"oracle/{kind}/{family}"] for kind in KINDS]
            shown = " | ".join(f"{cell:.3f}, {vela / cell:,.0f} x" for cell in cells)
            yield f"| {network} | {vela:,.0f} | {shown} |\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--vela", default="vela")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--docs", type=pathlib.Path)
    options = parser.parse_args()
    table = "".join(rows(options))
    print(table, end="")
    if options.docs:
        put(options.docs, table)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Compiles networks with Vela and with u65sim, runs both streams on u65sim, and tables the two.

Neither build nor tests need it. It wants a virtual environment with ethos-u-vela:

  python3 -m venv VENV && VENV/bin/pip install ethos-u-vela==5.2.0
  tests/peers/compare_vela.py --vela VENV/bin/vela --u65sim build/release/bin/u65sim --work DIR

Networks are the program's zoo, the .tflite files of --models, and --random networks drawn from
seeds. Vela's results are kept in --work and used again. DRAM bytes are reads and writes of a run
off-chip, whatever memory is there.
"""
import argparse
import filecmp
import glob
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time

import random_networks

KIB = 1024
# Vela's names for a target: accelerator, system configuration, memory mode.
ACCELERATORS = {
    **{f"u65-{macs}": (f"ethos-u65-{macs}", "Ethos_U65_High_End", "Dedicated_Sram")
       for macs in (256, 512)},
    **{f"u55-{macs}": (f"ethos-u55-{macs}", "Ethos_U55_High_End_Embedded", "Shared_Sram")
       for macs in (32, 64, 128, 256)},
}


def run(command, **more):
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, **more)
    return done, time.monotonic() - start


class Comparison:
    def __init__(self, options):
        self.options = options
        self.work = options.work
        os.makedirs(os.path.join(self.work, "networks"), exist_ok=True)
        base = os.path.dirname(os.path.dirname(os.path.abspath(options.vela)))
        found = glob.glob(base + "/lib/python3*/site-packages/ethosu/config_files/Arm/vela.ini")
        if not found:
            sys.exit(f"{base}: no vela.ini beside {options.vela}")
        self.config = found[0]

    def networks(self):
        """(name, .tflite) of everything compared; made when missing."""
        options = self.options
        folder = os.path.join(self.work, "networks")
        result = []
        if not options.no_zoo:
            self.write_zoo(folder)
            listed, _ = run([options.u65sim, "zoo", "list"])
            names = {os.path.basename(f)[:-7] for f in glob.glob(folder + "/*.tflite")}
            for line in listed.stdout.splitlines():
                name = line.split()[0] if line.split() else ""
                if name in names:
                    result.append((name, os.path.join(folder, name + ".tflite")))
        if options.models:
            for path in sorted(glob.glob(options.models + "/*.tflite")):
                name = os.path.basename(path)[:-7]
                if "_vela" not in name and name not in dict(result):
                    result.append((name, path))
        for seed in range(options.seed, options.seed + options.random):
            name, text = random_networks.make(seed)
            source = os.path.join(folder, name + ".yaml")
            target = os.path.join(folder, name + ".tflite")
            if not os.path.exists(target) or open(source).read() != text:
                with open(source, "w") as out:
                    out.write(text)
                done, _ = run([options.u65sim, "graph", source, "--tflite", "-o", target])
                if done.returncode:
                    print(f"{name}: {done.stderr.strip()}", file=sys.stderr)
                    continue
            result.append((name, target))
        if options.only:
            wanted = options.only.split(",")
            result = [(n, p) for n, p in result if n in wanted]
        return result

    def write_zoo(self, folder):
        """Replaces only what has changed, so that results of the others stay good."""
        with tempfile.TemporaryDirectory() as fresh:
            done, _ = run([self.options.u65sim, "zoo", "write", "-o", fresh])
            if done.returncode:
                sys.exit(done.stderr)
            for path in glob.glob(fresh + "/*.tflite"):
                kept = os.path.join(folder, os.path.basename(path))
                if not os.path.exists(kept) or not filecmp.cmp(path, kept, shallow=False):
                    shutil.copyfile(path, kept)

    def vela(self, name, path, sram):
        """Vela's compiled file and its seconds."""
        folder = os.path.join(self.work, f"vela-{self.options.target}-{sram // KIB}")
        os.makedirs(folder, exist_ok=True)
        out = os.path.join(folder, os.path.basename(path)[:-7] + "_vela.tflite")
        clock = os.path.join(folder, name + ".seconds")
        fresh = os.path.exists(clock) and os.path.getmtime(clock) >= os.path.getmtime(path)
        if not fresh:
            accelerator, system, mode = ACCELERATORS[self.options.target]
            done, seconds = run([
                self.options.vela, path, "--accelerator-config", accelerator,
                "--config", self.config, "--system-config", system,
                "--memory-mode", mode, "--optimise", "Performance",
                "--arena-cache-size", str(sram), "--output-dir", folder])
            if done.returncode or not os.path.exists(out):
                with open(clock + ".log", "w") as log:
                    log.write(done.stdout + done.stderr)
                return None, seconds
            with open(clock, "w") as text:
                text.write(repr(seconds))
        return out, float(open(clock).read())

    def simulate(self, path, sram, effort="normal"):
        done, seconds = run([
            self.options.u65sim, "run", path, "--target", self.options.target,
            "--set", f"sram.size={sram}", "--format", "json", "--effort", effort])
        if done.returncode:
            return {"error": done.stderr.strip()}, seconds
        report = json.loads(done.stdout)
        return {
            "cycles": report["total"]["cycles"],
            "sram_peak": report["sram"]["peak_bytes"],
            "dram_bytes": report["dram"]["read_bytes"] + report["dram"]["write_bytes"],
            "cpu_operators": len(report["model"]["cpu_operators"]),
        }, seconds

    def compare(self, name, path, sram):
        row = {"network": name, "sram": sram}
        compiled, row["vela_seconds"] = self.vela(name, path, sram)
        row["ours"], row["our_seconds"] = self.simulate(path, sram, self.options.effort)
        row["vela"] = {"error": "not compiled"}
        if compiled:
            row["vela"], _ = self.simulate(compiled, sram)
        return row


def mean(values):
    values = list(values)
    if not values:
        return float("nan")
    return math.exp(sum(math.log(v) for v in values) / len(values))


def ratio(row, key):
    return row["ours"][key] / max(row["vela"][key], 1)


def comparable(row):
    return "error" not in row["ours"] and "error" not in row["vela"]


def table(rows, sizes):
    lines = []
    for sram in sizes:
        these = [r for r in rows if r["sram"] == sram]
        good = [r for r in these if comparable(r)]
        lines += [f"## {sram // KIB} KiB of SRAM", ""]
        lines.append("| network | cycles | Vela's | ratio | DRAM bytes | Vela's | ratio "
                     "| SRAM peak | Vela's | run s | Vela s |")
        lines.append("|---|---|---|---|---|---|---|---|---|---|---|")
        for row in these:
            if not comparable(row):
                reason = row["ours"].get("error") or row["vela"].get("error")
                lines.append(f"| {row['network']} | {reason[:100]} | | | | | | | | | |")
                continue
            ours, vela = row["ours"], row["vela"]
            mark = "" if ours["cpu_operators"] == vela["cpu_operators"] else " *"
            lines.append(
                f"| {row['network']}{mark} | {ours['cycles']} | {vela['cycles']} "
                f"| {ratio(row, 'cycles'):.3f} "
                f"| {ours['dram_bytes']} | {vela['dram_bytes']} | {ratio(row, 'dram_bytes'):.3f} "
                f"| {ours['sram_peak']} | {vela['sram_peak']} "
                f"| {row['our_seconds']:.3f} | {row['vela_seconds']:.2f} |")
        fits = {who: sum("error" in r[other] and "error" not in r[who] for r in these)
                for who, other in (("ours", "vela"), ("vela", "ours"))}
        if any(fits.values()):
            lines += ["", f"Only ours runs: {fits['ours']} networks; only Vela's: {fits['vela']}."]
        alike = [r for r in good if r["ours"]["cpu_operators"] == r["vela"]["cpu_operators"]]
        if alike:
            worst = max(alike, key=lambda r: ratio(r, "cycles"))
            over = sum(ratio(r, "cycles") > 1.02 for r in alike)
            too_big = sum(r["ours"]["sram_peak"] > sram for r in alike)
            lines += ["", f"Geometric means over {len(alike)} networks: cycles "
                      f"{mean(ratio(r, 'cycles') for r in alike):.3f}, DRAM bytes "
                      f"{mean(ratio(r, 'dram_bytes') for r in alike):.3f}, whole process "
                      f"{mean(r['our_seconds'] / r['vela_seconds'] for r in alike):.4f}. "
                      f"Slowest against Vela: {worst['network']} {ratio(worst, 'cycles'):.3f}; "
                      f"above 1.02: {over}. SRAM peak above the arena: {too_big}."]
        lines.append("")
    lines.append("`*`: another share runs on the CPU, so the row is not in the means.")
    grown = growth(rows)
    lines += ["", f"Cycles that grow with the arena: {len(grown)}."]
    lines += [f"- {text}" for text in grown]
    return "\n".join(lines) + "\n"


def growth(rows):
    """Networks that take more cycles with more SRAM than with less."""
    result = []
    by_name = {}
    for row in rows:
        if "error" not in row["ours"]:
            by_name.setdefault(row["network"], []).append((row["sram"], row["ours"]["cycles"]))
    for name, points in by_name.items():
        points.sort()
        for (small, fewer), (large, more) in zip(points, points[1:]):
            if more > fewer:
                result.append(f"{name}: {fewer} at {small // KIB} KiB, {more} at {large // KIB} "
                              f"KiB ({100 * (more / fewer - 1):.2f} % more)")
    return result


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--vela", required=True)
    parser.add_argument("--u65sim", required=True)
    parser.add_argument("--work", required=True, help="folder for everything made")
    parser.add_argument("--models", help="folder of more .tflite files")
    parser.add_argument("--target", default="u65-256", choices=sorted(ACCELERATORS))
    parser.add_argument("--random", type=int, default=100, help="random networks (100)")
    parser.add_argument("--seed", type=int, default=1, help="of the first random network (1)")
    parser.add_argument("--sizes", default="128,256,384,512,1024", help="KiB of SRAM")
    parser.add_argument("--effort", default="normal", choices=["normal", "high"],
                        help="of our compiler (normal)")
    parser.add_argument("--only", help="names, with commas between")
    parser.add_argument("--no-zoo", action="store_true")
    parser.add_argument("-o", "--output", help="the table; default: standard output")
    parser.add_argument("--json", help="all rows")
    return parser


def main():
    options = arguments(__doc__.splitlines()[0]).parse_args()
    comparison = Comparison(options)
    sizes = [int(s) * KIB for s in options.sizes.split(",")]
    rows = []
    networks = comparison.networks()
    for sram in sizes:
        for name, path in networks:
            rows.append(comparison.compare(name, path, sram))
            if sys.stderr.isatty():
                print(f"{sram // KIB} KiB: {name}", file=sys.stderr)
    text = table(rows, sizes)
    if options.output:
        with open(options.output, "w") as out:
            out.write(text)
    else:
        print(text, end="")
    if options.json:
        with open(options.json, "w") as out:
            json.dump(rows, out, indent=1)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Compares ours with Vela's over networks of family_networks.py, accelerators, memory modes and efforts.

Both compilers' streams of one network run on u65sim, on the same target. Vela's files are kept in
--work and used again; a network runs through one Vela process at a time. Needs family_networks.py's
packages, and a virtual environment with ethos-u-vela for --vela (its python):

  compare_families.py --vela VENV/bin/python --u65sim build/release/bin/u65sim --work DIR \\
      [--seeds 1-300] [--settings u65-256,u55-128/sram_only] [--efforts normal,high] [--exact]

A setting is TARGET or TARGET/MODE, with @KIB behind it for another size of SRAM than the mode's; all
of them by default. --files takes other networks than the families', such as keras_networks.py's. "like-vela" or "like-vela=5.0" among the
efforts plans with the rules of Vela 5.2 or 5.0; how far its cycles are from those of Vela's stream is
tabled as well. With --exact every network is executed
with the checker on as well, and its outputs compared with LiteRT's. Rows go to --rows as JSON, one a
line; the table and the worst rows to standard output.
"""
import argparse
import collections
import glob
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from ai_edge_litert import schema_py_generated as tfl

from compare_outputs import compare as compare_outputs, references
from compare_vela import mean
import family_networks

KIB = 1024
# For a kind of accelerator: a mode's system configuration and memory mode of Vela's, and the SRAM.
MODES = {
    "u65": {"dedicated_sram": ("Ethos_U65_High_End", "Dedicated_Sram", 384 * KIB),
            "shared_sram": ("Ethos_U65_Embedded", "Shared_Sram", 1024 * KIB)},
    "u55": {"shared_sram": ("Ethos_U55_High_End_Embedded", "Shared_Sram", 1024 * KIB),
            "sram_only": ("Ethos_U55_High_End_Embedded", "Sram_Only", 8192 * KIB)},
}
LIKE_VELA = "like-vela"  # beside the efforts, with or without a version: plans with Vela's rules
TARGETS = ("u65-256", "u65-512", "u55-64", "u55-128", "u55-256")


class Setting:
    def __init__(self, name):
        name, _, self.kib = name.partition("@")
        self.target, _, mode = name.partition("/")
        modes = MODES[self.target[:3]]
        self.mode = mode or next(iter(modes))
        self.system, self.memory, sram = modes[self.mode]
        self.sram = int(self.kib) * KIB if self.kib else sram

    def __str__(self):
        return f"{self.target}/{self.mode}" + (f"@{self.kib}" if self.kib else "")

    def of_vela(self):
        return ["--system-config", self.system, "--memory-mode", self.memory, "--optimise",
                "Performance", "--arena-cache-size", str(self.sram)]

    def of_ours(self, config):
        return ["--target", self.target, "--vela-config", config, "--system-config", self.system,
                "--memory-mode", self.memory, "--set", f"sram.size={self.sram}"]


class Vela:
    """One process of vela_batch.py; results are files of --work."""

    def __init__(self, python, work):
        base = pathlib.Path(python).parent.parent
        self.config = glob.glob(f"{base}/lib/python3*/site-packages/ethosu/config_files/Arm/vela.ini")[0]
        self.work = work
        self.command = [python, str(pathlib.Path(__file__).parent / "vela_batch.py"), self.config]
        self.process = None

    def compiled(self, network, setting):
        """The compiled file, or what Vela says."""
        folder = self.work / str(setting).replace("/", "-")
        folder.mkdir(parents=True, exist_ok=True)
        result, failure = folder / f"{network.stem}_vela.tflite", folder / f"{network.stem}.error"
        for known in (result, failure):
            if known.exists() and known.stat().st_mtime >= network.stat().st_mtime:
                return (result, None) if known == result else (None, failure.read_text())
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        job = {"network": str(network), "target": setting.target, "folder": str(folder),
               "arguments": setting.of_vela()}
        print(json.dumps(job), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        if "compiled" in answer:
            return result, None
        failure.write_text(answer["error"])
        return None, answer["error"]


def simulate(program, network, arguments):
    done = subprocess.run([program, "run", str(network), *arguments, "--format", "json"],
                          capture_output=True, text=True)
    if done.returncode:
        return {"error": done.stderr.strip()[:300]}
    report = json.loads(done.stdout)
    result = {"cycles": report["total"]["cycles"], "bound": report["total"].get("bound_cycles", 0),
              "limit": report["total"].get("limit", "none"), "sram_peak": report["sram"]["peak_bytes"],
              "off_chip": report["dram"]["read_bytes"] + report["dram"]["write_bytes"],
              "cpu": len(report["model"]["cpu_operators"])}
    return result


def kinds(network):
    """Operator kinds of a file and how many of each, as text."""
    model = tfl.ModelT.InitFromPackedBuf(network.read_bytes(), 0)
    names = {value: name for name, value in vars(tfl.BuiltinOperator).items() if name[0] != "_"}
    count = collections.Counter(names[model.operatorCodes[op.opcodeIndex].builtinCode]
                                for op in model.subgraphs[0].operators)
    return ", ".join(f"{n} {name}" for name, n in count.most_common())


def exactness(program, network, setting, config, pairs):
    with tempfile.TemporaryDirectory() as folder:
        result, error = compare_outputs(program, network, setting.target, pairs, pathlib.Path(folder),
                                        setting.of_ours(config)[2:])
    return error or ("" if result[1] == 0 else f"{result[1]} of {result[0]} elements differ")


def compare(options, vela, network, setting, pairs):
    compiled, error = vela.compiled(network, setting)
    ours = setting.of_ours(vela.config)
    row = {"network": network.stem, "setting": str(setting)}
    row["vela"] = simulate(options.u65sim, compiled, ours) if compiled else {"error": error}
    for effort in options.efforts.split(","):
        plan = [f"--{effort}"] if effort.startswith(LIKE_VELA) else ["--effort", effort]
        row[effort] = simulate(options.u65sim, network, [*ours, *plan])
    if pairs:
        row["outputs"] = exactness(options.u65sim, network, setting, vela.config, pairs)
    return row


def ratios(rows, effort):
    """(ratio of cycles, row) of all that both compilers run alike, worst first."""
    result = [(row[effort]["cycles"] / row["vela"]["cycles"], row) for row in rows
              if effort in row and "error" not in row[effort] and "error" not in row["vela"]
              and row[effort]["cpu"] == row["vela"]["cpu"]]
    return sorted(result, key=lambda entry: -entry[0])


def below_bound(rows):
    """Streams that take fewer cycles than the bound of the network's graph: there must be none."""
    result = []
    for row in rows:
        ours = row.get("normal", {})
        for who in ("vela", "normal", "high"):
            run = row.get(who, {})
            if "cycles" in run and "bound" in ours and run["cpu"] == ours["cpu"] and \
                    run["cycles"] < ours["bound"]:
                result.append(f"{row['network']} {row['setting']}: {who} {run['cycles']} below "
                              f"{ours['bound']} ({ours['limit']})")
    return result


def over_bound(rows, effort):
    """Geometric mean of cycles over bounds."""
    values = [row[effort]["cycles"] / row[effort]["bound"] for row in rows
              if row.get(effort, {}).get("bound")]
    return f"{mean(values):.2f}" if values else "-"


def table(rows, efforts):
    lines = ["| setting | effort | networks | geometric mean | worst | above 1.00 | above 1.02 | over bound "
             "| ours only | Vela only | outputs or checks amiss |",
             "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for setting in sorted({row["setting"] for row in rows}) + ["all"]:
        these = [row for row in rows if setting in ("all", row["setting"])]
        for effort in efforts:
            all_of_it = ratios(these, effort)
            if not all_of_it:
                continue
            values = [ratio for ratio, _ in all_of_it]
            alone = [sum("error" in row[other] and "error" not in row[one] for row in these
                         if effort in row) for one, other in ((effort, "vela"), ("vela", effort))]
            lines.append(
                f"| {setting} | {effort} | {len(values)} | {mean(values):.3f} "
                f"| {values[0]:.3f} ({all_of_it[0][1]['network']}) | {sum(v > 1 for v in values)} "
                f"| {sum(v > 1.02 for v in values)} | {over_bound(these, effort)} | {alone[0]} | {alone[1]} "
                f"| {sum(bool(row.get('outputs')) for row in these)} |")
    return "\n".join(lines)


def percent(value):
    return f"{100 * value:.1f} %"


def errors(rows, effort):
    """How far plans with Vela's rules are from its streams, by setting; negative is faster."""
    lines = [f"Errors of {effort}:", "",
             "| setting | networks | mean error | median | nine of ten within | worst | bias "
             "| above 10 % |", "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for setting in sorted({row["setting"] for row in rows}) + ["all"]:
        of_setting = [row for row in rows if setting in ("all", row["setting"])]
        signed = sorted((ratio - 1 for ratio, _ in ratios(of_setting, effort)), key=abs)
        if not signed:
            continue
        sizes = [abs(error) for error in signed]
        figures = (statistics.mean(sizes), statistics.median(sizes), sizes[len(sizes) * 9 // 10],
                   signed[-1], statistics.mean(signed))
        lines.append(f"| {setting} | {len(sizes)} | " + " | ".join(percent(f) for f in figures) +
                     f" | {sum(size > 0.1 for size in sizes)} |")
    return "\n".join(lines)


def worst(rows, effort, paths, count):
    lines = [f"Worst rows, effort {effort}: ours / Vela's, cycles, off-chip bytes; operators"]
    for ratio, row in ratios(rows, effort)[:count]:
        ours, vela = row[effort], row["vela"]
        lines.append(f"{ratio:.3f} {row['network']} {row['setting']}: {ours['cycles']:,} / "
                     f"{vela['cycles']:,} cycles, {ours['off_chip']:,} / {vela['off_chip']:,} B; "
                     f"{kinds(paths[row['network']])}")
    return "\n".join(lines)


def shares(rows, effort):
    """Networks of which the two compilers leave different operators to the CPU."""
    apart = {}
    for row in rows:
        ours, vela = row.get(effort, {}).get("cpu"), row["vela"].get("cpu")
        if None not in (ours, vela) and ours != vela:
            apart[row["network"], ours, vela] = row["setting"]
    return "\n".join(["Operators on the CPU, ours and Vela's, where they differ (not in the table):"] + [
        f"{network}: {ours} and {vela} ({setting})" for (network, ours, vela), setting in apart.items()])


def write_networks(folder, seeds):
    """Files of these seeds; those that are there already are kept as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    result = []
    for seed in seeds:
        name, data = family_networks.make(seed)
        path = folder / f"{name}.tflite"
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
        result.append(path)
    return result


def selected(text):
    first, last, *step = (int(n) for n in text.split("-"))
    return range(first, last + 1, *step)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vela", required=True, help="python that has ethos-u-vela")
    parser.add_argument("--u65sim", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--networks", type=pathlib.Path, help="folder of the networks (WORK/networks)")
    parser.add_argument("--files", nargs="+", type=pathlib.Path, help="networks, instead of seeds")
    parser.add_argument("--seeds", default="1-300", help="first-last or first-last-step")
    parser.add_argument("--settings", default=",".join(
        f"{target}/{mode}" for target in TARGETS for mode in MODES[target[:3]]))
    parser.add_argument("--efforts", default="normal")
    parser.add_argument("--exact", action="store_true", help="execute, check, compare with LiteRT")
    parser.add_argument("--rows", help="file for all rows")
    parser.add_argument("--worst", type=int, default=30, help="how many of the worst rows to list")
    options = parser.parse_args()
    folder = options.networks or options.work / "networks"
    networks = options.files or write_networks(folder, selected(options.seeds))
    paths = {network.stem: network for network in networks}
    vela, rows = Vela(options.vela, options.work), []
    settings = [Setting(name) for name in options.settings.split(",")]
    with open(options.rows or "/dev/null", "w") as out:
        for network in networks:
            pairs = references(network, 1) if options.exact else None
            for setting in settings:
                rows.append(compare(options, vela, network, setting, pairs))
                print(json.dumps(rows[-1]), file=out, flush=True)
    print(table(rows, options.efforts.split(",")))
    for effort in options.efforts.split(","):
        if effort.startswith(LIKE_VELA):
            print("\n" + errors(rows, effort))
        print("\n" + worst(rows, effort, paths, options.worst))
    print("\n" + shares(rows, options.efforts.split(",")[0]))
    wrong = below_bound(rows)
    print("\n" + "\n".join(["Streams below their network's bound:", *wrong]))
    return bool(wrong) or any(row.get("outputs") for row in rows)


if __name__ == "__main__":
    sys.exit(main())

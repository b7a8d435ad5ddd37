#!/usr/bin/env python3
"""The same streams through every file that carries them: the same cycles, and outputs as their producers have them.

For each network that Vela compiles: the stream of its .tflite and of its raw output (.npz) are compared word for word, cycles of
both, and the outputs on one input; for networks with a .tflite of the float or int model beside them LiteRT computes the same
input. For each ExecuTorch program (executorch_programs.py): the cycles of its delegates as Vela's raw output, and the outputs
within one step of its last quantisation of what the quantised PyTorch model computes.

usage: formats.py PROGRAM --vela VELA [--vela VELA ...] [--litert PYTHON] [--pte DIR] NETWORK.tflite...
"""
import argparse
import array
import json
import pathlib
import random
import subprocess
import sys
import tempfile

LITERT = """
import sys, numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
net = Interpreter(sys.argv[1], experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
net.allocate_tensors()
for detail, name in zip(net.get_input_details(), sys.argv[3:]):
    net.set_tensor(detail["index"], np.fromfile(name, detail["dtype"]).reshape(detail["shape"]))
net.invoke()
for i, detail in enumerate(net.get_output_details()):
    net.get_tensor(detail["index"]).tofile(f"{sys.argv[2]}/output_{i}.bin")
"""


def command(*arguments, check=True):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments[:4]))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def report(program, file, *options):
    return json.loads(command(program, "run", file, *options, "-f", "json"))


def cycles(program, file, target, *options):
    return report(program, file, "--target", target, *options)["total"]["cycles"]


def words(program, file):
    """The stream's commands, without what names its segment."""
    return [line for line in command(program, "disasm", file).splitlines() if not line.startswith("#")]


def inputs_of(program, network, folder):
    """One file of drawn bytes for each input of a network."""
    text = command(program, "graph", network)
    files = []
    dice = random.Random(7)
    for size in input_bytes(text):
        file = folder / f"input_{len(files)}.bin"
        file.write_bytes(bytes(dice.randrange(256) for _ in range(size)))
        files.append(file)
    return files


def input_bytes(text):
    """Sizes of the inputs that `u65sim graph` lists: "input name 1x49x10x1 int8 ..."."""
    sizes = []
    for line in text.splitlines():
        parts = line.split()
        if not parts or parts[0] != "input":
            continue
        kind = next(p for p in parts if p in ("int8", "uint8", "int16", "int32", "float32"))
        shape = parts[parts.index(kind) - 1]
        count = 1
        for extent in shape.split("x"):
            count *= int(extent)
        sizes.append(count * {"int8": 1, "uint8": 1, "int16": 2}.get(kind, 4))
    return sizes


def compare_vela(program, vela, network, target, litert, work):
    """One line about a network that Vela compiles to both files."""
    modes = {"u65": ("Ethos_U65_High_End", "Dedicated_Sram"), "u55": ("Ethos_U55_High_End_Embedded", "Shared_Sram")}
    system, mode = modes[target[:3]]
    made = {}
    for kind in ("tflite", "raw"):
        folder = work / kind
        options = ["--accelerator-config", f"ethos-{target}", "--config", "Arm/vela.ini", "--system-config", system,
                   "--memory-mode", mode, "--output-dir", folder]
        command(vela, network, *options, *(["--output-format", "raw"] if kind == "raw" else []))
        made[kind] = sorted(folder.glob("*.npz" if kind == "raw" else "*.tflite"))
    if len(made["raw"]) != 1:
        return "skipped", f"{len(made['raw'])} raw files"
    tflite, npz = made["tflite"][0], made["raw"][0]
    if words(program, tflite) != words(program, npz):
        return "skipped", "Vela made another stream for each"
    a, b = cycles(program, tflite, target), cycles(program, npz, target)
    if a != b:
        return "FAILED", f"{a} cycles through .tflite, {b} through .npz"
    files = inputs_of(program, network, work)
    given = [f for file in files for f in ("--input", file)]
    results = {}
    for name, file in (("tflite", tflite), ("npz", npz)):
        command(program, "run", file, "--target", target, *given, "--output", work / f"from_{name}", "-o", work / "r.json")
        results[name] = [f.read_bytes() for f in sorted((work / f"from_{name}").iterdir())]
    text = f"{a} cycles"
    if report(program, tflite, "--target", target)["model"]["cpu_operators"]:
        text += ", outputs not compared (operators on the CPU)"
    elif results["tflite"] != results["npz"]:
        return "FAILED", "outputs differ between .tflite and .npz"
    if litert:
        (work / "litert").mkdir()
        command(litert, "-c", LITERT, network, work / "litert", *files)
        wanted = [f.read_bytes() for f in sorted((work / "litert").iterdir())]
        text += ", LiteRT's bytes" if wanted == results["tflite"] else ", not all bytes LiteRT's"
    return "same", text


def compare_program(program, pte, work):
    """One line about an ExecuTorch program."""
    stem = str(pte)[:-len(".pte")]
    target = stem.rsplit("_", 1)[1]
    weights = [f for file in sorted(pathlib.Path(stem + ".data").glob("*.ptd")) for f in ("--weights", file)]
    whole = report(program, pte, "--target", target, *weights, "--input", stem + ".in0.bin", "--output", work)
    parts = [cycles(program, npz, target) for npz in sorted(pte.parent.glob(pte.stem + ".[0-9].npz"))]
    total = whole["total"]["cycles"]
    if total != sum(parts):
        return "FAILED", f"{total} cycles through .pte, {sum(parts)} through {len(parts)} .npz"
    got, want = (array.array("f", pathlib.Path(f).read_bytes()) for f in (work / "output_0.bin", stem + ".want0.bin"))
    step = float(pathlib.Path(stem + ".step").read_text())
    worst = max(abs(x - y) for x, y in zip(got, want)) / step
    if len(got) != len(want) or worst > 1.001:
        return "FAILED", f"outputs are {worst:.2f} steps away"
    return "same", f"{total} cycles in {len(parts)} delegates, outputs {worst:.2f} steps away at most"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--vela", action="append", default=[])
    parser.add_argument("--litert")
    parser.add_argument("--pte", type=pathlib.Path)
    parser.add_argument("networks", nargs="*", type=pathlib.Path)
    arguments = parser.parse_intermixed_args()
    tasks = [(f"{network.stem} {target} {pathlib.Path(vela).parts[-3]}",
              lambda work, v=vela, n=network, t=target: compare_vela(arguments.program, v, n, t, arguments.litert, work))
             for network in arguments.networks for vela in arguments.vela for target in ("u65-256", "u55-128")]
    for pte in sorted(arguments.pte.glob("*.pte")) if arguments.pte else []:
        tasks.append((pte.name, lambda work, p=pte: compare_program(arguments.program, p, work)))
    counts = {"same": 0, "skipped": 0, "FAILED": 0}
    for name, task in tasks:
        with tempfile.TemporaryDirectory() as work:
            try:
                verdict, text = task(pathlib.Path(work))
            except RuntimeError as error:
                verdict, text = "FAILED", str(error)
        counts[verdict] += 1
        print(f"{name:45} {verdict}: {text}", flush=True)
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return 1 if counts["FAILED"] or not counts["same"] else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The same streams through every file that carries them: the same cycles, and outputs as their producers have them.

For each network that Vela compiles: the stream of its .tflite and of its raw output (.npz) are compared word for word, cycles of
both, and the outputs on one input, of the raw output also when zlib packed it; LiteRT computes the same input on the network
before it was compiled. For each ExecuTorch program (executorch_programs.py): the cycles of its delegates as Vela's raw output,
and the outputs within one step of its last quantisation of what the quantised PyTorch model computes.

usage: formats.py PROGRAM --vela VELA [--vela VELA ...] [--litert PYTHON] [--pte DIR] [--page FILE] NETWORK...

A NETWORK is a .tflite or a name of `u65sim zoo list`. --page writes the results as docs/formats-rows.md has them.
"""
import argparse
import array
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile
import zipfile

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


def packed(npz, folder):
    """The same arrays as `numpy.savez_compressed` would have them."""
    file = folder / "packed.npz"
    with zipfile.ZipFile(npz) as archive, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as again:
        for name in archive.namelist():
            again.writestr(name, archive.read(name))
    return file


KINDS = {"int8": "b", "uint8": "B", "int16": "h", "int32": "i", "float32": "f"}


def inputs_of(program, network, folder):
    """One file of drawn bytes for each input of a network."""
    text = command(program, "graph", network)
    files = []
    dice = random.Random(7)
    for kind, count in ends(text, "input"):
        file = folder / f"input_{len(files)}.bin"
        file.write_bytes(bytes(dice.randrange(256) for _ in range(count * array.array(KINDS[kind]).itemsize)))
        files.append(file)
    return files


def ends(text, which):
    """Types and element counts of what `u65sim graph` lists as "input name 1x49x10x1 int8 ..." or "output ..."."""
    found = []
    for line in text.splitlines():
        parts = line.split()
        if not parts or parts[0] != which:
            continue
        kind = next((p for p in parts if p in KINDS), None)
        if kind is None:
            raise RuntimeError(f"no bytes are drawn for this type: {line}")
        shape = parts[parts.index(kind) - 1]
        found.append((kind, math.prod(int(extent) for extent in shape.split("x"))))
    return found


def difference(program, network, got, want):
    """How outputs of a network differ from the reference kernels' (bytes of each)."""
    count = differing = worst = 0
    for (kind, _), a, b in zip(ends(command(program, "graph", network), "output"), got, want, strict=True):
        pairs = list(zip(array.array(KINDS[kind], a), array.array(KINDS[kind], b), strict=True))
        count += len(pairs)
        differing += sum(x != y for x, y in pairs)
        worst = max(worst, *(abs(x - y) for x, y in pairs))
    return "LiteRT's bytes" if not differing else f"{differing} of {count} elements off LiteRT's, by at most {worst}"


def compare_vela(program, vela, network, target, litert, work):
    """One line about a network that Vela compiles to both files."""
    modes = {"u65": ("Ethos_U65_High_End", "Dedicated_Sram", ["--arena-cache-size", "393216"]),
             "u55": ("Ethos_U55_High_End_Embedded", "Shared_Sram", [])}
    system, mode, size = modes[target[:3]]
    made = {}
    for kind in ("tflite", "raw"):
        folder = work / kind
        options = ["--accelerator-config", f"ethos-{target}", "--config", "Arm/vela.ini", "--system-config", system,
                   "--memory-mode", mode, *size, "--output-dir", folder]
        try:
            command(vela, network, *options, *(["--output-format", "raw"] if kind == "raw" else []))
        except RuntimeError as error:
            if "RawWriter expects a graph without" in str(error):
                return "skipped", "no raw output: Vela leaves operators to the CPU"
            raise
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
    for name, file in (("tflite", tflite), ("npz", npz), ("packed", packed(npz, work))):
        command(program, "run", file, "--target", target, *given, "--output", work / f"from_{name}", "-o", work / "r.json")
        results[name] = [f.read_bytes() for f in sorted((work / f"from_{name}").iterdir())]
    text = f"{a} cycles"
    if report(program, tflite, "--target", target)["model"]["cpu_operators"]:
        text += ", outputs not compared (operators on the CPU)"
    elif not results["tflite"] == results["npz"] == results["packed"]:
        return "FAILED", "outputs differ between .tflite and .npz, or the .npz deflated"
    if litert:
        (work / "litert").mkdir()
        command(litert, "-c", LITERT, network, work / "litert", *files)
        wanted = [f.read_bytes() for f in sorted((work / "litert").iterdir())]
        text += ", " + difference(program, network, results["tflite"], wanted)
    return "same", text


def compare_program(program, pte, work):
    """One line about an ExecuTorch program."""
    stem = str(pte)[:-len(".pte")]
    target = stem.rsplit("_", 1)[1]
    weights = [f for file in sorted(pathlib.Path(stem + ".data").glob("*.ptd")) for f in ("--weights", file)]
    given = [f for file in sorted(pte.parent.glob(pte.stem + ".in[0-9].bin")) for f in ("--input", file)]
    whole = report(program, pte, "--target", target, *weights, *given, "--output", work)
    parts = [cycles(program, npz, target) for npz in sorted(pte.parent.glob(pte.stem + ".[0-9].npz"))]
    total = whole["total"]["cycles"]
    if total != sum(parts):
        return "FAILED", f"{total} cycles through .pte, {sum(parts)} through {len(parts)} .npz"
    got, want = (array.array("f", pathlib.Path(f).read_bytes()) for f in (work / "output_0.bin", stem + ".want0.bin"))
    step = float(pathlib.Path(stem + ".step").read_text())
    worst = max(abs(x - y) for x, y in zip(got, want)) / step
    if len(got) != len(want) or worst > 1.001:
        return "FAILED", f"outputs are {worst:.2f} steps away"
    return "same", f"{total} cycles in {len(parts)} delegate{'s' * (len(parts) > 1)}, outputs {worst:.2f} steps away at most"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--vela", action="append", default=[])
    parser.add_argument("--litert")
    parser.add_argument("--pte", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path)
    parser.add_argument("networks", nargs="*")
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as zoo:
        rows = compare(arguments, [network_file(arguments.program, network, zoo) for network in arguments.networks])
    counts = {verdict: sum(row[1] == verdict for row in rows) for verdict in ("same", "skipped", "FAILED")}
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    if arguments.page:
        arguments.page.write_text(page(rows))
    return 1 if counts["FAILED"] or not counts["same"] else 0


def network_file(program, network, folder):
    if not pathlib.Path(network).is_file():
        command(program, "zoo", "write", network, "-o", folder)
        return pathlib.Path(folder) / f"{network}.tflite"
    return pathlib.Path(network)


def compare(arguments, networks):
    """A row (name, verdict, text) for each network on each NPU, and for each program."""
    tasks = [((network.stem, f"Vela {version(vela)}", target),
              lambda work, v=vela, n=network, t=target: compare_vela(arguments.program, v, n, t, arguments.litert, work))
             for network in networks for vela in arguments.vela for target in ("u65-256", "u55-128")]
    for pte in sorted(arguments.pte.glob("*.pte")) if arguments.pte else []:
        name, target = pte.stem.rsplit("_", 1)
        tasks.append(((name, "ExecuTorch", target), lambda work, p=pte: compare_program(arguments.program, p, work)))
    rows = []
    for name, task in tasks:
        with tempfile.TemporaryDirectory() as work:
            try:
                rows.append((name, *task(pathlib.Path(work))))
            except RuntimeError as error:
                rows.append((name, "FAILED", str(error)))
        print(f"{' '.join(name):45} {rows[-1][1]}: {rows[-1][2]}", flush=True)
    return rows


def version(vela):
    return command(vela, "--version").split()[-1]


def page(rows):
    """The rows as docs/formats-rows.md has them."""
    lines = ["# Do streams take the same time whichever file carries them?", "",
             "Written by `tests/peers/formats.py` ([formats.md](formats.md)). *same*: word for word the same stream, the same cycles",
             "and the same output bytes through both files: Vela's `.tflite` and its raw `.npz`; an ExecuTorch program `.pte` and the",
             "`.npz` of its delegates. Outputs are compared with LiteRT's reference kernels on the network before it was compiled, or",
             "with what the quantised PyTorch model computes, in steps of its last quantisation. Why streams of Vela's can be off",
             "LiteRT's bytes: [vela-streams.md](vela-streams.md). Names with a number are networks of `tests/peers/family_networks.py`",
             "by family and seed; ExecuTorch's are those of `tests/peers/executorch_programs.py`.", "",
             "| network | compiled by | NPU | | cycles, outputs |", "| --- | --- | --- | --- | --- |"]
    for (network, compiler, target), verdict, text in rows:
        lines.append(f"| {network} | {compiler} | {target} | {verdict} | {text} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())

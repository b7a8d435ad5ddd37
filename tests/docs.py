#!/usr/bin/env python3
"""Follows the pages of docs/ and the README: runs every command they show, and makes their figures again.

    tests/docs.py PROGRAM [--update] [PAGE...]

Commands are lines of `u65sim ...` in code, whole or inside a sentence; words in capitals stand for what
WORDS says. Each has to end with exit code 0, in a folder with the files that pages speak of. What cannot
be run here is in LEFT_OUT, with the reason.

Figures are marked in the pages, by comments that readers do not see:

    <!-- made by: COMMAND -->      the code block or table behind it is what the shell command prints
    <!--= EXPRESSION | FORMAT -->3.42<!--/-->      is a Python expression; `run(NET, "key=value"...)` gives
                                   a report's JSON, with target="..." and options=[...] where wanted

A figure that differs is told, or written into the page with --update. Exit code 1: something failed or
differed.
"""
import argparse
import functools
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent
SUBCOMMANDS = ("run", "compile", "disasm", "asm", "zoo", "targets", "graph", "passes", "validate", "blocks",
               "compare", "study", "study-merge", "advise", "operators", "fit")
# What stands for something in the pages.
WORDS = {"NET": "ds_cnn", "PASS": "lower", "COMMAND": "run", "FOLDER": "folder", "DIR": "folder", "STEP": "fuse",
         "NAME": "ds_cnn", "FILE": "net.tflite", "OUT": "out", "PAYLOAD": "payload.bin", "WORDS": "words.bin", "TEXT": "net.txt"}
# Commands that are not run, by how they begin, and why.
LEFT_OUT = {
    "u65sim run net.tflite --target u65-256 --vela-config vela.ini": "needs Vela's file of configurations",
    "u65sim run NET --input FILE": "needs inputs; tests/cli/execute_test.cpp follows it",
    "u65sim run PAYLOAD --weights FILE": "needs the constants of a payload; tests/cli/execute_test.cpp follows it",
    "u65sim run output/net_vela.npz": "needs a file of Vela; tests/behaviour reads such files of its own making",
    "u65sim run net.pte": "needs a file of ExecuTorch; the same",
    "u65sim run payload.bin --weights": "needs the constants of a payload; tests/cli/execute_test.cpp follows it",
    "u65sim run words.bin": "needs the memories of a driver; the same",
    "u65sim run out/net_full_integer_quant": "needs a converted network",
    "u65sim validate": "takes minutes; tests/unit/validate and tests/peers/renew_validation.sh run it",
    "u65sim fit": "needs measurements; tests/cli/boards_test.cpp follows it",
    "u65sim study-merge FILE": "needs shards; tests/cli/study_test.cpp follows it",
    "u65sim study FILE": "needs MPI",
    "u65sim study configs": "takes minutes; tests/cli/study_test.cpp runs every study",
    "u65sim blocks --document": "its files are made again and compared",
    "u65sim blocks": "alone sweeps everything, for minutes",
    "u65sim passes NET": "measures a network in many ways; tests/cli/run_test.cpp follows it",
    "u65sim passes net.tflite": "the same",
    "u65sim passes mobilenet_v2_224": "the same",
    "u65sim passes rnnoise": "the same",
    "u65sim asm net.txt --into": "needs the files of the line before; tests/cli/asm_test.cpp follows it",
    "u65sim run changed.tflite": "the same",
    "u65sim disasm WORDS": "the same",
}
# Names of commands and options inside sentences, not commands.
NAMES = {"u65sim run", "u65sim run --backend", "u65sim graph", "u65sim study", "u65sim zoo write", "u65sim validate",
         "u65sim run --format json", "u65sim run --backend systemc-tlm"}
# Pages whose figures are made otherwise: by scripts that need other compilers, interpreters or hours.
FIGURES_ELSEWHERE = {
    "docs/validation.md": "tests/peers/renew_validation.sh",
    "docs/silicon.md": "tests/peers/renew_silicon.sh (vendors' streams)",
    "docs/silicon-rows.md": "tests/peers/renew_silicon.sh (vendors' streams)",
    "docs/bit-exact.md": "tests/peers/compare_outputs.py (LiteRT, Vela)",
    "docs/operator-matrix.md": "tests/peers/operator_matrix.py (LiteRT)",
    "docs/operators.md": "tests/peers/operator_table.py (LiteRT)",
    "docs/vela-streams.md": "tests/peers/vela_streams.py (several Velas)",
    "docs/compiler-vs-vela.md": "tests/peers/compare_vela.py, compare_families.py (Vela), keras_networks.py",
    "docs/like-vela.md": "tests/peers/like_vela.py (Vela)",
    "docs/calibration.md": "tests/peers/calibrate.py",
    "docs/bound.md": "tests/peers/compare_families.py (Vela's networks)",
    "docs/oracle.md": "bench_u65sim, tests/peers/oracle_speed.py (Vela)",
    "docs/machine.md": "tests/peers/renew_validation.sh, as docs/validation.md",
    "docs/limitations.md": "tests/peers/renew_validation.sh, and the commands that its entries name",
    "docs/functional.md": "bench_u65sim --benchmark_filter='execute|gemm'",
    "docs/platform.md": "examples/084-what-a-dram-can-do.cpp",
    "docs/activations-outgrow-sram.md": "examples/050-activations-outgrow-sram.cpp; a test holds them",
    "docs/studies.md": "bench_u65sim --benchmark_filter=study/variants/1000",
}


def pages():
    return [SOURCE / "README.md", *sorted((SOURCE / "docs").rglob("*.md"))]


def name_of(page):
    return str(page.relative_to(SOURCE))


class Workshop:
    """A folder with the files that pages speak of, and the program on its path."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        (folder / "bin").mkdir()
        (folder / "bin" / "u65sim").symlink_to(program)
        for each in ("configs", "tests"):
            (folder / each).symlink_to(SOURCE / each)
        self.shell("u65sim zoo write ds_cnn -o . && mv ds_cnn.tflite net.tflite")
        self.shell("u65sim compile net.tflite -o net_vela.tflite && cp net_vela.tflite net_npu.tflite")
        self.shell("u65sim disasm net_npu.tflite -o net.txt && u65sim asm net.txt -o payload.bin")
        self.shell("u65sim run net.tflite -o a.json && u65sim run net.tflite --set sram.size=512KiB -o b.json")
        self.shell("u65sim targets show u65-256 > mine.yaml")
        yaml = (SOURCE / "docs/yaml-graphs.md").read_text().split("```yaml\n")[1].split("```")[0]
        (folder / "net.yaml").write_text(yaml)

    def shell(self, command):
        path = f"PATH={shlex.quote(str(self.folder / 'bin'))}:$PATH; {command}"
        done = subprocess.run(["bash", "-c", path], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{command}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    @functools.lru_cache(maxsize=None)
    def report(self, net, target, settings, options):
        words = ["u65sim", "run", net, "--target", target, "--format", "json", *options]
        for each in settings:
            words += ["--set", each]
        return json.loads(self.shell(shlex.join(words)))


def commands_in(text):
    """(line number, command) of every command that a page shows."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        if fenced or line.startswith("    "):
            found = [re.sub(r"^\$ ", "", line.strip())]
        else:
            found = re.findall(r"`([^`]+)`", line)
        for each in found:
            each = re.split(r"\s{2,}#", each)[0].rstrip()
            words = each.split()
            if len(words) > 1 and words[0] == "u65sim" and words[1] in SUBCOMMANDS:
                yield number, each


def runnable(command):
    """With words for what stands in capitals, and without what is optional; None: cannot be run."""
    command = re.sub(r"\s*\[[^\]]*\]", "", command).replace("...", "")
    command = re.sub(r"\b[A-Z]{3,}\b", lambda word: WORDS.get(word.group(), word.group()), command)
    return None if re.search(r"(?<![\w.])[A-Z]{3,}\b", command) else command


def check_commands(shop, chosen):
    failures = 0
    done = set()
    for page in chosen:
        for number, shown in commands_in(page.read_text()):
            if shown in done:
                continue
            done.add(shown)
            left_out = any(shown == start or (shown.startswith(start) and start != "u65sim blocks") for start in LEFT_OUT)
            if left_out or shown in NAMES:
                continue
            command = runnable(shown)
            try:
                if command is None:
                    raise RuntimeError("a word in capitals that this script does not know")
                shop.shell(command + (" > /dev/null" if ">" not in command else ""))
            except RuntimeError as error:
                failures += 1
                print(f"{name_of(page)}:{number}: {shown}\n    {error}")
    print(f"{len(done)} commands of {len(chosen)} pages, {failures} failed")
    return failures


class Block:
    """The lines of a code block or table behind a marker."""

    def __init__(self, lines, at):
        while at < len(lines) and not lines[at].strip():
            at += 1
        self.begin, self.indent = at, ""
        if at < len(lines) and lines[at].startswith("```"):
            self.begin = at + 1
            self.end = next(i for i in range(self.begin, len(lines)) if lines[i].startswith("```"))
        elif at < len(lines) and lines[at].startswith("|"):
            self.end = next((i for i in range(at, len(lines)) if not lines[i].startswith("|")), len(lines))
        else:
            self.indent = "    "
            self.end = at
            for i in range(at, len(lines)):
                if lines[i].startswith("    "):
                    self.end = i + 1
                elif lines[i].strip():
                    break
        # The command itself may stand on top.
        if self.begin < self.end and lines[self.begin].strip().startswith("$ "):
            self.begin += 1


def remake_blocks(shop, lines, differing):
    at = 0
    while at < len(lines):
        marker = re.fullmatch(r"<!-- made by: (.*) -->", lines[at].strip())
        at += 1
        if not marker:
            continue
        block = Block(lines, at)
        printed = shop.shell(marker.group(1)).rstrip("\n").split("\n")
        made = [(block.indent + each).rstrip() for each in printed]
        if made != lines[block.begin:block.end]:
            differing.append((block.begin + 1, marker.group(1)))
            lines[block.begin:block.end] = made
        at = block.begin + len(made)


def remake_figures(shop, text, differing):
    def run(net, *settings, target="u65-256", options=()):
        return shop.report(net, target, settings, tuple(options))

    def remade(match):
        expression, _, form = match.group(1).rpartition("|")
        value = format(eval(expression.strip(), {"run": run}), form.strip())  # our own pages' text
        if value != match.group(2):
            differing.append((text.count("\n", 0, match.start()) + 1, f"{match.group(2)} is {value}"))
        return f"<!--={match.group(1)}-->{value}<!--/-->"

    return re.sub(r"<!--=(.*?)-->(.*?)<!--/-->", remade, text, flags=re.DOTALL)


def check_figures(shop, chosen, update):
    wrong = 0
    for page in chosen:
        differing = []
        text = page.read_text()
        lines = text.split("\n")
        remake_blocks(shop, lines, differing)
        made = remake_figures(shop, "\n".join(lines), differing)
        for number, what in differing:
            print(f"{name_of(page)}:{number}: {'written anew' if update else 'differs'}: {what}")
        if update and made != text:
            page.write_text(made)
        wrong += 0 if update else len(differing)
    return wrong


def check_files(shop, update):
    """Whole files: the drawings of the passes' pages, which docs/images/make.sh makes, and the page of blocks."""
    images = shop.folder / "images"
    images.mkdir()
    shutil.copy(SOURCE / "docs/images/make.sh", images)
    shop.shell(f"images/make.sh {shlex.quote(str(shop.program))}")
    shop.shell("u65sim blocks --document blocks")
    wrong = 0
    for made in sorted([*images.glob("*.svg"), *(shop.folder / "blocks").iterdir()]):
        kept = SOURCE / "docs" / ("images" if made.parent == images else "") / made.name
        if kept.exists() and made.read_bytes() == kept.read_bytes():
            continue
        print(f"{name_of(kept)}: {'made anew' if update else 'differs'}")
        if update:
            shutil.copy(made, kept)
        wrong += 0 if update else 1
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("pages", nargs="*", type=pathlib.Path)
    parser.add_argument("--update", action="store_true", help="write figures that differ into the pages")
    parser.add_argument("--commands", action="store_true", help="run the commands only")
    arguments = parser.parse_args()
    chosen = [page.resolve() for page in arguments.pages] or pages()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="u65sim-docs-"))
    try:
        shop = Workshop(arguments.program.resolve(), folder)
        wrong = check_commands(shop, chosen)
        if not arguments.commands:
            wrong += check_figures(shop, chosen, arguments.update)
            if not arguments.pages:
                wrong += check_files(shop, arguments.update)
    finally:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

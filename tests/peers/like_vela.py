#!/usr/bin/env python3
"""How close are plans like Vela's to what Vela's streams take, and how close is Vela's estimate?

Compiles networks with Vela, runs its streams on u65sim, and tables three guesses of their cycles:
Vela's own, ours of the best plan, and ours of `--like-vela`. Takes the options of compare_vela.py
and shares its folder; --version is that of the Vela:

  tests/peers/like_vela.py --vela VENV/bin/vela --u65sim build/release/bin/u65sim --work DIR
"""
import csv
import glob
import json
import statistics
import sys

from compare_vela import KIB, Comparison, arguments, run

GUESSES = ("Vela's estimate", "u65sim", "u65sim --like-vela")


def simulated(options, path, sram, *flags):
    done, _ = run([options.u65sim, "run", path, "--target", options.target,
                   "--set", f"sram.size={sram}", "--format", "json", *flags])
    return json.loads(done.stdout)["total"]["cycles"] if done.returncode == 0 else None


def estimated(compiled):
    found = glob.glob(compiled.removesuffix("_vela.tflite") + "_summary_*.csv")
    if not found:
        return None
    with open(found[0]) as text:
        return float(next(csv.DictReader(text))["cycles_total"])


def rows_of(comparison, options, sizes):
    networks = comparison.networks()
    for sram in sizes:
        for name, path in networks:
            compiled, _ = comparison.vela(name, path, sram)
            stream = compiled and simulated(options, compiled, sram)
            guesses = compiled and [estimated(compiled), simulated(options, path, sram),
                                    simulated(options, path, sram,
                                              f"--like-vela={options.version}")]
            if stream and all(guesses):
                yield name, sram, [guess / stream - 1 for guess in guesses]


def percent(value):
    return f"{100 * value:.1f} %"


def table(rows):
    lines = []
    for title, wanted in (("networks of the zoo and files", False), ("random networks", True)):
        chosen = [errors for name, _, errors in rows if name.startswith("random") == wanted]
        if not chosen:
            continue
        lines += [f"{len(chosen)} streams of {title}:", "",
                  "| cycles from | mean error | median | nine of ten within | worst | bias |",
                  "| --- | ---: | ---: | ---: | ---: | ---: |"]
        for i, guess in enumerate(GUESSES):
            signed = [errors[i] for errors in chosen]
            sizes = sorted(abs(error) for error in signed)
            figures = (statistics.mean(sizes), statistics.median(sizes),
                       sizes[len(sizes) * 9 // 10], sizes[-1], statistics.mean(signed))
            lines.append(f"| {guess} | " + " | ".join(percent(f) for f in figures) + " |")
        lines.append("")
    named = sorted({name for name, _, _ in rows if not name.startswith("random")})
    sizes = sorted({sram for _, sram, _ in rows})
    lines += ["| percent: " + ", ".join(GUESSES) + " | " +
              " | ".join(f"{sram // KIB} KiB" for sram in sizes) + " |",
              "| --- |" + " ---: |" * len(sizes)]
    for name in named:
        cells = []
        for sram in sizes:
            errors = next((e for n, s, e in rows if n == name and s == sram), None)
            cells.append(", ".join(f"{100 * e:+.0f}" for e in errors) if errors else "")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--version", default="5.2", choices=("5.0", "5.2"))
    options = parser.parse_args()
    comparison = Comparison(options)
    rows = list(rows_of(comparison, options, [int(s) * KIB for s in options.sizes.split(",")]))
    if options.json:
        with open(options.json, "w") as out:
            json.dump(rows, out, indent=1)
    with open(options.output, "w") if options.output else sys.stdout as out:
        out.write(table(rows))


if __name__ == "__main__":
    main()

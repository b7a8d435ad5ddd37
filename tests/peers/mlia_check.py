#!/usr/bin/env python3
"""`mlia check --performance` with u65sim's back end: in seconds, valid by MLIA's own schema, with the
figures of the report and the oracle's advice. Needs mlia, jsonschema, u65sim and python/mlia:

    tests/peers/mlia_check.py NET.tflite... [--profile u65sim-u65-256]
"""
import argparse
import json
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path

import jsonschema
import u65sim
from referencing import Registry, Resource

NAMES = {"npu_total_cycles": lambda r: r.cycles, "inference_time": lambda r: r.latency_ms,
         "peak_activation_memory": lambda r: r.sram.peak_bytes,
         "dram_read_bytes": lambda r: r.dram.read_bytes,
         "spilled_feature_maps": lambda r: len(r.spills)}


def validator() -> jsonschema.Draft202012Validator:
    """Of MLIA's newest output schema, which refers to others that come with MLIA."""
    files = sorted((resources.files("mlia") / "resources").glob("mlia-*-schema-*.json"))
    schemas = [json.loads(file.read_text()) for file in files]
    registry = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas)
    newest = [schema for file, schema in zip(files, schemas) if "output" in file.name][-1]
    return jsonschema.Draft202012Validator(newest, registry=registry)


def check(model: str, profile: str, schema: jsonschema.Draft202012Validator) -> None:
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mlia", "check", str(Path(model).resolve()), "--target-profile", profile,
                        "--performance", "--compatibility", "--output-dir", folder],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        written = next(Path(folder).rglob("mlia-output.json"))
        output = json.loads(written.read_text())
    seconds = time.monotonic() - start
    schema.validate(output)
    target = u65sim.Target.preset(profile.removeprefix("u65sim-"))
    report = u65sim.Oracle(target).estimate(model)
    [result] = [each for each in output["results"] if each["kind"] == "performance"]
    metrics = {metric["name"]: metric.get("value") for metric in result["metrics"]}
    for name, value in NAMES.items():
        assert metrics[name] == value(report), (name, metrics[name], value(report))
    assert len(result["breakdowns"]) == len(report.operators)
    cycles = [metric["value"] for each in result["breakdowns"] for metric in each["metrics"]
              if metric["name"] == "npu_cycles"]
    assert cycles == [op.cycles for op in report.operators]
    kinds = sorted({each["id"].rsplit("_", 1)[0] for each in result.get("advice", [])})
    print(f"{model}: {seconds:.1f} s, {report.cycles} cycles, {len(cycles)} operators, "
          f"{len(result.get('advice', []))} pieces of advice ({', '.join(kinds)})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--profile", default="u65sim-u65-256")
    given = parser.parse_args()
    schema = validator()
    for model in given.models:
        check(model, given.profile, schema)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Compiles many networks with the Vela of this Python. It is imported once; each network has a
process of its own, forked from there, since Vela keeps state from one network to the next.

  VELA_PYTHON vela_batch.py CONFIG.ini < JOBS
Each line of JOBS is JSON: {"network": FILE, "target": "u65-256", "folder": DIR, "arguments": [...]},
the last one optional, in place of the target's usual memory. For each job one line of JSON is
printed: {"compiled": FILE} or {"error": TEXT}.
"""
import json
import os
import pathlib
import sys
import tempfile

from ethosu.vela import vela

MEMORY = {
    "u65": ["--system-config", "Ethos_U65_High_End", "--memory-mode", "Dedicated_Sram"],
    "u55": ["--system-config", "Ethos_U55_High_End_Embedded", "--memory-mode", "Shared_Sram"],
}


def compile_in_child(job, config, said):
    """Never returns; what Vela prints goes to the file `said`."""
    code = 1
    try:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        code = vela.main([job["network"], "--accelerator-config", f"ethos-{job['target']}",
                          "--config", config, *(job.get("arguments") or MEMORY[job["target"][:3]]),
                          "--output-dir", job["folder"]])
    except SystemExit as end:
        code = end.code
    except BaseException as error:  # whatever Vela trips over is this network's result
        print(f"{type(error).__name__}: {error}")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1 if code else 0)


def compiled(job, config):
    result = pathlib.Path(job["folder"]) / f"{pathlib.Path(job['network']).stem}_vela.tflite"
    result.unlink(missing_ok=True)
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            compile_in_child(job, config, said)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        text = said.read().decode(errors="replace")
    if status == 0 and result.exists():
        return {"compiled": str(result)}
    lines = [line for line in text.splitlines() if line.strip()] or [f"status {status}"]
    return {"error": lines[-1][:300]}


def main():
    for line in sys.stdin:
        print(json.dumps(compiled(json.loads(line), sys.argv[1])), flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Streams as text and back: do disasm and asm give every compiled network's words again?

    tests/peers/stream_round_trip.py build/release/bin/u65sim FILE_OR_FOLDER...

Folders are searched for .tflite files; those without an ethos-u operator are passed over. Prints
the number of files, streams and words, and every file whose streams differ.
"""
import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    program, *places = sys.argv[1:]
    files = []
    for place in map(pathlib.Path, places):
        files += sorted(place.rglob("*.tflite")) if place.is_dir() else [place]
    counts = {"files": 0, "streams": 0, "instructions": 0, ".word": 0, "differing": 0}
    with tempfile.TemporaryDirectory() as folder:
        text, back = folder + "/stream.txt", folder + "/back.tflite"
        for file in files:
            run = subprocess.run([program, "disasm", str(file), "-o", text], capture_output=True)
            if b"holds no ethos-u operator" in run.stderr:
                continue
            counts["files"] += 1
            listing = run.returncode == 0 and pathlib.Path(text).read_text()
            equal = False
            if listing:
                counts["streams"] += listing.count(".accelerator")
                counts["instructions"] += len(re.findall(r"^ *\d+  ", listing, re.M))
                counts[".word"] += listing.count(".word")
                made = subprocess.run([program, "asm", text, "--into", str(file), "-o", back])
                equal = made.returncode == 0 and streams(file) == streams(back)
            if not equal:
                counts["differing"] += 1
                print(f"{file}: differs {run.stderr.decode()}")
    print(", ".join(f"{name} {count}" for name, count in counts.items()))
    return counts["differing"] != 0


def streams(file):
    """The words of every driver payload, by the lengths they name, and its CONFIG word."""
    content = pathlib.Path(file).read_bytes()
    found = []
    for match in re.finditer(b"COP1", content):
        at = match.start() + 4
        config = b""
        while True:
            word = int.from_bytes(content[at:at + 4], "little")
            if word & 0xFF == 1:
                config = content[at + 4:at + 8]
                at += 12
            elif word & 0xFF == 5:
                at += 4
            elif word & 0xFF == 2:
                length = 4 * ((word >> 16) | (word >> 8 & 0xFF) << 16)
                found.append(config + content[at + 4:at + 4 + length])
                break
            else:
                break
    return sorted(found)


if __name__ == "__main__":
    sys.exit(main())

"""Writes reports as an installed package makes them: reports.py FOLDER FILE...

One JSON report (or the text of the error) for every network of the zoo and every FILE, three
targets, and three ways to answer. check.sh compares them with those of a native program.
"""
import sys
from pathlib import Path

import u65sim

TARGETS = ("u65-256", "u65-512", "u55-128")
WAYS = {"normal": {}, "quick": {"effort": "quick"}, "like-vela": {"like_vela": True}}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir()
    networks = {name: u65sim.Graph.zoo(name) for name in u65sim.Graph.zoo_names()}
    networks.update({Path(file).stem: file for file in sys.argv[2:]})
    for target in TARGETS:
        for way, settings in WAYS.items():
            oracle = u65sim.Oracle(u65sim.Target.preset(target), **settings)
            for name, network in networks.items():
                try:
                    text = oracle.estimate(network).to_json()
                except u65sim.Error as error:
                    text = f"u65sim: error: {error}\n"
                (folder / f"{name} {target} {way}").write_text(text)


if __name__ == "__main__":
    main()

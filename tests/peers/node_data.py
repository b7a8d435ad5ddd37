#!/usr/bin/env python3
"""Node data on the graphs that Model Explorer makes of .tflite files: its own builder takes the data,
and every value finds a node. Needs ai-edge-model-explorer and its adapter:

    tests/peers/node_data.py build/release/bin/u65sim NET.tflite...
"""
import json
import subprocess
import sys

from ai_edge_model_explorer_adapter import _ffi  # noqa: F401: says early what is missing
from model_explorer.builtin_tflite_flatbuffer_adapter import BuiltinTfliteFlatbufferAdapter
from model_explorer.node_data_builder import GraphNodeData, NodeDataResult


def tensor_names(model):
    """Names of all tensors that nodes of the model's graphs make."""
    collections = BuiltinTfliteFlatbufferAdapter().convert(model, {})["graphCollections"]
    return {pair["value"] for collection in collections for graph in collection.graphs
            for node in graph["nodes"] for output in node.get("outputsMetadata", [])
            for pair in output["attrs"] if pair["key"] == "tensor_name"}


def main():
    program, *models = sys.argv[1:]
    failures = 0
    for model in models:
        data = json.loads(subprocess.run([program, "run", model, "--format", "model-explorer"],
                                         stdout=subprocess.PIPE, check=True).stdout)
        built = GraphNodeData(name=data["name"], results={
            name: NodeDataResult(**result) for name, result in data["results"].items()})
        again = json.loads(built.to_json_string())
        assert again["results"] == data["results"]
        names = tensor_names(model)
        # Of tensors that share a name, all but the first one's operators have names of their own.
        strange = {name for name in set(data["results"]) - names
                   if name.rpartition("#")[0] not in names}
        print(f"{model}: {len(data['results'])} values, {len(strange)} without a node"
              f"{': ' + ', '.join(sorted(strange)[:5]) if strange else ''}")
        failures += bool(strange)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

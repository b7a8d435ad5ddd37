#!/usr/bin/env python3
"""Node data on the graphs that Model Explorer makes of .tflite files: its own builder takes the data,
and every value finds a node. Needs ai-edge-model-explorer and its adapter:

    tests/peers/model_explorer.py build/release/bin/u65sim NET.tflite...
"""
import json
import subprocess
import sys

from ai_edge_model_explorer_adapter import _ffi  # noqa: F401: says early what is missing
from model_explorer.builtin_tflite_flatbuffer_adapter import BuiltinTfliteFlatbufferAdapter
from model_explorer.node_data_builder import GraphNodeData, NodeDataResult


def tensor_names(graphs):
    names = set()
    for graph in graphs["graphs"]:
        for node in graph.nodes if hasattr(graph, "nodes") else graph["nodes"]:
            outputs = node.outputsMetadata if hasattr(node, "outputsMetadata") else \
                node.get("outputsMetadata", [])
            for output in outputs:
                attributes = output.attrs if hasattr(output, "attrs") else output["attrs"]
                for pair in attributes:
                    key, value = (pair.key, pair.value) if hasattr(pair, "key") else \
                        (pair["key"], pair["value"])
                    if key == "tensor_name":
                        names.add(value)
    return names


def main():
    program, *models = sys.argv[1:]
    failures = 0
    for model in models:
        data = json.loads(subprocess.run([program, "run", model, "--format", "model-explorer"],
                                         stdout=subprocess.PIPE, check=True).stdout)
        built = GraphNodeData(name=data["name"], results={
            name: NodeDataResult(**result) for name, result in data["results"].items()})
        assert json.loads(built.to_json_string()) == data | {
            key: value for key, value in json.loads(built.to_json_string()).items()
            if key not in data}
        names = tensor_names(BuiltinTfliteFlatbufferAdapter().convert(model, {}))
        strange = set(data["results"]) - names
        print(f"{model}: {len(data['results'])} values, {len(strange)} without a node"
              f"{': ' + ', '.join(sorted(strange)[:5]) if strange else ''}")
        failures += bool(strange)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""From ONNX to a report: a small network as .onnx, converted by onnx2tf to int8, run here, and computed beside ONNX Runtime.

    tests/peers/onnx_network.py build/release/bin/u65sim FOLDER

Needs a virtual environment with requirements-onnx.txt. Leaves in FOLDER what it made. The outputs have to be LiteRT's on the
converted file to the byte (both compute the same integers), and near ONNX Runtime's of the float network: what int8 loses.
"""
import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from onnx import TensorProto, helper, numpy_helper

SHAPE = (1, 3, 32, 32)
MOST_STEPS = 4  # of the output's quantisation, between the float network and the converted one
IMAGES = 8


class Network:
    """An ONNX graph under construction, its weights drawn from a seed."""

    def __init__(self, seed):
        self.dice = np.random.default_rng(seed)
        self.nodes, self.constants = [], []

    def constant(self, *shape, spread=1.0):
        name = f"constant_{len(self.constants)}"
        values = (self.dice.standard_normal(shape) * spread).astype(np.float32)
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def node(self, kind, *inputs, **attributes):
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def conv(self, x, before, after, kernel, stride=1, groups=1):
        weights = self.constant(after, before // groups, kernel, kernel,
                                spread=(2 / (before // groups * kernel * kernel))**0.5)
        return self.node("Conv", x, weights, self.constant(after, spread=0.1), kernel_shape=[kernel] * 2,
                         strides=[stride] * 2, pads=[kernel // 2] * 4, group=groups)


def small_network():
    """A strided stem, a depthwise separable block with a shortcut, and a classifier."""
    net = Network(1)
    stem = net.node("Relu", net.conv("image", 3, 16, 3, stride=2))
    deep = net.node("Relu", net.conv(stem, 16, 16, 3, groups=16))
    joined = net.node("Add", stem, net.conv(deep, 16, 16, 1))
    pooled = net.node("Flatten", net.node("GlobalAveragePool", net.node("Relu", joined)))
    out = net.node("Gemm", pooled, net.constant(10, 16, spread=0.35), net.constant(10, spread=0.1), transB=1)
    graph = helper.make_graph(net.nodes, "small", [helper.make_tensor_value_info("image", TensorProto.FLOAT, SHAPE)],
                              [helper.make_tensor_value_info(out, TensorProto.FLOAT, (1, 10))], net.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def convert(model, images, folder):
    """The converted network of int8, calibrated on images of the network's own kind."""
    onnx.save(model, folder / "small.onnx")
    np.save(folder / "images.npy", images.transpose(0, 2, 3, 1))
    # onnx2tf fetches pictures to try the network on, unless a file of this name is where it runs.
    np.save(folder / "calibration_image_sample_data_20x128x128x3_float32.npy",
            np.random.default_rng(3).random((20, 128, 128, 3), np.float32))
    plain = "[[[[0,0,0]]]]", "[[[[1,1,1]]]]"  # mean and deviation that onnx2tf would take out
    subprocess.run([pathlib.Path(sys.executable).parent / "onnx2tf", "-i", "small.onnx", "-o", "converted", "-oiqt",
                    "-cind", "image", "images.npy", *plain], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "converted" / "small_full_integer_quant.tflite"


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    model = small_network()
    dice = np.random.default_rng(2)
    calibration, images = (dice.standard_normal((n, *SHAPE[1:])).astype(np.float32) for n in (64, IMAGES))
    converted = convert(model, calibration, folder)
    reference = Interpreter(str(converted), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    reference.allocate_tensors()
    [takes], [gives] = reference.get_input_details(), reference.get_output_details()
    session = onnxruntime.InferenceSession(model.SerializeToString())
    worst = 0
    for image in images:
        scale, zero = takes["quantization"]
        given = np.clip(np.round(image.transpose(1, 2, 0) / scale) + zero, -128, 127).astype(np.int8)[None]
        given.tofile(folder / "in.bin")
        text = subprocess.run([program, "run", converted, "--input", folder / "in.bin", "--output", folder / "results",
                               "-f", "json"], check=True, stdout=subprocess.PIPE).stdout
        got = np.fromfile(folder / "results" / "output_0.bin", np.int8)
        reference.set_tensor(takes["index"], given)
        reference.invoke()
        assert (got == reference.get_tensor(gives["index"]).ravel()).all(), "not LiteRT's bytes"
        [wanted] = session.run(None, {"image": image[None]})
        scale, zero = gives["quantization"]
        worst = max(worst, float(np.abs((got.astype(int) - zero) - wanted.ravel() / scale).max()))
    report = json.loads(text)
    print(f"{converted.name}: {report['total']['cycles']} cycles, {len(report['operators'])} operators, LiteRT's bytes; "
          f"at most {worst:.2f} steps of the output's quantisation from ONNX Runtime, over {IMAGES} images")
    return 0 if worst <= MOST_STEPS else 1


if __name__ == "__main__":
    sys.exit(main())

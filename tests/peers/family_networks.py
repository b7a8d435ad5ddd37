#!/usr/bin/env python3
"""Random networks in the manner of real ones, as .tflite files: faces, detectors, speech, attention.

  family_networks.py FOLDER [--seeds 1-300] [--family NAME]
Every network is drawn from its seed alone; each family has an even and an odd seed in turn, so that
those of odd seeds can be kept back for judging. Needs numpy, flatbuffers and ai-edge-litert.
"""
import argparse
import math
import pathlib

import numpy as np
from ai_edge_litert import schema_py_generated as tfl

import operator_networks

SAME, VALID = operator_networks.SAME, operator_networks.VALID
NONE = tfl.ActivationFunctionType.NONE
RELU = tfl.ActivationFunctionType.RELU
RELU6 = tfl.ActivationFunctionType.RELU6
MOST_MACS = 150_000_000
MOST_WEIGHTS = 6_000_000


class Network(operator_networks.Network):
    """A network under construction: layers take tensors' indices and give that of their result."""

    def __init__(self, seed, kind="int8"):
        super().__init__(kind, seed)
        self.macs = self.parameters = 0
        self.sparsity = self.choose([0, 0, 0.3, 0.6])
        self.spread = self.choose([16, 24, 32, 48])  # of weights, in steps
        self.known = {}

    def fixed(self, scale, zero):
        """Quantisation with the scale and zero point that maps of 8 bits would have."""
        return ([scale / 256], [0]) if self.kind == "int16" else ([scale], [zero])

    def apply(self, name, inputs, shape, quantisation, options=None, **fields):
        """One operator with one output."""
        result = self.tensor(shape, quantisation)
        return self.apply_all(name, inputs, [result], options, **fields)[0]

    def apply_all(self, name, inputs, results, options=None, **fields):
        """Operator codes are shared, as converters write them."""
        self.graph.outputs, kept = results, self.graph.outputs
        self.operator(name, inputs, options, **fields)
        self.graph.outputs = kept
        op = self.graph.operators[-1]
        if name in self.known:
            self.codes.pop()
            op.opcodeIndex = self.known[name]
        self.known.setdefault(name, op.opcodeIndex)
        return results

    def steps(self, index):
        """A map's scale as one of 8 bits."""
        return self.scale(index) * (256 if self.kind == "int16" else 1)

    def after(self, act):
        """Quantisation of sums that pass an activation."""
        if act == RELU6:
            return self.fixed(6 / 255, -128)
        return self.fixed(self.real(0.02, 0.1), -128 if act == RELU else self.pick(-20, 20))

    def weighted(self, x, shape, axis, channels, to, act):
        """Weights and bias, around zero and some of them zero, whose sums fill the result's range."""
        values = self.random.normal(0, self.spread, shape)
        values[self.random.random(shape) < self.sparsity] = 0
        data = np.clip(np.rint(values), -127, 127).astype(np.int8)
        self.parameters += data.size
        deviation = self.spread * math.sqrt(data.size / shape[axis] * (1 - self.sparsity))
        wanted = to[0][0] * (256 if self.kind == "int16" else 1) * (45 if act == NONE else 110)
        scale = wanted / (deviation * 70 * self.steps(x))
        scales = (scale * self.random.uniform(0.7, 1.4, channels)).tolist()
        weights = self.tensor(shape, (scales, [0] * channels), tfl.TensorType.INT8, data, axis)
        wide = self.kind == "int16"
        reach = deviation * 30 * (256 if wide else 1)
        bias = self.random.normal(0, reach, shape[axis]).astype(np.int64 if wide else np.int32)
        bias = self.tensor(bias.shape, ([s * self.scale(x) for s in scales], [0] * channels),
                           tfl.TensorType.INT64 if wide else tfl.TensorType.INT32, bias)
        return [weights, bias]

    def window(self, kernel, stride):
        pair = lambda value: tuple(value) if isinstance(value, (list, tuple)) else (value, value)
        return *pair(kernel), *pair(stride)

    def conv(self, x, filters, kernel=1, stride=1, dilation=1, padding=SAME, act=NONE, to=None):
        kh, kw, sh, sw = self.window(kernel, stride)
        _, h, w, c = self.shape(x)
        size = [operator_networks.extent(padding, h, kh, sh, dilation if kh > 1 else 1),
                operator_networks.extent(padding, w, kw, sw, dilation if kw > 1 else 1)]
        self.macs += size[0] * size[1] * filters * kh * kw * c
        to = to or self.after(act)
        return self.apply(
            "CONV_2D", [x, *self.weighted(x, [filters, kh, kw, c], 0, filters, to, act)],
            [1, *size, filters], to, "Conv2DOptions", padding=padding, strideH=sh, strideW=sw, dilationHFactor=dilation if kh > 1 else 1,
            dilationWFactor=dilation if kw > 1 else 1, fusedActivationFunction=act)

    def depthwise(self, x, kernel=3, stride=1, dilation=1, padding=SAME, act=NONE):
        kh, kw, sh, sw = self.window(kernel, stride)
        _, h, w, c = self.shape(x)
        size = [operator_networks.extent(padding, h, kh, sh, dilation if kh > 1 else 1),
                operator_networks.extent(padding, w, kw, sw, dilation if kw > 1 else 1)]
        self.macs += size[0] * size[1] * c * kh * kw
        to = self.after(act)
        return self.apply(
            "DEPTHWISE_CONV_2D", [x, *self.weighted(x, [1, kh, kw, c], 3, c, to, act)],
            [1, *size, c], to, "DepthwiseConv2DOptions", padding=padding, strideH=sh, strideW=sw, dilationHFactor=dilation if kh > 1 else 1,
            dilationWFactor=dilation if kw > 1 else 1, depthMultiplier=1,
            fusedActivationFunction=act)

    def dense(self, x, units, act=NONE, to=None):
        *rows, depth = self.shape(x)
        self.macs += math.prod(rows) * depth * units
        to = to or self.after(act)
        return self.apply(
            "FULLY_CONNECTED", [x, *self.weighted(x, [units, depth], 0, 1, to, act)],
            [*rows, units], to, "FullyConnectedOptions", keepNumDims=len(rows) > 1,
            fusedActivationFunction=act)

    def transposed_conv(self, x, filters, kernel=3):
        _, h, w, c = self.shape(x)
        self.macs += h * w * c * filters * kernel * kernel
        shape = [1, 2 * h, 2 * w, filters]
        to = self.after(NONE)
        weights, bias = self.weighted(x, [filters, kernel, kernel, c], 0, filters, to, NONE)
        return self.apply("TRANSPOSE_CONV", [self.integers(shape), weights, x, bias], shape, to,
                          "TransposeConvOptions", padding=SAME, strideH=2, strideW=2)

    def pool(self, x, name="MAX_POOL_2D", kernel=2, stride=2, padding=SAME):
        _, h, w, c = self.shape(x)
        shape = [1, operator_networks.extent(padding, h, kernel, stride),
                 operator_networks.extent(padding, w, kernel, stride), c]
        return self.apply(name, [x], shape, self.same(x), "Pool2DOptions", padding=padding,
                          filterHeight=kernel, filterWidth=kernel, strideH=stride, strideW=stride,
                          fusedActivationFunction=NONE)

    def mean(self, x, axes=(1, 2), keep=True):
        shape = [1 if k in axes else n for k, n in enumerate(self.shape(x)) if keep or k not in axes]
        return self.apply("MEAN", [x, self.integers(axes)], shape, self.same(x), "ReducerOptions",
                          keepDims=keep)

    def constant(self, shape, scale=0.01):
        return self.values(shape, self.fixed(scale, 0))

    def pair(self, name, a, b, act=NONE, to=None):
        """ADD, SUB or MUL with broadcasts."""
        one, other = self.shape(a), self.shape(b)
        rank = max(len(one), len(other))
        one, other = ([1] * (rank - len(s)) + s for s in (one, other))
        if to is None and act == RELU6:
            to = self.fixed(6 / 255, -128)
        if to is None and name == "MUL":
            to = self.fixed(self.steps(a) * self.steps(b) * 60, 0)
        if to is None:
            to = self.fixed(math.hypot(self.steps(a), self.steps(b)), self.pick(-20, 20))
        return self.apply(name, [a, b], [max(m, n) for m, n in zip(one, other)], to,
                          {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions"}[name],
                          fusedActivationFunction=act)

    def add(self, a, b, act=NONE):
        return self.pair("ADD", a, b, act)

    def mul(self, a, b):
        return self.pair("MUL", a, b)

    def curve(self, name, x):
        """One operand; the ranges that TensorFlow Lite wants."""
        to = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0), "SOFTMAX": (1 / 256, -128)}.get(name)
        if to and self.kind == "int16":
            to = [1 / 32768], [0]
        elif to:
            to = [to[0]], [to[1]]
        options, fields = {
            "LEAKY_RELU": ("LeakyReluOptions", {"alpha": 0.1}), "SOFTMAX": ("SoftmaxOptions", {"beta": 1.0}),
            "HARD_SWISH": ("HardSwishOptions", {}), "GELU": ("GeluOptions", {})}.get(name, (None, {}))
        return self.apply(name, [x], self.shape(x), to or self.same(x), options, **fields)

    def prelu(self, x):
        data = self.random.integers(0, 100, [1, 1, self.shape(x)[-1]]).astype(self.dtype)
        slope = self.tensor(data.shape, ([0.004], [0]), None, data)
        return self.apply("PRELU", [x, slope], self.shape(x), self.same(x))

    def activated(self, x, name):
        """An activation that is no operator's own; RELU6 and RELU are clamps of their own."""
        if name == "PRELU":
            return self.prelu(x)
        if name in ("RELU", "RELU6"):
            return self.apply(name, [x], self.shape(x), self.fixed(6 / 255, -128))
        return self.curve(name, x)

    def concat(self, parts, axis=-1):
        """Operands of other quantisations are rescaled, as LiteRT wants them all alike."""
        shape, to = self.shape(parts[0]), self.same(parts[0])
        parts = [p if self.same(p) == to else self.apply("QUANTIZE", [p], self.shape(p), to)
                 for p in parts]
        shape[axis] = sum(self.shape(p)[axis] for p in parts)
        return self.apply("CONCATENATION", parts, shape, to, "ConcatenationOptions",
                          axis=axis % len(shape), fusedActivationFunction=NONE)

    def split(self, x, count, axis=-1):
        shape = self.shape(x)
        shape[axis] //= count
        results = [self.tensor(shape, self.same(x)) for _ in range(count)]
        return self.apply_all("SPLIT", [self.integers(axis % len(shape)), x], results,
                              "SplitOptions", numSplits=count)

    def slice(self, x, begin, size):
        return self.apply("SLICE", [x, self.integers(begin), self.integers(size)], size,
                          self.same(x), "SliceOptions")

    def reshape(self, x, shape):
        return self.apply("RESHAPE", [x, self.integers(shape)], shape, self.same(x),
                          "ReshapeOptions", newShape=shape)

    def transpose(self, x, order):
        shape = self.shape(x)
        return self.apply("TRANSPOSE", [x, self.integers(order)], [shape[k] for k in order],
                          self.same(x), "TransposeOptions")

    def pad(self, x, before_after):
        shape = [n + a + b for n, (a, b) in zip(self.shape(x), before_after)]
        return self.apply("PAD", [x, self.integers(before_after)], shape, self.same(x), "PadOptions")

    def resize(self, x, times=2, bilinear=False):
        _, h, w, c = self.shape(x)
        name, options = ("RESIZE_BILINEAR", "ResizeBilinearOptions") if bilinear else \
            ("RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions")
        return self.apply(name, [x, self.integers([h * times, w * times])],
                          [1, h * times, w * times, c], self.same(x), options,
                          halfPixelCenters=bilinear)

    def matmul(self, a, b, turned=False):
        *batch, rows, depth = self.shape(a)
        columns = self.shape(b)[-2 if turned else -1]
        self.macs += math.prod(batch) * rows * depth * columns
        terms = 70 * 70 * self.steps(a) * self.steps(b) * math.sqrt(depth) / 50
        return self.apply("BATCH_MATMUL", [a, b], [*batch, rows, columns], self.fixed(terms, 0),
                          "BatchMatMulOptions", adjX=False, adjY=turned)

    def is_full(self):
        return self.macs > MOST_MACS or self.parameters > MOST_WEIGHTS

    def finish(self, *outputs):
        self.graph.outputs = list(outputs)
        return self.bytes()


def image(net, sides=(64, 96, 128, 160, 192), channels=(1, 3, 3, 3)):
    side = net.choose(list(sides))
    return net.input([1, side, net.choose([side, side, side * 3 // 4 // 8 * 8]),
                      net.choose(list(channels))], net.fixed(1 / 128, 0))


def classifier(net, x):
    """Pooled, and a dense layer behind it."""
    x = net.mean(x, keep=False)
    x = net.dense(x, net.choose([2, 10, 100, 1000]))
    return net.curve("SOFTMAX", x) if net.pick(0, 1) else x


def halved(net, x):
    return 2 if min(net.shape(x)[1:3]) >= 8 and net.real(0, 1) < 0.4 else 1


def face_block(net, x, width, stride, act, pad_depth):
    """BlazeFace's: the shortcut is pooled and padded in depth to the sum's width."""
    inner = net.depthwise(x, net.choose([3, 3, 5]), stride)
    inner = net.conv(inner, width)
    if stride == 2:
        x = net.pool(x)
    if width > net.shape(x)[3]:
        x = net.pad(x, [[0, 0], [0, 0], [0, 0], [0, width - net.shape(x)[3]]]) if pad_depth \
            else net.conv(x, width)
    if act == "RELU":
        return net.add(x, inner, RELU)
    return net.activated(net.add(x, inner), act)


def face(net, act=None):
    """BlazeFace, palm and landmark networks: heads on two scales, all anchors in one list."""
    act = act or net.choose(["RELU", "RELU", "PRELU", "PRELU", "RELU6"])
    x = image(net)
    x = net.conv(x, net.choose([16, 24, 32]), net.choose([3, 5]), 2, act=RELU)
    if act == "PRELU":
        x = net.prelu(x)
    ends = []
    for stage in range(3):
        for _ in range(net.pick(1, 4)):
            x = face_block(net, x, net.shape(x)[3], 1, act, True)
        if stage:
            ends.append(x)
        width = net.shape(x)[3]
        x = face_block(net, x, width * 2 if stage == 1 else width + net.choose([0, 8, 16, 24]), 2,
                       act, net.pick(0, 3) > 0)
    ends[0] = x
    boxes, scores = [], []
    values = net.choose([4, 16, 18])
    to = net.fixed(0.05, 0)
    for end in ends:
        anchors = net.choose([2, 6])
        _, h, w, _ = net.shape(end)
        kernel = net.choose([1, 3])
        boxes.append(net.reshape(net.conv(end, anchors * values, kernel, to=to),
                                 [1, h * w * anchors, values]))
        scores.append(net.reshape(net.conv(end, anchors, kernel, to=to), [1, h * w * anchors, 1]))
    return net.finish(net.concat(boxes, 1), net.concat(scores, 1))


def prelu_net(net):
    """Convolutions and PRELUs in turn, residual or not."""
    act = net.choose(["PRELU", "PRELU", "LEAKY_RELU"])
    x = image(net, (48, 64, 96))
    x = net.activated(net.conv(x, net.choose([16, 32, 40]), 3, net.choose([1, 2])), act)
    for _ in range(net.pick(2, 8)):
        if net.is_full():
            break
        source, stride = x, halved(net, x)
        width = net.shape(x)[3] * stride
        inner = net.activated(net.conv(x, width, net.choose([1, 3]), stride), act)
        if net.pick(0, 1):
            inner = net.depthwise(inner, 3, act=NONE)
            inner = net.conv(inner, width)
        x = net.add(source, inner) if stride == 1 and net.pick(0, 1) else inner
        x = net.activated(x, act)
    return net.finish(classifier(net, x))


def leaky(net, x, *window, **keys):
    return net.curve("LEAKY_RELU", net.conv(x, *window, **keys))


def csp_block(net, x, width):
    """Half of the channels pass beside, as in YOLOv4-tiny."""
    x = leaky(net, x, width, 3)
    half = net.split(x, 2)[1]
    first = leaky(net, half, width // 2, 3)
    second = leaky(net, first, width // 2, 3)
    joined = leaky(net, net.concat([second, first]), width)
    return net.concat([x, joined])


def yolo(net):
    """A backbone, a neck that goes up again, and heads of which parts pass LOGISTIC."""
    x = image(net, (96, 128, 160, 192), (3,))
    width = net.choose([8, 12, 16])
    x = leaky(net, x, width, 3, 2)
    ends = []
    for _ in range(4):
        width *= 2
        if net.pick(0, 1) and width <= 64:
            x = csp_block(net, x, width)
        else:
            x = leaky(net, x, width, net.choose([1, 3]))
        ends.append(x)
        x = net.pool(x) if net.pick(0, 1) else leaky(net, x, min(net.shape(x)[3], 128), 3, 2)
    top = leaky(net, x, width // 2)
    if net.pick(0, 1):  # spatial pyramid pooling
        top = net.concat([top] + [net.pool(top, kernel=k, stride=1) for k in (5, 9)])
        top = leaky(net, top, width // 2)
    up = net.resize(leaky(net, top, width // 4))
    low = leaky(net, net.concat([up, ends[-1]]), width // 2, 3)
    outputs = []
    for end in (top, low):
        anchors, values = 3, 5 + net.choose([1, 3, 20])
        head = net.conv(end, anchors * values)
        if net.pick(0, 1):
            xy, rest = (net.slice(head, [0, 0, 0, b], [*net.shape(head)[:3], n])
                        for b, n in ((0, 2 * anchors), (2 * anchors, anchors * (values - 2))))
            head = net.concat([net.curve("LOGISTIC", xy), rest])
        outputs.append(head)
    return net.finish(*outputs)


def speech(net):
    """wav2letter: 1-D convolutions over time, wide ones at the end."""
    steps, features = net.choose([64, 96, 148, 296]), net.choose([13, 26, 39, 40])
    act = net.choose(["LEAKY_RELU", "RELU", "RELU"])
    x = net.input([1, 1, steps, features], net.fixed(0.05, 0))
    layer = lambda x, *window: leaky(net, x, *window) if act == "LEAKY_RELU" else \
        net.conv(x, *window, act=RELU)
    width = net.choose([64, 100, 128, 250])
    x = layer(x, width, [1, net.choose([8, 16, 24, 48])], [1, 2])
    for _ in range(net.pick(2, 6)):
        if net.is_full():
            break
        x = layer(x, width, [1, net.choose([3, 5, 7])])
        if net.pick(0, 3) == 0:
            width = min(2 * width, 400)
    wide = min(net.choose([256, 512, 1000, 2000]), max(64, MOST_WEIGHTS // (width * 8)))
    if not net.is_full():
        x = layer(x, wide, [1, net.choose([1, 1, 8])])
        x = layer(x, min(wide, 1000))
    return net.finish(net.conv(x, 29))


def wide_layers(net):
    """Few positions, weights of megabytes: 1x1, 3x3, and depthwise before it."""
    h, w = net.choose([(1, 148), (7, 7), (4, 4), (14, 14), (1, 37), (2, 2), (10, 12)])
    depth = net.choose([256, 320, 512, 960, 1000, 2000])
    x = net.input([1, h, w, depth], net.fixed(6 / 255, -128))
    for _ in range(net.pick(1, 4)):
        if net.is_full():
            break
        form = net.pick(0, 3)
        left = max(16, (MOST_WEIGHTS - net.parameters) // net.shape(x)[3])
        left = max(16, min(left, MOST_MACS // (h * w * net.shape(x)[3])))
        if form == 0 and h >= 4:
            x = net.conv(x, min(net.choose([128, 256, 512]), max(16, left // 9)), 3, act=RELU)
            continue
        if form == 1:
            x = net.depthwise(x, [min(h, 3), 3], act=RELU6)
        x = net.conv(x, min(net.choose([256, 512, 1000, 1280, 2000]), left // 8 * 8),
                     act=net.choose([RELU, RELU6, NONE]))
    return net.finish(classifier(net, x) if net.pick(0, 1) else x)


def gate(net, x, form):
    """Squeeze and excite."""
    c = net.shape(x)[3]
    s = net.mean(x)
    s = net.conv(s, max(8, c // 4 // 8 * 8), act=RELU)
    s = net.conv(s, c)
    if form == "hard":
        s = net.pair("ADD", s, net.constant([], 3 / 100), RELU6)
        s = net.pair("MUL", s, net.constant([], 1 / 600), to=net.fixed(1 / 255, -128))
    else:
        s = net.curve("LOGISTIC", s)
    return net.mul(x, s)


def mobile_v3(net):
    """Inverted residuals with HARD_SWISH and squeeze and excite."""
    x = image(net)
    swish = net.choose(["HARD_SWISH", "HARD_SWISH", "swish"])
    form = net.choose(["hard", "logistic"])
    curved = lambda x: net.curve(swish, x) if swish != "swish" else \
        net.mul(x, net.curve("LOGISTIC", x))
    x = curved(net.conv(x, 16, 3, 2))
    for _ in range(net.pick(3, 10)):
        if net.is_full():
            break
        source, stride = x, halved(net, x)
        c = net.shape(x)[3]
        inner = c * net.choose([2, 3, 4, 6])
        curved_here = net.pick(0, 1)
        act = NONE if curved_here else RELU
        y = net.conv(x, inner, act=act)
        y = curved(y) if curved_here else y
        y = net.depthwise(y, net.choose([3, 5]), stride, act=act)
        y = curved(y) if curved_here else y
        if net.pick(0, 1):
            y = gate(net, y, form)
        width = c if stride == 1 and net.pick(0, 2) else min(96, (c * 3 // 2 + 7) // 8 * 8)
        y = net.conv(y, width)
        x = net.add(source, y) if stride == 1 and width == c else y
    x = curved(net.conv(x, net.choose([128, 288, 576])))
    return net.finish(classifier(net, x))


def normalised(net, x):
    """Layer normalisation of a [1, rows, depth] map as converters write it, without its root."""
    centred = net.pair("SUB", x, net.mean(x, (2,)))
    return net.add(net.mul(centred, net.constant([net.shape(x)[-1]])),
                   net.constant([net.shape(x)[-1]]))


def attention(net):
    """Encoders of a small transformer: products of maps, SOFTMAX over rows."""
    rows, heads = net.choose([16, 32, 49, 64, 100]), net.choose([1, 2, 4])
    depth = heads * net.choose([16, 24, 32])
    x = net.input([1, rows, depth], net.fixed(0.04, 0))
    for _ in range(net.pick(1, 3)):
        parts = []
        for order in ([0, 2, 1, 3], [0, 2, 1, 3], [0, 2, 1, 3]):
            part = net.reshape(net.dense(x, depth), [1, rows, heads, depth // heads])
            parts.append(net.transpose(part, order))
        scores = net.matmul(parts[0], parts[1], True)
        if net.pick(0, 1):
            scores = net.mul(scores, net.constant([], 0.002))
        mixed = net.matmul(net.curve("SOFTMAX", scores), parts[2])
        mixed = net.reshape(net.transpose(mixed, [0, 2, 1, 3]), [1, rows, depth])
        x = net.add(x, net.dense(mixed, depth))
        if net.pick(0, 1):
            x = normalised(net, x)
        inner = net.dense(x, depth * net.choose([2, 4]), act=RELU)
        x = net.add(x, net.dense(inner, depth))
    return net.finish(net.dense(net.mean(x, (1,), False), net.choose([2, 10])))


def recurrent(net):
    """One step of a few GRUs or LSTMs with their states as inputs, as in RNNoise."""
    features = net.choose([40, 42, 64])
    x = net.input([1, features], net.fixed(0.03, 0))
    x = net.curve("TANH", net.dense(x, net.choose([24, 48, 128])))
    results = []
    for _ in range(net.pick(1, 3)):
        cells = net.choose([24, 48, 96, 128, 256])
        state = net.input([1, cells], net.fixed(1 / 128, 0))
        both = net.concat([x, state])
        if net.pick(0, 1):  # GRU
            z, r = (net.curve("LOGISTIC", g) for g in net.split(net.dense(both, 2 * cells), 2))
            h = net.curve("TANH", net.dense(net.concat([x, net.mul(r, state)]), cells))
            kept = net.mul(z, state)
            new = net.mul(net.pair("SUB", net.constant([1], 1 / 100), z), h)
            out = net.add(kept, new)
        else:
            carried = net.input([1, cells], net.fixed(1 / 32, 0))
            i, f, o, g = net.split(net.dense(both, 4 * cells), 4)
            i, f, o = (net.curve("LOGISTIC", k) for k in (i, f, o))
            cell = net.add(net.mul(f, carried), net.mul(i, net.curve("TANH", g)))
            results.append(cell)
            out = net.mul(o, net.curve("TANH", cell))
        results.append(out)
        x = net.concat([x, out]) if net.pick(0, 1) else out
    return net.finish(net.curve("LOGISTIC", net.dense(x, net.choose([1, 22]))), *results)


def autoencoder(net):
    """Dense layers around a narrow one."""
    width = net.choose([256, 640, 1000])
    x = net.input([1, width], net.fixed(0.05, 0))
    inner = net.choose([64, 128, 256])
    for units in (*[inner] * net.pick(1, 4), net.choose([8, 16]), *[inner] * net.pick(1, 4)):
        x = net.dense(x, units, act=RELU)
    return net.finish(net.dense(x, width))


def encoder_decoder(net):
    """U-Net: maps that live long, joined after TRANSPOSE_CONV or RESIZE."""
    x = image(net, (64, 96, 128), (1, 3))
    act = net.choose([RELU, RELU6])
    width, ends = net.choose([8, 16]), []
    for _ in range(net.pick(2, 3)):
        x = net.conv(net.conv(x, width, 3, act=act), width, 3, act=act)
        ends.append(x)
        x = net.pool(x) if net.pick(0, 1) else net.conv(x, width * 2, 3, 2, act=act)
        width *= 2
    x = net.conv(x, width, 3, act=act)
    for end in reversed(ends):
        form = net.pick(0, 2)
        x = net.transposed_conv(x, net.shape(end)[3]) if form == 0 else \
            net.resize(net.conv(x, net.shape(end)[3], 1, act=act), 2, form == 1)
        x = net.concat([end, x]) if net.pick(0, 2) else net.add(end, x)
        x = net.conv(x, net.shape(end)[3], 3, act=act)
    x = net.conv(x, net.choose([1, 2, 19]))
    return net.finish(net.curve("LOGISTIC", x) if net.pick(0, 1) else x)


def temporal(net):
    """Dilated convolutions over time, residual; a streaming one joins frames to its state."""
    steps, depth = net.choose([49, 100, 128]), net.choose([16, 32, 40, 64])
    x = net.input([1, 1, steps, depth], net.fixed(0.05, 0))
    results = []
    if net.pick(0, 1):
        state = net.input([1, 1, net.choose([3, 7, 15]), depth], net.same(x))
        both = net.concat([state, x], 2)
        kept = net.shape(state)
        results.append(net.slice(both, [0, 0, net.shape(both)[2] - kept[2], 0], kept))
        x = both
    x = net.conv(x, depth, [1, 3], act=RELU)
    for k in range(net.pick(2, 6)):
        inner = net.conv(x, depth, [1, 3], dilation=2 ** (k % 4), act=RELU) if net.pick(0, 1) else \
            net.conv(net.depthwise(x, [1, net.choose([5, 9])], act=RELU), depth, act=RELU)
        x = net.add(x, net.conv(inner, depth), RELU)
    return net.finish(classifier(net, x), *results)


def channels_first(net):
    """As converters write networks of channels-first origin: turned maps and explicit padding."""
    side = net.choose([32, 48, 64, 96])
    x = net.input([1, net.choose([1, 3]), side, side], net.fixed(1 / 128, 0))
    x = net.transpose(x, [0, 2, 3, 1])
    padded = lambda x, k: net.pad(x, [[0, 0], [k, k], [k, k], [0, 0]])
    x = net.conv(padded(x, 1), 16, 3, 2, padding=VALID, act=RELU6)
    for _ in range(net.pick(2, 7)):
        if net.is_full():
            break
        source, stride = x, halved(net, x)
        c = net.shape(x)[3]
        y = net.conv(x, c * net.choose([2, 4, 6]), act=RELU6)
        y = net.depthwise(padded(y, 1), 3, stride, padding=VALID, act=RELU6)
        y = net.conv(y, c * stride)
        x = net.add(source, y) if stride == 1 else y
        if net.pick(0, 3) == 0:
            x = net.transpose(net.transpose(x, [0, 3, 1, 2]), [0, 2, 3, 1])
    x = net.transpose(x, [0, 3, 1, 2])
    x = net.mean(x, (2, 3), False)
    return net.finish(net.dense(x, net.choose([10, 1000])))


def enlarging(net):
    """Super-resolution: all at full size, DEPTH_TO_SPACE or a resize at the end."""
    side = net.choose([32, 48, 64])
    x = net.input([1, side, side, net.choose([1, 3])], net.fixed(1 / 255, -128))
    width = net.choose([12, 16, 28, 32])
    act = net.choose(["PRELU", "RELU6", "LEAKY_RELU"])
    x = first = net.activated(net.conv(x, width, net.choose([3, 5])), act)
    for _ in range(net.pick(2, 5)):
        x = net.activated(net.conv(x, width, 3), act)
    x = net.add(x, first)
    x = net.conv(x, 12, 3)
    if net.pick(0, 2):
        _, h, w, c = net.shape(x)
        x = net.apply("DEPTH_TO_SPACE", [x], [1, 2 * h, 2 * w, c // 4], net.same(x),
                      "DepthToSpaceOptions", blockSize=2)
    else:
        x = net.resize(x, 2, bool(net.pick(0, 1)))
    return net.finish(x)


def dense_joins(net):
    """DenseNet and Inception: many joined maps, shuffled channels."""
    x = image(net, (32, 48, 64))
    x = net.conv(x, 16, 3, 2, act=RELU)
    for _ in range(net.pick(2, 6)):
        if net.is_full():
            break
        to, form = net.same(x), net.pick(0, 2)
        c = net.shape(x)[3]
        if form == 0:
            x = net.concat([x, net.conv(net.conv(x, 32, act=RELU), 16, 3, to=to)])
        elif form == 1:
            kernels = (1, 3, [1, 5], [5, 1])[:net.pick(2, 4)]
            x = net.concat([net.conv(x, net.choose([8, 16, 24]), k, to=to) for k in kernels])
        elif c % 2 == 0:  # ShuffleNet
            kept, passed = net.split(x, 2)
            passed = net.conv(net.depthwise(net.conv(passed, c // 2, act=RELU)), c // 2, to=to)
            x = net.concat([kept, passed])
            _, h, w, _ = net.shape(x)
            turned = net.transpose(net.reshape(x, [1, h * w, 2, c // 2]), [0, 1, 3, 2])
            x = net.reshape(turned, [1, h, w, c])
        if min(net.shape(x)[1:3]) >= 8 and net.pick(0, 2) == 0:
            x = net.pool(x, net.choose(["MAX_POOL_2D", "AVERAGE_POOL_2D"]))
    return net.finish(classifier(net, x))


def separable_16(net):
    """Maps of 16 bits, weights of 8: convolutions, sums, LEAKY_RELU, TANH."""
    x = net.input([1, net.choose([16, 32, 48]), net.choose([16, 32, 40]), net.choose([1, 8, 16])],
                  net.fixed(1 / 64, 0))
    x = net.conv(x, net.choose([16, 24, 32]), 3, act=RELU)
    for _ in range(net.pick(2, 6)):
        source, c = x, net.shape(x)[3]
        form = net.pick(0, 3)
        if form == 0:
            x = net.curve(net.choose(["LEAKY_RELU", "TANH", "LOGISTIC"]), net.conv(x, c, 3))
        elif form == 1:
            x = net.conv(net.depthwise(x, 3, halved(net, x), act=RELU), min(2 * c, 96), act=RELU)
        else:
            x = net.add(source, net.conv(net.depthwise(x, 3, act=RELU), c))
    return net.finish(net.dense(net.mean(x, keep=False), 10))


FAMILIES = {f.__name__: f for f in (
    face, yolo, speech, wide_layers, prelu_net, mobile_v3, attention, recurrent, temporal,
    encoder_decoder, channels_first, autoencoder, dense_joins, enlarging, separable_16)}
KINDS = {"separable_16": ("int16",), "recurrent": ("int8", "int8", "int8", "int16")}


def make(seed, only=None):
    """(name, bytes of the .tflite) of network number `seed`."""
    family = only or list(FAMILIES)[seed // 2 % len(FAMILIES)]
    kinds = KINDS.get(family, ("int8",))
    net = Network(seed, kinds[seed // 2 // len(FAMILIES) % len(kinds)])
    return f"{family}_{seed}", FAMILIES[family](net)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seeds", default="1-300", help="first-last")
    parser.add_argument("--family", choices=sorted(FAMILIES))
    options = parser.parse_args()
    first, last = (int(n) for n in options.seeds.split("-"))
    options.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, last + 1):
        name, data = make(seed, options.family)
        (options.folder / f"{name}.tflite").write_bytes(data)


if __name__ == "__main__":
    main()

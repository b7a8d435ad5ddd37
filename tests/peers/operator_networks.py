"""Random networks of a single operator, as .tflite files in memory."""
import math

import flatbuffers
from flatbuffers import flexbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as tfl

TYPES = {
    "int8": (np.int8, tfl.TensorType.INT8),
    "uint8": (np.uint8, tfl.TensorType.UINT8),
    "int16": (np.int16, tfl.TensorType.INT16),
    "int32": (np.int32, tfl.TensorType.INT32),
    "float32": (np.float32, tfl.TensorType.FLOAT32),
}
ACTIVATIONS = [
    tfl.ActivationFunctionType.NONE,
    tfl.ActivationFunctionType.NONE,
    tfl.ActivationFunctionType.RELU,
    tfl.ActivationFunctionType.RELU6,
    tfl.ActivationFunctionType.RELU_N1_TO_1,
]
SAME, VALID = tfl.Padding.SAME, tfl.Padding.VALID


# How scales, zero points and values are drawn: anywhere; as exact ratios, so that results lie on
# halves; from the ends of their ranges, so that results saturate.
FORMS = ("drawn", "ties", "extremes")


class Network:
    """One operator under construction. All randomness comes from the seed."""

    def __init__(self, kind, seed, form="drawn"):
        self.kind, self.form = kind, form
        self.defined = lambda outputs: outputs  # what of LiteRT's outputs is defined
        self.dtype, self.code = TYPES[kind]
        self.random = np.random.default_rng(seed)
        self.plain = kind in ("int32", "float32")  # not quantised
        if self.plain:
            self.low, self.high = -30000, 30000
        else:
            info = np.iinfo(self.dtype)
            self.low, self.high = int(info.min), int(info.max)
        self.buffers = [tfl.BufferT()]
        self.graph = tfl.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.codes = []

    def pick(self, low, high):
        return int(self.random.integers(low, high + 1))

    def real(self, low, high):
        return float(self.random.uniform(low, high))

    def choose(self, values):
        return values[self.pick(0, len(values) - 1)]

    def activation(self):
        return self.choose(ACTIVATIONS)

    def quantisation(self, scale=None, zero=None):
        """(scales, zero points): 16-bit maps are symmetric, with scales to match."""
        if self.plain:
            return None
        if scale is None and self.form == "extremes":
            scale = self.choose([0.2 / 4096, 0.01, 0.2, 50.0])
        elif scale is None:
            scale = self.real(0.01, 0.2)
        scale = self.exact(scale)
        if self.kind == "int16":
            return [scale if scale < 0.001 else scale / 256], [0]
        return [scale], [self.zero_point() if zero is None else zero]

    def exact(self, scale):
        """For ties: a power of two near the scale, sometimes one and a half of it."""
        if self.form != "ties":
            return scale
        return 2.0 ** round(math.log2(scale)) * self.choose([1, 1, 1, 1.5])

    def zero_point(self):
        if self.form != "extremes":
            return self.pick(self.low, self.high)
        return self.choose([self.low, self.high, (self.low + self.high + 1) // 2])

    def tensor(self, shape, quantisation=None, code=None, data=None, axis=0):
        t = tfl.TensorT()
        t.name = f"t{len(self.graph.tensors)}"
        t.shape = [int(n) for n in shape]
        t.type = self.code if code is None else code
        t.buffer = 0
        if data is not None:
            buffer = tfl.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.buffers.append(buffer)
            t.buffer = len(self.buffers) - 1
        if quantisation is not None:
            t.quantization = tfl.QuantizationParametersT()
            t.quantization.scale = np.array(quantisation[0], np.float32)
            t.quantization.zeroPoint = np.array(quantisation[1], np.int64)
            t.quantization.quantizedDimension = axis
        self.graph.tensors.append(t)
        return len(self.graph.tensors) - 1

    def input(self, shape, quantisation=None):
        index = self.tensor(shape, quantisation or self.quantisation())
        self.graph.inputs.append(index)
        return index

    def output(self, shape, quantisation=None, code=None):
        index = self.tensor(shape, quantisation, code)
        self.graph.outputs.append(index)
        return index

    def image(self, depth=40):
        return self.input([1, self.pick(3, 20), self.pick(3, 20), self.pick(1, depth)])

    def shape(self, index):
        return list(self.graph.tensors[index].shape)

    def scale(self, index):
        return 1.0 if self.plain else float(self.graph.tensors[index].quantization.scale[0])

    def same(self, index):
        if self.plain:
            return None
        q = self.graph.tensors[index].quantization
        return list(q.scale), list(q.zeroPoint)

    def integers(self, values):
        values = np.array(values, np.int32)
        return self.tensor(values.shape, None, tfl.TensorType.INT32, values)

    def draw(self, shape):
        if self.kind == "float32":
            return self.random.normal(0, 2, shape).astype(np.float32)
        values = self.random.integers(self.low, self.high + 1, shape)
        if self.form == "extremes":
            ends = self.random.integers(0, 4, shape)
            values = np.where(ends == 0, self.low, np.where(ends == 1, self.high, values))
        return values.astype(self.dtype)

    def values(self, shape, quantisation):
        return self.tensor(shape, quantisation, None, self.draw(shape))

    def weights(self, shape, axis, channels):
        if self.kind == "float32":
            return self.values(shape, None)
        # Few products keep the sums of ties small, and so their halves frequent.
        reach = 3 if self.form == "ties" else 127
        if self.kind == "uint8":
            zero = self.zero_point() if self.form == "extremes" else self.pick(100, 150)
            q = [self.exact(self.real(0.001, 0.02))], [zero]
            low, high = (zero - reach, zero + reach) if self.form == "ties" else (0, 255)
            data = self.random.integers(low, high + 1, shape).astype(np.uint8)
            return self.tensor(shape, q, None, data)
        scales = [self.exact(self.real(0.001, 0.02)) for _ in range(channels)]
        data = self.random.integers(-reach, reach + 1, shape)
        if self.form == "extremes":
            data = np.where(self.random.integers(0, 2, shape) == 0, np.sign(data) * reach, data)
        data = data.astype(np.int8)
        return self.tensor(shape, (scales, [0] * channels), tfl.TensorType.INT8, data, axis)

    def bias(self, count, x, weights, code=None, largest=2 ** 27):
        if self.kind == "float32":
            return self.values([count], None)
        q = self.graph.tensors[weights].quantization
        scales = [float(s) * self.scale(x) for s in q.scale]
        wide = self.kind == "int16" if code is None else code == tfl.TensorType.INT64
        reach = {"drawn": 20000, "ties": 100, "extremes": largest}[self.form]
        data = self.random.integers(-reach, reach, [count])
        data = data.astype(np.int64 if wide else np.int32)
        code = tfl.TensorType.INT64 if wide else tfl.TensorType.INT32
        return self.tensor([count], (scales, [0] * len(scales)), code, data)

    def operator(self, name, inputs, options=None, **fields):
        """Adds the operator; its outputs are the network's."""
        code = tfl.OperatorCodeT()
        builtin = getattr(tfl.BuiltinOperator, name)
        code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, min(builtin, 127), 1
        self.codes.append(code)
        op = tfl.OperatorT()
        op.opcodeIndex = len(self.codes) - 1
        op.inputs, op.outputs = inputs, list(self.graph.outputs)
        if options is not None:
            op.builtinOptionsType = getattr(tfl.BuiltinOptions, options)
            op.builtinOptions = getattr(tfl, options + "T")()
            for field, value in fields.items():
                assert hasattr(op.builtinOptions, field), field
                setattr(op.builtinOptions, field, value)
        self.graph.operators.append(op)

    def bytes(self):
        model = tfl.ModelT()
        model.version = 3
        model.operatorCodes, model.subgraphs, model.buffers = self.codes, [self.graph], self.buffers
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def extent(padding, size, kernel, stride, dilation=1):
    span = (kernel - 1) * dilation + 1
    return -(-size // stride) if padding == SAME else (size - span) // stride + 1


def accumulated(net, x, terms):
    """A scale that keeps a sum of this many products mostly inside the range."""
    weight = 0.02 if net.form == "ties" else 1
    typical = weight * 70 * 0.01 * net.scale(x) * math.sqrt(terms) * net.real(0.5, 1.5)
    return net.quantisation(typical * (256 if net.kind == "int16" else 1))


def convolution(net, depthwise, most_stride=3, bias_code=None, biased=True):
    multiplier = net.pick(2, 12) if depthwise and net.pick(0, 3) == 0 else 1
    x = net.image(1 if multiplier > 1 else 40)
    _, h, w, c = net.shape(x)
    padding = net.choose([SAME, VALID])
    kh, kw = (net.pick(1, 5), net.pick(1, 5)) if padding == SAME else (net.pick(1, 3), net.pick(1, 3))
    sh, sw = net.pick(1, most_stride), net.pick(1, most_stride)
    dh = dw = 1
    if padding == SAME and net.pick(0, 2) == 0:
        sh, sw, dh, dw = 1, 1, net.pick(1, 4), net.pick(1, 4)
    if most_stride > 3:
        dh = dw = 1
        sh, sw = net.pick(1, most_stride), net.pick(4, most_stride)
    if depthwise:
        sw = sh = max(sh, sw)
    oc = c * multiplier if depthwise else net.pick(1, 70)
    filter_shape = [1, kh, kw, oc] if depthwise else [oc, kh, kw, c]
    weights = net.weights(filter_shape, 3 if depthwise else 0, oc)
    bias = net.bias(oc, x, weights, bias_code) if biased else -1
    net.output([1, extent(padding, h, kh, sh, dh), extent(padding, w, kw, sw, dw), oc],
               accumulated(net, x, kh * kw * (1 if depthwise else c)))
    operands = [x, weights, bias] if biased else [x, weights]
    common = dict(padding=padding, strideH=sh, strideW=sw, dilationHFactor=dh, dilationWFactor=dw,
                  fusedActivationFunction=net.activation())
    if depthwise:
        net.operator("DEPTHWISE_CONV_2D", operands, "DepthwiseConv2DOptions",
                     depthMultiplier=multiplier, **common)
    else:
        if bias_code is not None:
            common["quantizedBiasType"] = bias_code
        net.operator("CONV_2D", operands, "Conv2DOptions", **common)


def grouped(net, multiplied):
    """Groups of channels; `multiplied`: of one channel each, as DEPTHWISE_CONV_2D."""
    depth = 1 if multiplied else net.pick(1, 12)
    groups, filters = net.pick(2, 70 // depth), net.pick(2, 5) if multiplied else net.pick(1, 12)
    c, oc = groups * depth, groups * filters
    x = net.input([1, net.pick(3, 12), net.pick(3, 12), c])
    _, h, w, _ = net.shape(x)
    padding, kernel, stride = net.choose([SAME, VALID]), net.pick(1, 3), net.pick(1, 2)
    weights = net.weights([1, kernel, kernel, oc] if multiplied else [oc, kernel, kernel, depth],
                          3 if multiplied else 0, oc)
    bias = net.bias(oc, x, weights)
    net.output([1, extent(padding, h, kernel, stride), extent(padding, w, kernel, stride), oc],
               accumulated(net, x, kernel * kernel * depth))
    common = dict(padding=padding, strideH=stride, strideW=stride, dilationHFactor=1, dilationWFactor=1,
                  fusedActivationFunction=net.activation())
    if multiplied:
        net.operator("DEPTHWISE_CONV_2D", [x, weights, bias], "DepthwiseConv2DOptions",
                     depthMultiplier=filters, **common)
    else:
        net.operator("CONV_2D", [x, weights, bias], "Conv2DOptions", **common)


def transpose_conv(net, strides=(1, 2), row=False, biased=True):
    x = net.input([1, 1, net.pick(3, 20), net.pick(1, 20)]) if row else net.image(20)
    _, h, w, c = net.shape(x)
    stride, oc = net.pick(*strides), net.pick(1, 20)
    kh, kw = net.pick(stride, max(stride, 4)), net.pick(stride, max(stride, 4))
    stride_h = 1 if row else stride
    kh = 1 if row else kh
    padding = net.choose([SAME, VALID])
    size = lambda n, k, s: n * s if padding == SAME else (n - 1) * s + k
    shape = [1, size(h, kh, stride_h), size(w, kw, stride), oc]
    weights = net.weights([oc, kh, kw, c], 0, oc)
    inputs = [net.integers(shape), weights, x]
    if biased:
        inputs.append(net.bias(oc, x, weights))
    net.output(shape, accumulated(net, x, kh * kw * c))
    net.operator("TRANSPOSE_CONV", inputs, "TransposeConvOptions", padding=padding,
                 strideH=stride_h, strideW=stride)


def fully_connected(net, channels=False, bias_code=None, biased=True):
    rows, n, units = net.pick(1, 9), net.pick(1, 300), net.pick(1, 200)
    x = net.input([rows, n])
    weights = net.weights([units, n], 0, units if channels else 1)
    bias = net.bias(units, x, weights, bias_code)
    wide = {} if bias_code is None else {"quantizedBiasType": bias_code}
    net.output([rows, units], accumulated(net, x, n))
    net.operator("FULLY_CONNECTED", [x, weights, bias if biased else -1], "FullyConnectedOptions", **wide,
                 fusedActivationFunction=net.activation())


def pool(net, name, wide=False):
    x = net.image()
    _, h, w, c = net.shape(x)
    padding = net.choose([SAME, VALID])
    kh, kw = net.pick(1, min(h, 8)), net.pick(1, min(w, 8))
    sh, sw = (net.pick(1, 6), net.pick(4, 6)) if wide else (net.pick(1, 3), net.pick(1, 3))
    net.output([1, extent(padding, h, kh, sh), extent(padding, w, kw, sw), c], net.same(x))
    net.operator(name, [x], "Pool2DOptions", padding=padding, filterHeight=kh, filterWidth=kw,
                 strideH=sh, strideW=sw, fusedActivationFunction=net.activation())


def mean(net, choices=((1, 2), (1,), (2,)), name="MEAN", shape=None):
    x = net.input(shape) if shape else net.image()
    shape = net.shape(x)
    axes = net.choose(choices)
    keep = bool(net.pick(0, 1))
    result = [1 if k in axes else n for k, n in enumerate(shape) if keep or k not in axes]
    quantisation = net.same(x) if net.pick(0, 1) else net.quantisation()
    if name == "SUM" and not net.plain:
        terms = math.prod(shape[k] for k in axes)
        quantisation = net.quantisation(net.scale(x) * terms ** net.real(0.3, 1) *
                                        (256 if net.kind == "int16" else 1))
    net.output(result, quantisation)
    net.operator(name, [x, net.integers(axes)], "ReducerOptions", keepDims=keep)


def binary(net, name, options=None, both=False):
    """`both`: each operand is broadcast along another axis."""
    shape = [1, net.pick(2 if both else 1, 12), net.pick(2 if both else 1, 12), net.pick(1, 40)]
    form = 0 if both else net.pick(0, 3)
    other = list(shape)
    if form == 1:
        other = [1] + [n if net.pick(0, 1) else 1 for n in shape[1:]]
    if form >= 2:
        other = [1, 1, 1, shape[3] if form == 2 else 1]
    qa, qb = net.quantisation(), net.quantisation()
    if net.pick(0, 3) == 0 and not net.plain:
        qb = qa[0], qb[1]
    qo = net.quantisation()
    if name in ("MUL", "SQUARED_DIFFERENCE") and not net.plain:
        largest = qa[0][0] * qb[0][0] if name == "MUL" else max(qa[0][0], qb[0][0]) ** 2
        qo = net.quantisation(largest * net.real(50, 150) * (256 ** 2 if net.kind == "int16" else 1))
    if name in ("MINIMUM", "MAXIMUM"):
        qb = qo = qa
    swap = name != "PRELU" and net.pick(0, 1)
    result = list(shape)
    if both:
        shape, other = [1, 1, *shape[2:]], [1, shape[1], 1, shape[3]]
    a = net.input(shape, qa)
    b = net.values(other, qb) if form >= 2 else net.input(other, qb)
    net.output(result, qo)
    fields = {} if options is None or options in ("MaximumMinimumOptions", "SquaredDifferenceOptions") \
        else {"fusedActivationFunction": net.activation()}
    if net.kind == "int32":
        fields = {}
    if name in ("ADD", "SUB") and net.kind == "int16":
        fields["potScaleInt16"] = False
    net.operator(name, [b, a] if swap else [a, b], options, **fields)


def prelu(net):
    x = net.image()
    shape = net.shape(x)
    alpha = net.values([1, 1, shape[3]], net.quantisation(net.real(0.001, 0.01)))
    net.output(shape, net.quantisation())
    net.operator("PRELU", [x, alpha])


def unary(net, name, options=None, equal=None, scale=None, zero=None, **fields):
    """`equal`: output quantised like the input always, or (None) in half of the cases."""
    x = net.image()
    quantisation = net.quantisation(scale, zero)
    if scale is None and (equal or (equal is None and net.pick(0, 1))):
        quantisation = net.same(x)
    net.output(net.shape(x), quantisation)
    net.operator(name, [x], options, **fields)


def relu_of_five(net):
    x = net.input([1, 2, net.pick(1, 5), net.pick(1, 5), net.pick(1, 20)])
    net.output(net.shape(x), net.quantisation())
    net.operator("RELU", [x])


def fixed(net, steps):
    """Scale of an output whose whole range is `steps` to the unit in 8 bits."""
    return 1 / 32768 if net.kind == "int16" else 1 / steps


def softmax(net):
    shape = [net.pick(1, 5), net.pick(2, 60)] if net.pick(0, 1) else \
        [1, net.pick(1, 5), net.pick(1, 5), net.pick(2, 40)]
    x = net.input(shape)
    net.output(shape, net.quantisation(fixed(net, 256), net.low))
    net.operator("SOFTMAX", [x], "SoftmaxOptions", beta=1.0)


def concatenation(net):
    shape = [1, net.pick(1, 12), net.pick(1, 12), net.pick(1, 20)]
    axis, q, inputs, total = net.pick(1, 3), net.quantisation(), [], 0
    for _ in range(net.pick(2, 4)):
        part = list(shape)
        part[axis] = net.pick(1, 20)
        total += part[axis]
        inputs.append(net.input(part, q))
    shape[axis] = total
    net.output(shape, q)
    net.operator("CONCATENATION", inputs, "ConcatenationOptions", axis=net.choose([axis, axis - 4]))


def concatenation_rescaled(net):
    """Operands of other scales than the result: only the uint8 kernel rescales them."""
    shape = [1, net.pick(1, 8), net.pick(1, 8), net.pick(1, 20)]
    axis, parts = net.pick(1, 3), net.pick(2, 3)
    inputs = [net.input(shape) for _ in range(parts)]
    net.output([n * parts if k == axis else n for k, n in enumerate(shape)], net.quantisation())
    net.operator("CONCATENATION", inputs, "ConcatenationOptions", axis=axis)


def pack(net):
    shape, count, axis = [net.pick(1, 9), net.pick(1, 20)], net.pick(2, 4), net.pick(0, 2)
    q = net.quantisation()
    inputs = [net.input(shape, q) for _ in range(count)]
    net.output(shape[:axis] + [count] + shape[axis:], q)
    net.operator("PACK", inputs, "PackOptions", valuesCount=count, axis=axis)


def unpack(net):
    shape, axis = [net.pick(1, 5), net.pick(1, 5), net.pick(1, 20)], net.pick(0, 2)
    x = net.input(shape)
    count = shape.pop(axis)
    for _ in range(count):
        net.output(shape, net.same(x))
    net.operator("UNPACK", [x], "UnpackOptions", num=count, axis=axis)


def split(net, sized):
    axis, count = net.pick(1, 3), net.pick(2, 3)
    shape = [1, net.pick(2, 8), net.pick(2, 8), net.pick(2, 20)]
    sizes = [net.pick(1, 9) for _ in range(count)] if sized else [net.pick(1, 9)] * count
    shape[axis] = sum(sizes)
    x = net.input(shape)
    for size in sizes:
        net.output(shape[:axis] + [size] + shape[axis + 1:], net.same(x))
    axis_operand = net.tensor([], None, tfl.TensorType.INT32, np.array(axis, np.int32))
    if sized:
        net.operator("SPLIT_V", [x, net.integers(sizes), axis_operand], "SplitVOptions", numSplits=count)
    else:
        net.operator("SPLIT", [axis_operand, x], "SplitOptions", numSplits=count)


def slice_box(net, strided):
    shape = [1, net.pick(3, 12), net.pick(3, 12), net.pick(3, 40)]
    x = net.input(shape)
    begin = [0] + [net.pick(0, n - 1) for n in shape[1:]]
    end = [1] + [net.pick(b + 1, n) for b, n in zip(begin[1:], shape[1:])]
    size = [e - b for b, e in zip(begin, end)]
    net.output(size, net.same(x))
    if strided:
        net.operator("STRIDED_SLICE", [x, net.integers(begin), net.integers(end),
                                       net.integers([1] * 4)], "StridedSliceOptions")
    else:
        net.operator("SLICE", [x, net.integers(begin), net.integers(size)], "SliceOptions")


def reshape(net, name, options):
    h, w, c = net.pick(2, 8), net.pick(2, 8), net.pick(2, 20)
    if name == "RESHAPE":
        x = net.input([1, h, w, c])
        net.output([1, h * w * c], net.same(x))
        net.operator(name, [x, net.integers([1, h * w * c])], options, newShape=[1, h * w * c])
    elif name == "SQUEEZE":
        x = net.input([1, 1, w, c])
        net.output([1, w, c], net.same(x))
        net.operator(name, [x], options, squeezeDims=[1])
    else:
        x = net.input([h, c])
        net.output([h, 1, c], net.same(x))
        net.operator(name, [x, net.integers([1])], options)


def transpose(net):
    shape, order = net.choose([([net.pick(1, 20), net.pick(1, 20)], [1, 0]),
                               ([net.pick(1, 9), net.pick(1, 9), net.pick(1, 20)], [1, 0, 2]),
                               ([1, net.pick(1, 9), net.pick(1, 9), net.pick(1, 20)], [0, 2, 1, 3]),
                               ([1, net.pick(1, 9), net.pick(1, 9), net.pick(1, 20)], [0, 3, 1, 2])])
    x = net.input(shape)
    net.output([shape[k] for k in order], net.same(x))
    net.operator("TRANSPOSE", [x, net.integers(order)], "TransposeOptions")


def pad(net, name="PAD", options="PadOptions"):
    shape = [1, net.pick(1, 9), net.pick(1, 9), net.pick(1, 20)]
    pads = [[0, 0]] + [[net.pick(0, 3), net.pick(0, 3)] for _ in range(3)]
    x = net.input(shape)
    net.output([n + sum(p) for n, p in zip(shape, pads)], net.same(x))
    value = [net.values([], net.same(x))] if name == "PADV2" else []
    net.operator(name, [x, net.integers(pads), *value], options)


def resize(net, name, options):
    x = net.image()
    _, h, w, c = net.shape(x)
    form, factor = net.pick(0, 2), 2 ** net.pick(1, 3)
    size = [(h - 1) * factor + 1, (w - 1) * factor + 1] if form == 1 else [h * factor, w * factor]
    net.output([1, *size, c], net.same(x))
    net.operator(name, [x, net.integers(size)], options, alignCorners=form == 1,
                 halfPixelCenters=form == 2)


def resize_any(net, name, options, shape=None):
    x = net.input(shape) if shape else net.image()
    form = net.pick(0, 2)
    net.output([1, net.pick(1, 30), net.pick(1, 30), net.shape(x)[3]], net.same(x))
    net.operator(name, [x, net.integers(net.shape(net.graph.outputs[0])[1:3])], options,
                 alignCorners=form == 1, halfPixelCenters=form == 2)


def arg_max(net, axis=3, code=tfl.TensorType.INT32, name="ARG_MAX"):
    x = net.image()
    shape = net.shape(x)
    net.output(shape[:axis] + shape[axis + 1:], None, code)
    operand = net.tensor([], None, tfl.TensorType.INT32, np.array(axis, np.int32))
    net.operator(name, [x, operand], "ArgMinOptions" if name == "ARG_MIN" else "ArgMaxOptions",
                 outputType=code)


REDUCTIONS = ((1,), (2,), (3,), (1, 2), (1, 3), (2, 3), (1, 2, 3))


def reduce_extreme(net, name):
    x = net.image()
    axes = net.choose(REDUCTIONS)
    net.output([1 if k in axes else n for k, n in enumerate(net.shape(x))], net.same(x))
    net.operator(name, [x, net.integers(axes)], "ReducerOptions", keepDims=True)


def moved(net, name, shape, operands, wanted, options=None, **fields):
    """An operator whose other operands are constants and that keeps the quantisation."""
    x = net.input(shape)
    net.output(wanted, net.same(x))
    net.operator(name, [x, *map(net.integers, operands)], options, **fields)


def tile(net):
    shape = [1, net.pick(1, 9), net.pick(1, 9), net.pick(1, 20)][net.pick(0, 2):]
    repeats = [net.pick(1, 3) for _ in shape]
    if len(shape) == 4:
        repeats[net.pick(0, 1)] = 1
    moved(net, "TILE", shape, [repeats], [n * k for n, k in zip(shape, repeats)], "TileOptions")


def reverse(net):
    shape = [1, net.pick(1, 12), net.pick(1, 12), net.pick(1, 20)][net.pick(0, 2):]
    moved(net, "REVERSE_V2", shape, [[net.pick(0, len(shape) - 1)]], shape, "ReverseV2Options")


def mirror_pad(net):
    mode = net.pick(0, 1)  # reflect, symmetric
    shape = [1, net.pick(3, 9), net.pick(3, 9), net.pick(3, 20)]
    pads = [[0, 0]] + [[net.pick(0, 2), net.pick(0, 2)] for _ in range(2)] + \
        [[net.pick(0, 1), net.pick(0, 1)]]
    moved(net, "MIRROR_PAD", shape, [pads], [n + sum(p) for n, p in zip(shape, pads)],
          "MirrorPadOptions", mode=mode)


def block(net, name):
    size, shape = net.pick(1, 4), [net.pick(1, 2), net.pick(1, 5), net.pick(1, 5), net.pick(1, 9)]
    deep = shape[:3] + [shape[3] * size * size]
    wide = [shape[0], shape[1] * size, shape[2] * size, shape[3]]
    back = name == "DEPTH_TO_SPACE"
    moved(net, name, deep if back else wide, [], wide if back else deep,
          "DepthToSpaceOptions" if back else "SpaceToDepthOptions", blockSize=size)


def strided(net):
    shape = [1, net.pick(2, 14), net.pick(2, 14), net.pick(2, 20)]
    begin, end, steps, wanted = [0], [1], [1], [1]
    for n in shape[1:]:
        steps.append(net.choose([1, 2, 3, 5, -1, -2]) if net.pick(0, 2) else 1)
        begin.append(net.pick(0, n - 1))
        end.append(net.pick(begin[-1] + 1, n) if steps[-1] > 0 else net.pick(-n - 1, begin[-1] - n - 1))
        wanted.append(len(range(n)[begin[-1]:end[-1]:steps[-1]]))
    moved(net, "STRIDED_SLICE", shape, [begin, end, steps], wanted, "StridedSliceOptions")


def strided_masks(net):
    """An ellipsis, dropped and new axes, begins and ends beyond the borders."""
    shape = [1, net.pick(2, 9), net.pick(2, 9), net.pick(2, 20)]
    form = net.pick(0, 2)
    axis = net.pick(0, 2) + 1 if form == 1 else 3
    n = shape[axis]
    step = net.choose([1, 1, 2, -1])
    begin, end = (-2 * n, 2 * n) if step > 0 else (2 * n, -2 * n)
    if net.pick(0, 1):
        begin = net.pick(0, n - 1)
    count = len(range(n)[begin:end:step])
    if form == 0:  # [..., begin:end:step]
        moved(net, "STRIDED_SLICE", shape, [[0, begin], [0, end], [1, step]], shape[:3] + [count],
              "StridedSliceOptions", ellipsisMask=1)
    elif form == 1:  # one position of an axis
        position = net.pick(-n, n - 1)
        numbers = [[0] * axis + [position], [0] * axis + [position + 1], [1] * (axis + 1)]
        masks = (1 << axis) - 1
        moved(net, "STRIDED_SLICE", shape, numbers, shape[:axis] + shape[axis + 1:],
              "StridedSliceOptions", beginMask=masks, endMask=masks, shrinkAxisMask=1 << axis)
    else:  # [0, newaxis, ..., begin:end:step]
        moved(net, "STRIDED_SLICE", shape, [[0, 0, 0, begin], [1, 0, 0, end], [1, 1, 1, step]],
              [1] + shape[1:3] + [count], "StridedSliceOptions", shrinkAxisMask=1, newAxisMask=2,
              ellipsisMask=4)


def transpose_any(net):
    rank = net.pick(3, 4)
    shape = [net.pick(1, 4)] * (rank - 3) + [net.pick(1, 9), net.pick(1, 9), net.pick(1, 20)]
    order = [int(k) for k in net.random.permutation(rank)]
    moved(net, "TRANSPOSE", shape, [order], [shape[k] for k in order], "TransposeOptions")


def broadcast_to(net):
    wanted = [1, net.pick(1, 9), net.pick(1, 9), net.pick(1, 20)]
    shape = [net.choose([1, n]) for n in wanted][net.pick(0, 2):]
    moved(net, "BROADCAST_TO", shape, [wanted], wanted, "BroadcastToOptions")
    net.codes[-1].version = 2


def l2_normalization(net):
    x = net.image()
    net.output(net.shape(x), net.quantisation(1 / 128, 128 if net.kind == "uint8" else 0))
    net.operator("L2_NORMALIZATION", [x], "L2NormOptions")


def comparison(net, name, options):
    a, b = binary_inputs(net)
    net.output([max(m, n) for m, n in zip(net.shape(a), net.shape(b))], None, tfl.TensorType.BOOL)
    net.operator(name, [a, b], options)


def binary_inputs(net):
    """Comparisons: LiteRT has no defined result for scales of 1 and more."""
    below_one = lambda: net.quantisation(net.choose([0.2 / 4096, 0.01, 0.2])
                                         if net.form == "extremes" and not net.plain else None)
    a = net.input([1, net.pick(3, 20), net.pick(3, 20), net.pick(1, 40)], below_one())
    shape = [net.choose([1, n, n]) for n in net.shape(a)]
    return a, net.input(shape, net.choose([net.same(a), below_one()]))


def select(net, name, options):
    """The condition comes from a comparison in front."""
    a, b = binary_inputs(net)
    if name == "SELECT":
        net.graph.tensors[b].shape = net.shape(a)
    net.graph.tensors[b].quantization = net.graph.tensors[a].quantization
    truth = net.tensor(net.shape(a), None, tfl.TensorType.BOOL)
    net.graph.outputs = [truth]
    net.operator("GREATER", [a, b], "GreaterOptions")
    net.graph.outputs = []
    net.output(net.shape(a), net.same(a))
    net.operator(name, [truth, a, b], options)


def logical(net, name, options):
    a, b = binary_inputs(net)
    truths = []
    for first, second in ((a, b), (b, a)):
        truths.append(net.tensor(net.shape(a), None, tfl.TensorType.BOOL))
        net.graph.outputs = [truths[-1]]
        net.operator("LESS", [first, second], "LessOptions")
    net.graph.outputs = []
    net.output(net.shape(a), None, tfl.TensorType.BOOL)
    net.operator(name, truths[:1] if name == "LOGICAL_NOT" else truths, options)


def gather(net):
    shape = [1, net.pick(1, 9), net.pick(1, 9), net.pick(1, 20)]
    axis, count = net.pick(1, 3), net.pick(1, 12)
    which = [net.pick(0, shape[axis] - 1) for _ in range(count)]
    moved(net, "GATHER", shape, [which], shape[:axis] + [count] + shape[axis + 1:],
          "GatherOptions", axis=axis)


def cast(net):
    x = net.image()
    net.output(net.shape(x), None, tfl.TensorType.FLOAT32)
    net.operator("CAST", [x], "CastOptions", inDataType=net.code,
                 outDataType=tfl.TensorType.FLOAT32)


def dynamic_weights(net):
    """FULLY_CONNECTED with weights that are an input."""
    rows, inner, outer = net.pick(1, 6), net.pick(1, 60), net.pick(1, 20)
    x = net.input([rows, inner])
    w = net.input([outer, inner], net.quantisation(None, 0))
    terms = 70 * 70 * net.scale(x) * net.scale(w) * math.sqrt(inner) / 50
    net.output([rows, outer], net.quantisation(terms * (256 if net.kind == "int16" else 1)))
    net.operator("FULLY_CONNECTED", [x, w, -1], "FullyConnectedOptions")


def space_to_batch(net):
    block, pads = [net.pick(1, 3), net.pick(1, 3)], [[net.pick(0, 2), 0], [net.pick(0, 2), 0]]
    shape = [1, net.pick(1, 9), net.pick(1, 9), net.pick(1, 20)]
    for k in range(2):
        pads[k][1] = -(shape[k + 1] + pads[k][0]) % block[k]
    x = net.input(shape)
    size = [(shape[k + 1] + sum(pads[k])) // block[k] for k in range(2)]
    net.output([block[0] * block[1], *size, shape[3]], net.same(x))
    net.operator("SPACE_TO_BATCH_ND", [x, net.integers(block), net.integers(pads)],
                 "SpaceToBatchNDOptions")


def batch_to_space(net):
    block = [net.pick(1, 3), net.pick(1, 3)]
    shape = [block[0] * block[1], net.pick(2, 9), net.pick(2, 9), net.pick(1, 20)]
    cuts = [[net.pick(0, block[k] - 1), net.pick(0, block[k] - 1)] for k in range(2)]
    x = net.input(shape)
    size = [shape[k + 1] * block[k] - sum(cuts[k]) for k in range(2)]
    net.output([1, *size, shape[3]], net.same(x))
    net.operator("BATCH_TO_SPACE_ND", [x, net.integers(block), net.integers(cuts)],
                 "BatchToSpaceNDOptions")


def batch_matmul(net):
    n, rows, depth, columns = net.pick(1, 4), net.pick(1, 12), net.pick(1, 60), net.pick(1, 12)
    turned_x, turned_y = bool(net.pick(0, 1)), bool(net.pick(0, 1))
    a = net.input([n, depth, rows] if turned_x else [n, rows, depth])
    b = net.input([n, columns, depth] if turned_y else [n, depth, columns])
    terms = 70 * 70 * net.scale(a) * net.scale(b) * math.sqrt(depth) / 50
    net.output([n, rows, columns], net.quantisation(terms * (256 if net.kind == "int16" else 1)))
    net.operator("BATCH_MATMUL", [a, b], "BatchMatMulOptions", adjX=turned_x, adjY=turned_y)


def batch_matmul_broadcast(net):
    """Extents of 1 in front of the matrices, on one side or the other, and missing ones."""
    depth = net.pick(1, 30)
    batch = [net.pick(1, 3), net.pick(1, 3)]
    one = lambda: [n if net.pick(0, 1) else 1 for n in batch][net.pick(0, 2):]
    of_a, of_b = one(), one()
    a = net.input([*of_a, net.pick(1, 9), depth])
    b = net.input([*of_b, depth, net.pick(1, 9)])
    of_a, of_b = ([1] * (2 - len(n)) + n for n in (of_a, of_b))
    rank = max(len(net.shape(a)), len(net.shape(b))) - 2
    terms = 70 * 70 * net.scale(a) * net.scale(b) * math.sqrt(depth) / 50
    shape = [*[max(m, n) for m, n in zip(of_a, of_b)][2 - rank:], net.shape(a)[-2], net.shape(b)[-1]]
    net.output(shape, net.quantisation(terms * (256 if net.kind == "int16" else 1)))
    net.operator("BATCH_MATMUL", [a, b], "BatchMatMulOptions", adjX=False, adjY=False)


def local_response(net):
    x = net.image(20)
    net.output(net.shape(x))
    net.operator("LOCAL_RESPONSE_NORMALIZATION", [x], "LocalResponseNormalizationOptions",
                 radius=net.pick(0, 6), bias=net.real(0.5, 2), alpha=net.real(0.01, 1),
                 beta=net.choose([0.5, 0.75, 1.0]))


def reverse_sequence(net):
    shape = [net.pick(1, 6) for _ in range(net.pick(2, 4))]
    axis = net.pick(0, len(shape) - 1)
    batch = net.choose([k for k in range(len(shape)) if k != axis])
    x = net.input(shape)
    lengths = net.integers([net.pick(0 if shape[axis] > 1 else 1, shape[axis])
                            for _ in range(shape[batch])])
    net.output(shape, net.same(x))
    net.operator("REVERSE_SEQUENCE", [x, lengths], "ReverseSequenceOptions", seqDim=axis,
                 batchDim=batch)


def where(net):
    """The result's shape in the file is the one that the constant makes."""
    shape = [net.pick(1, 6) for _ in range(net.pick(1, 4))]
    values = (net.random.integers(0, 3, shape) - 1).astype(net.dtype)
    values.reshape(-1)[0] = 1
    x = net.tensor(shape, None, None)
    net.graph.inputs.append(x)
    net.draw = lambda shape: values
    net.output([int(np.count_nonzero(values)), len(shape)], None, tfl.TensorType.INT64)
    net.operator("WHERE", [x], "WhereOptions")


def non_max_suppression(net, version):
    count, most = net.pick(1, 30), net.pick(1, 12)
    real = lambda value: net.tensor([], None, None, np.array(value, np.float32))
    boxes = net.tensor([count, 4], None)
    scores = net.tensor([count], None)
    net.graph.inputs += [boxes, scores]

    def draw(shape):
        if len(shape) == 1:
            return net.random.integers(0, 20, shape).astype(np.float32) / 20 + \
                net.random.uniform(0, 0.01, shape).astype(np.float32)
        corner = net.random.uniform(0, 4, [count, 2])
        return np.concatenate([corner, corner + net.random.uniform(-1, 3, [count, 2])],
                              1).astype(np.float32)

    net.draw = draw
    inputs = [boxes, scores, scalar(net, most, tfl.TensorType.INT32, np.int32),
              real(net.real(0.1, 0.9)), real(net.real(0, 0.6))]
    net.output([most], None, tfl.TensorType.INT32)
    if version == 5:
        inputs.append(real(net.choose([0.0, 0.3, 0.7])))
        net.output([most], None)
    net.output([], None, tfl.TensorType.INT32)
    net.operator(f"NON_MAX_SUPPRESSION_V{version}", inputs, f"NonMaxSuppressionV{version}Options")


def quantised_product(net):
    x = net.input([1, net.pick(1, 4), net.pick(1, 4), net.pick(1, 12)],
                  net.quantisation(net.real(0.005, 0.05)))
    axes = net.choose([(1,), (2,), (3,), (1, 2), (2, 3)])
    net.output([1 if k in axes else n for k, n in enumerate(net.shape(x))], net.quantisation())
    net.operator("REDUCE_PROD", [x, net.integers(axes)], "ReducerOptions", keepDims=True)


def positive(net, name, lowest=0):
    """A function of numbers that are never negative: drawn from `lowest` on above the zero point."""
    x = net.input([1, net.pick(1, 8), net.pick(1, 8), net.pick(1, 20)], net.quantisation(None, net.low))
    net.low = lowest if net.kind == "int16" else net.low + lowest
    net.output(net.shape(x), net.quantisation())
    net.operator(name, [x])


def lstm(net):
    """States start at their zero points; the cell state's scale is a power of two."""
    batches, steps = net.pick(1, 3), net.pick(1, 6)
    features, cells, time_major = net.pick(1, 20), net.pick(1, 30), bool(net.pick(0, 1))
    order = lambda n: [steps, batches, n] if time_major else [batches, steps, n]
    x = net.input(order(features))
    hidden = net.quantisation(1 / 128, net.pick(-5, 5))
    weight = lambda n: net.weights([cells, n], 0, 1)
    gates = [weight(features) for _ in range(4)] + [weight(cells) for _ in range(4)]
    biases = [net.bias(cells, x, gates[k], tfl.TensorType.INT32, 20000) for k in range(4)]
    states = [net.tensor([batches, cells], hidden),
              net.tensor([batches, cells], ([2.0 ** -net.pick(10, 14)], [0]), tfl.TensorType.INT16)]
    for state in states:
        net.graph.tensors[state].isVariable = True
    net.output(order(cells), hidden)
    net.operator("UNIDIRECTIONAL_SEQUENCE_LSTM",
                 [x, *gates, -1, -1, -1, *biases, -1, -1, *states, -1, -1, -1, -1],
                 "UnidirectionalSequenceLSTMOptions", timeMajor=time_major,
                 fusedActivationFunction=tfl.ActivationFunctionType.TANH,
                 cellClip=net.choose([0.0, net.real(0.2, 2.0)]))
    carriers = [net.tensor([1], ([1 / 4096], [0]), tfl.TensorType.INT16) for _ in range(4)]
    net.graph.operators[-1].intermediates = carriers + [net.tensor([batches, cells], hidden)]


def svdf(net):
    """The state starts at zero; its scale and those of the weights are drawn alone."""
    batches, inputs, units, rank, steps = (net.pick(1, 3), net.pick(1, 20), net.pick(1, 8),
                                           net.pick(1, 3), net.pick(2, 10))
    filters = units * rank
    x = net.input([batches, inputs])
    if net.plain:
        features, time = net.values([filters, inputs], None), net.values([filters, steps], None)
        bias = net.values([units], None)
        state = net.tensor([batches, filters * steps])
    else:
        features = net.weights([filters, inputs], 0, 1)
        time_scale = net.exact(net.real(1e-4, 1e-3))
        times = net.random.integers(-2000, 2001, [filters, steps]).astype(np.int16)
        time = net.tensor([filters, steps], ([time_scale], [0]), tfl.TensorType.INT16, times)
        state_scale = net.exact(net.scale(x) * net.real(0.001, 0.01))
        state = net.tensor([batches, filters * steps], ([state_scale], [0]), tfl.TensorType.INT16)
        bias = net.tensor([units], ([time_scale * state_scale], [0]), tfl.TensorType.INT32,
                          net.random.integers(-5000, 5000, [units]).astype(np.int32))
    net.graph.tensors[state].isVariable = True
    net.output([batches, units], net.quantisation())
    # The kernel clamps to the whole range, whatever the activation says.
    net.operator("SVDF", [x, features, time, net.choose([bias, -1]), state], "SVDFOptions", rank=rank,
                 fusedActivationFunction=tfl.ActivationFunctionType.RELU)


def log_softmax(net):
    shape = [net.pick(1, 5), net.pick(2, 60)] if net.pick(0, 1) else \
        [1, net.pick(1, 5), net.pick(1, 5), net.pick(2, 40)]
    x = net.input(shape)
    net.output(shape, net.quantisation(1 / 16, net.high))
    net.operator("LOG_SOFTMAX", [x], "LogSoftmaxOptions")


def number_pair(net, name, options):
    shape = [1, net.pick(1, 12), net.pick(1, 12), net.pick(1, 40)]
    other = [n if net.pick(0, 1) else 1 for n in shape]
    kind = net.kind
    net.low, net.high = (-9, 9) if kind == "int32" else (net.low, net.high)
    a = net.tensor(shape, None)
    net.graph.inputs.append(a)
    values = net.draw(other)
    if name == "POW":
        values = np.abs(values)
    b = net.tensor(other, None, None, np.where(values == 0, 1, values).astype(values.dtype))
    net.output(shape, None)
    net.operator(name, [a, b], options)


def plain_unary(net, name, options=None):
    x = net.tensor([1, net.pick(1, 12), net.pick(1, 12), net.pick(1, 20)], None)
    net.graph.inputs.append(x)
    net.output(net.shape(x), None)
    net.operator(name, [x], options)


def cumsum(net):
    x = net.tensor([1, net.pick(1, 12), net.pick(1, 12), net.pick(1, 20)], None)
    net.graph.inputs.append(x)
    net.output(net.shape(x), None)
    net.operator("CUMSUM", [x, net.tensor([], None, tfl.TensorType.INT32,
                                          np.array(net.pick(-4, 3), np.int32))], "CumsumOptions",
                 exclusive=bool(net.pick(0, 1)), reverse=bool(net.pick(0, 1)))


def add_n(net):
    shape = [1, net.pick(1, 12), net.pick(1, 12), net.pick(1, 20)]
    inputs = [net.input(shape) for _ in range(net.pick(2, 4))]
    net.output(shape)
    net.operator("ADD_N", inputs, "AddNOptions")


def index_rows(net, shape, count):
    depth = net.pick(1, len(shape))
    rows = [[net.pick(0, shape[k] - 1) for k in range(depth)] for _ in range(count)]
    return rows, shape[depth:]


def gather_nd(net):
    shape = [net.pick(1, 5), net.pick(1, 9), net.pick(1, 20)]
    rows, rest = index_rows(net, shape, net.pick(1, 9))
    moved(net, "GATHER_ND", shape, [rows], [len(rows), *rest], "GatherNdOptions")


def scatter_nd(net):
    shape = [net.pick(1, 5), net.pick(1, 9), net.pick(1, 20)]
    rows, rest = index_rows(net, shape, net.pick(1, 9))
    updates = net.input([len(rows), *rest])
    net.output(shape, net.same(updates))
    net.operator("SCATTER_ND", [net.integers(rows), updates, net.integers(shape)], "ScatterNdOptions")


def embedding_lookup(net):
    rows, length = net.pick(1, 20), [net.pick(1, 5), net.pick(1, 20)]
    table = net.input([rows, *length])
    which = [net.pick(0, rows - 1) for _ in range(net.pick(1, 9))]
    net.output([len(which), *length], net.same(table))
    net.operator("EMBEDDING_LOOKUP", [net.integers(which), table])


def dynamic_update_slice(net):
    shape = [net.pick(1, 5), net.pick(1, 9), net.pick(1, 20)]
    part = [net.pick(1, n) for n in shape]
    x = net.input(shape)
    update = net.input(part, net.same(x))
    net.output(shape, net.same(x))
    net.operator("DYNAMIC_UPDATE_SLICE",
                 [x, update, net.integers([net.pick(-2, n + 1) for n in shape])],
                 "DynamicUpdateSliceOptions")


def topk(net):
    shape = [net.pick(1, 5), net.pick(1, 5), net.pick(1, 40)]
    x, k = net.input(shape), net.pick(1, shape[2])
    net.output([*shape[:2], k], net.same(x))
    net.output([*shape[:2], k], None, tfl.TensorType.INT32)
    net.operator("TOPK_V2", [x, net.tensor([], None, tfl.TensorType.INT32, np.array(k, np.int32))],
                 "TopKV2Options")


def scalar(net, value=None, code=None, dtype=None):
    value = net.draw([]) if value is None else np.array(value, dtype or net.dtype)
    return net.tensor([], None, code, value)


def one_hot(net):
    shape, depth, axis = [net.pick(1, 5), net.pick(1, 9)], net.pick(1, 9), net.pick(-1, 2)
    x = net.tensor(shape, None, tfl.TensorType.INT32,
                   net.random.integers(-1, depth + 1, shape).astype(np.int32))
    on = net.tensor([], None)
    net.graph.inputs.append(on)
    place = 2 if axis == -1 else axis
    net.output([*shape[:place], depth, *shape[place:]])
    net.operator("ONE_HOT", [x, scalar(net, depth, tfl.TensorType.INT32, np.int32), on, scalar(net)],
                 "OneHotOptions", axis=axis)


def fill(net):
    shape = [net.pick(1, 5), net.pick(1, 9)]
    value = net.tensor([], None)
    net.graph.inputs.append(value)
    net.output(shape)
    net.operator("FILL", [net.integers(shape), value], "FillOptions")


def reduce_plain(net, name):
    """Truth values come from a comparison in front."""
    logical_kind = name != "REDUCE_PROD"
    x = net.input([1, net.pick(1, 6), net.pick(1, 6), net.pick(1, 6)], None)
    shape, axes = net.shape(x), net.choose(REDUCTIONS)
    if logical_kind:
        truth = net.tensor(shape, None, tfl.TensorType.BOOL)
        net.graph.outputs = [truth]
        net.operator("GREATER", [x, net.values(shape, None)], "GreaterOptions")
        net.graph.outputs = []
    net.output([1 if k in axes else n for k, n in enumerate(shape)], None,
               tfl.TensorType.BOOL if logical_kind else None)
    net.operator(name, [truth if logical_kind else x, net.integers(axes)], "ReducerOptions",
                 keepDims=True)


def broadcast_args(net):
    a = [net.pick(1, 9) for _ in range(net.pick(1, 4))]
    b = [n if net.pick(0, 1) else 1 for n in a][net.pick(0, len(a) - 1):]
    x = net.input([len(a)])
    net.low, net.high = 1, 1
    net.output([len(a)])
    net.operator("BROADCAST_ARGS", [x, net.integers(b)])


def rank(net):
    x = net.input([1] * net.pick(1, 4))
    net.output([], None, tfl.TensorType.INT32)
    net.operator("RANK", [x], "RankOptions")


def division(net):
    """The divisor is a constant without a zero."""
    shape = [1, net.pick(1, 12), net.pick(1, 12), net.pick(1, 40)]
    a, q = net.input(shape), net.quantisation()
    low, high = (1, 60) if net.kind == "uint8" else (-90, 90)
    values = net.random.integers(low, high + 1, [shape[3]])
    values = np.where(values == 0, 1, values)
    if not net.plain:
        values = np.clip(values, 1, 60)
        q = net.quantisation(None, 0)
    b = net.tensor([shape[3]], q, None, values.astype(net.dtype))
    # Finer than the quotient's own scale: LiteRT shifts by more than 31 bits for small ones.
    net.output(shape, net.quantisation(net.scale(a) / net.scale(b) / 64 if not net.plain else None))
    net.operator("DIV", [a, b], "DivOptions", fusedActivationFunction=net.activation())


def clamped_integers(net, name, options):
    a = net.input([1, net.pick(1, 12), net.pick(1, 12), net.pick(1, 20)])
    b = net.input(net.shape(a))
    net.output(net.shape(a))
    net.operator(name, [a, b], options, fusedActivationFunction=net.activation())


def dequantize(net):
    x = net.image()
    net.output(net.shape(x), None, tfl.TensorType.FLOAT32)
    net.operator("DEQUANTIZE", [x], "DequantizeOptions")


def shape_of(net):
    x = net.input([1, net.pick(1, 9), net.pick(1, 9), net.pick(1, 9)][net.pick(0, 3):])
    net.output([len(net.shape(x))], None, tfl.TensorType.INT32)
    net.operator("SHAPE", [x], "ShapeOptions", outType=tfl.TensorType.INT32)


def detection(net):
    """A custom operator, its options a flexbuffer."""
    boxes, classes, background = net.pick(1, 40), net.pick(1, 5), net.pick(0, 1)
    most, labels = net.pick(1, 12), net.pick(1, 3)
    regular = bool(net.pick(0, 1))
    labels = 1 if regular else labels
    x = net.input([1, boxes, 4], net.quantisation(0.05, 128 if net.kind == "uint8" else None))
    scores = net.input([1, boxes, classes + background], net.quantisation(1 / 256, 0))
    if net.plain:
        corners = net.random.uniform(0.1, 1, [boxes, 4]).astype(np.float32)
        anchors = net.tensor([boxes, 4], None, None, corners)
    else:
        anchors = net.values([boxes, 4], ([1 / 256], [0]))
    room = most * labels
    for shape in ([1, room, 4], [1, room], [1, room], [1]):
        net.output(shape, None, tfl.TensorType.FLOAT32)
    net.operator("CUSTOM", [x, scores, anchors])
    net.codes[-1].customCode = "TFLite_Detection_PostProcess"
    fields = {"max_detections": most, "max_classes_per_detection": labels, "num_classes": classes,
              "detections_per_class": net.pick(1, 20), "use_regular_nms": regular,
              "nms_score_threshold": net.real(0.0, 0.5), "nms_iou_threshold": net.real(0.2, 0.7),
              "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0}
    builder = flexbuffers.Builder()
    with builder.Map():
        for name, value in fields.items():
            builder.Key(name)
            builder.Bool(value) if isinstance(value, bool) else \
                builder.Float(value) if isinstance(value, float) else builder.Int(value)

    def found(outputs):
        """LiteRT leaves places without a detection as they were; ours are 0."""
        place = np.arange(room)
        empty = (place // labels >= int(outputs[3][0])) | (place % labels >= classes)
        for values in outputs[:3]:
            values[0, empty] = 0
        return outputs

    net.defined = found
    net.graph.operators[-1].customOptions = np.frombuffer(bytes(builder.Finish()), np.uint8)


ALL, BYTES, SIGNED = ("int8", "uint8", "int16"), ("int8", "uint8"), ("int8", "int16")
FLOAT, PLAIN = ("float32",), ("int32", "float32")

# Name: element types the reference kernels take, and what builds one case.
OPERATORS = {
    "CONV_2D": (ALL + FLOAT, lambda n: convolution(n, False)),
    "CONV_2D (strides to 6)": (ALL, lambda n: convolution(n, False, 6)),
    "DEPTHWISE_CONV_2D (no bias)": (ALL, lambda n: convolution(n, True, biased=False)),
    "FULLY_CONNECTED (32-bit bias)": (("int16",), lambda n: fully_connected(
        n, bias_code=tfl.TensorType.INT32)),
    "CONV_2D (32-bit bias)": (("int16",), lambda n: convolution(
        n, False, bias_code=tfl.TensorType.INT32)),
    "DEPTHWISE_CONV_2D": (ALL + FLOAT, lambda n: convolution(n, True)),
    "DEPTHWISE_CONV_2D (strides to 6)": (ALL, lambda n: convolution(n, True, 6)),
    "CONV_2D (groups)": (ALL, lambda n: grouped(n, False)),
    "DEPTHWISE_CONV_2D (multiplier)": (ALL, lambda n: grouped(n, True)),
    "TRANSPOSE_CONV": (ALL + FLOAT, transpose_conv),
    "TRANSPOSE_CONV (strides 3, 4)": (ALL, lambda n: transpose_conv(n, (3, 4))),
    "TRANSPOSE_CONV (no bias)": (ALL, lambda n: transpose_conv(n, biased=False)),
    "TRANSPOSE_CONV (one row)": (ALL, lambda n: transpose_conv(n, (1, 2), True)),
    "FULLY_CONNECTED": (ALL + FLOAT, fully_connected),
    "FULLY_CONNECTED (no bias)": (ALL, lambda n: fully_connected(n, biased=False)),
    "FULLY_CONNECTED (scales by channel)": (SIGNED, lambda n: fully_connected(n, True)),
    "AVERAGE_POOL_2D": (ALL + FLOAT, lambda n: pool(n, "AVERAGE_POOL_2D")),
    "MAX_POOL_2D": (ALL + FLOAT, lambda n: pool(n, "MAX_POOL_2D")),
    "AVERAGE_POOL_2D (strides to 6)": (ALL, lambda n: pool(n, "AVERAGE_POOL_2D", True)),
    "MAX_POOL_2D (strides to 6)": (ALL, lambda n: pool(n, "MAX_POOL_2D", True)),
    "MEAN": (ALL, mean),
    "MEAN (with depth)": (ALL + FLOAT, lambda n: mean(n, ((3,), (1, 3), (1, 2, 3)))),
    "MEAN (large windows)": (ALL, lambda n: mean(n, ((1, 2), (1,), (2,), (1, 2, 3)), shape=[
        1, n.pick(60, 150), n.pick(30, 90), n.pick(1, 4)])),
    "MEAN (batches)": (ALL, lambda n: mean(n, ((2,), (3,), (2, 3)), shape=[
        n.pick(2, 4), n.pick(1, 9), n.pick(1, 9), n.pick(1, 20)])),
    "SUM": (ALL + FLOAT, lambda n: mean(n, REDUCTIONS, "SUM")),
    "REDUCE_MAX": (ALL + FLOAT, lambda n: reduce_extreme(n, "REDUCE_MAX")),
    "REDUCE_MIN": (ALL + FLOAT, lambda n: reduce_extreme(n, "REDUCE_MIN")),
    "ADD": (ALL + ("int32", "float32"), lambda n: binary(n, "ADD", "AddOptions")),
    "SUB": (ALL + ("int32", "float32"), lambda n: binary(n, "SUB", "SubOptions")),
    "MUL": (ALL + ("int32", "float32"), lambda n: binary(n, "MUL", "MulOptions")),
    "ADD (both broadcast)": (ALL, lambda n: binary(n, "ADD", "AddOptions", True)),
    "SUB (both broadcast)": (ALL, lambda n: binary(n, "SUB", "SubOptions", True)),
    "MUL (both broadcast)": (ALL, lambda n: binary(n, "MUL", "MulOptions", True)),
    "MINIMUM": (ALL + FLOAT, lambda n: binary(n, "MINIMUM", "MaximumMinimumOptions")),
    "MAXIMUM": (ALL + FLOAT, lambda n: binary(n, "MAXIMUM", "MaximumMinimumOptions")),
    "SQUARED_DIFFERENCE": (("int8",),
                           lambda n: binary(n, "SQUARED_DIFFERENCE", "SquaredDifferenceOptions")),
    "SQUARED_DIFFERENCE (both broadcast)": (
        ("int8",), lambda n: binary(n, "SQUARED_DIFFERENCE", "SquaredDifferenceOptions", True)),
    "PRELU": (BYTES, prelu),
    "RELU": (ALL, lambda n: unary(n, "RELU")),
    "RELU (5 dimensions)": (ALL, relu_of_five),
    "RELU6": (ALL, lambda n: unary(n, "RELU6")),
    "RELU_N1_TO_1": (BYTES, lambda n: unary(n, "RELU_N1_TO_1")),
    "RELU_0_TO_1": (BYTES + FLOAT, lambda n: unary(n, "RELU_0_TO_1")),
    "ELU": (("int8", "float32"), lambda n: unary(n, "ELU", equal=False)),
    "NEG": (("int32", "float32"), lambda n: unary(n, "NEG", "NegOptions")),
    "SQUARE": (FLOAT, lambda n: unary(n, "SQUARE", "SquareOptions")),
    "FLOOR": (FLOAT, lambda n: unary(n, "FLOOR")),
    "CEIL": (FLOAT, lambda n: unary(n, "CEIL")),
    "ROUND": (FLOAT, lambda n: unary(n, "ROUND")),
    "LEAKY_RELU": (ALL, lambda n: unary(n, "LEAKY_RELU", "LeakyReluOptions",
                                        alpha=n.real(0.01, 0.9))),
    "QUANTIZE": (ALL, lambda n: unary(n, "QUANTIZE", "QuantizeOptions", equal=False)),
    "ABS": (SIGNED, lambda n: unary(n, "ABS", "AbsOptions")),
    "LOGISTIC": (ALL, lambda n: unary(n, "LOGISTIC", scale=fixed(n, 256), zero=n.low)),
    "TANH": (ALL, lambda n: unary(n, "TANH", scale=fixed(n, 128),
                                  zero=128 if n.kind == "uint8" else 0)),
    "HARD_SWISH": (BYTES, lambda n: unary(n, "HARD_SWISH", "HardSwishOptions", equal=False)),
    "EXP": (SIGNED, lambda n: unary(n, "EXP", "ExpOptions", equal=False)),
    "LOG": (SIGNED, lambda n: unary(n, "LOG", equal=False)),
    "GELU": (ALL, lambda n: unary(n, "GELU", "GeluOptions", equal=False,
                                    approximate=bool(n.pick(0, 1)))),
    "RSQRT": (SIGNED, lambda n: positive(n, "RSQRT", 1)),
    "SQRT": (SIGNED, lambda n: positive(n, "SQRT")),
    "SOFTMAX": (ALL, softmax),
    "CONCATENATION": (ALL, concatenation),
    "CONCATENATION (other scales)": (("uint8",), concatenation_rescaled),
    "PACK": (ALL, pack),
    "UNPACK": (ALL, unpack),
    "SPLIT": (ALL, lambda n: split(n, False)),
    "SPLIT_V": (ALL, lambda n: split(n, True)),
    "SLICE": (ALL, lambda n: slice_box(n, False)),
    "STRIDED_SLICE": (ALL, lambda n: slice_box(n, True)),
    "RESHAPE": (ALL, lambda n: reshape(n, "RESHAPE", "ReshapeOptions")),
    "SQUEEZE": (BYTES, lambda n: reshape(n, "SQUEEZE", "SqueezeOptions")),
    "EXPAND_DIMS": (ALL, lambda n: reshape(n, "EXPAND_DIMS", "ExpandDimsOptions")),
    "TRANSPOSE": (ALL + ("int32",), transpose),
    "PAD": (ALL, pad),
    "PADV2": (BYTES, lambda n: pad(n, "PADV2", "PadV2Options")),
    "TILE": (ALL, tile),
    "REVERSE_V2": (ALL, reverse),
    "MIRROR_PAD": (BYTES, mirror_pad),
    "SPACE_TO_DEPTH": (BYTES, lambda n: block(n, "SPACE_TO_DEPTH")),
    "DEPTH_TO_SPACE": (BYTES, lambda n: block(n, "DEPTH_TO_SPACE")),
    "STRIDED_SLICE (strides)": (ALL, strided),
    "STRIDED_SLICE (masks)": (ALL, strided_masks),
    "TRANSPOSE (any)": (ALL + ("int32",), transpose_any),
    "BROADCAST_TO": (ALL, broadcast_to),
    "L2_NORMALIZATION": (BYTES + FLOAT, l2_normalization),
    "GATHER": (ALL + FLOAT, gather),
    "CAST": (("int32",), cast),
    "ARG_MIN": (BYTES, lambda n: arg_max(n, 3, name="ARG_MIN")),
    "FULLY_CONNECTED (weights are an input)": (SIGNED[:1], dynamic_weights),
    **{name: (ALL + ("int32", "float32"), lambda n, name=name, options=options: comparison(
        n, name, options)) for name, options in (
            ("EQUAL", "EqualOptions"), ("NOT_EQUAL", "NotEqualOptions"), ("LESS", "LessOptions"),
            ("LESS_EQUAL", "LessEqualOptions"), ("GREATER", "GreaterOptions"),
            ("GREATER_EQUAL", "GreaterEqualOptions"))},
    "SELECT": (("int8", "float32"), lambda n: select(n, "SELECT", "SelectOptions")),
    "SELECT_V2": (("int8", "float32"), lambda n: select(n, "SELECT_V2", "SelectV2Options")),
    "LOGICAL_AND": (("int8",), lambda n: logical(n, "LOGICAL_AND", "LogicalAndOptions")),
    "LOGICAL_OR": (("int8",), lambda n: logical(n, "LOGICAL_OR", "LogicalOrOptions")),
    "LOGICAL_NOT": (("int8",), lambda n: logical(n, "LOGICAL_NOT", "LogicalNotOptions")),
    "SPACE_TO_BATCH_ND": (BYTES, space_to_batch),
    "BATCH_TO_SPACE_ND": (BYTES, batch_to_space),
    "BATCH_MATMUL": (SIGNED + FLOAT, batch_matmul),
    "BATCH_MATMUL (broadcast)": (SIGNED + FLOAT, batch_matmul_broadcast),
    "LOCAL_RESPONSE_NORMALIZATION": (FLOAT, local_response),
    "REVERSE_SEQUENCE": (("uint8", "int16") + PLAIN, reverse_sequence),
    "WHERE": (("int8", "uint8") + PLAIN, where),
    "NON_MAX_SUPPRESSION_V4": (FLOAT, lambda n: non_max_suppression(n, 4)),
    "NON_MAX_SUPPRESSION_V5": (FLOAT, lambda n: non_max_suppression(n, 5)),
    "REDUCE_PROD (quantised)": (SIGNED, quantised_product),
    "RESIZE_NEAREST_NEIGHBOR": (ALL, lambda n: resize(n, "RESIZE_NEAREST_NEIGHBOR",
                                                      "ResizeNearestNeighborOptions")),
    "RESIZE_BILINEAR": (ALL, lambda n: resize(n, "RESIZE_BILINEAR", "ResizeBilinearOptions")),
    "RESIZE_NEAREST_NEIGHBOR (any size)": (ALL, lambda n: resize_any(
        n, "RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions")),
    "RESIZE_BILINEAR (any size)": (ALL, lambda n: resize_any(n, "RESIZE_BILINEAR",
                                                             "ResizeBilinearOptions")),
    "RESIZE_NEAREST_NEIGHBOR (one element)": (ALL, lambda n: resize_any(
        n, "RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions", [1, 1, 1, n.pick(1, 40)])),
    "RESIZE_BILINEAR (one element)": (ALL, lambda n: resize_any(
        n, "RESIZE_BILINEAR", "ResizeBilinearOptions", [1, 1, 1, n.pick(1, 40)])),
    "ARG_MAX": (BYTES, arg_max),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (("int8",), lstm),
    "ARG_MAX (int64)": (BYTES, lambda n: arg_max(n, 3, tfl.TensorType.INT64)),
    "ARG_MAX (rows)": (BYTES, lambda n: arg_max(n, 1, tfl.TensorType.INT64)),
    "SVDF": (("int8", "float32"), svdf),
    "LOG_SOFTMAX": (BYTES + FLOAT, log_softmax),
    "CUMSUM": (PLAIN, cumsum),
    "FLOOR_DIV": (PLAIN, lambda n: number_pair(n, "FLOOR_DIV", "FloorDivOptions")),
    "FLOOR_MOD": (PLAIN, lambda n: number_pair(n, "FLOOR_MOD", "FloorModOptions")),
    "POW": (PLAIN, lambda n: number_pair(n, "POW", "PowOptions")),
    "BITWISE_XOR": (ALL + ("int32",), lambda n: number_pair(n, "BITWISE_XOR", "BitwiseXorOptions")),
    "ADD_N": (PLAIN, add_n),
    "GATHER_ND": (ALL + PLAIN, gather_nd),
    "SCATTER_ND": (BYTES + PLAIN, scatter_nd),
    "EMBEDDING_LOOKUP": (("int8", "float32"), embedding_lookup),
    "DYNAMIC_UPDATE_SLICE": (("int8",) + PLAIN, dynamic_update_slice),
    "TOPK_V2": (ALL + PLAIN, topk),
    "ONE_HOT": (BYTES + PLAIN, one_hot),
    "FILL": (SIGNED + PLAIN, fill),
    "RANK": (("int8",), rank),
    "ZEROS_LIKE": (PLAIN, lambda n: plain_unary(n, "ZEROS_LIKE", "ZerosLikeOptions")),
    "BROADCAST_ARGS": (("int32",), broadcast_args),
    "SIN": (FLOAT, lambda n: plain_unary(n, "SIN")),
    "COS": (FLOAT, lambda n: plain_unary(n, "COS", "CosOptions")),
    "SIGN": (PLAIN, lambda n: plain_unary(n, "SIGN", "SignOptions")),
    "REDUCE_PROD": (PLAIN, lambda n: reduce_plain(n, "REDUCE_PROD")),
    "REDUCE_ANY": (("int32",), lambda n: reduce_plain(n, "REDUCE_ANY")),
    "REDUCE_ALL": (("int32",), lambda n: reduce_plain(n, "REDUCE_ALL")),
    "L2_POOL_2D": (FLOAT, lambda n: pool(n, "L2_POOL_2D")),
    "TFLite_Detection_PostProcess": (("uint8", "float32"), detection),
    "DIV": (("uint8",) + PLAIN, division),
    **{f"{name} (fused activation)": (("int32",), lambda n, name=name, options=options:
                                      clamped_integers(n, name, options))
       for name, options in (("ADD", "AddOptions"), ("SUB", "SubOptions"), ("MUL", "MulOptions"))},
    "DEQUANTIZE": (ALL, dequantize),
    "SHAPE": (("int8", "float32"), shape_of),
}

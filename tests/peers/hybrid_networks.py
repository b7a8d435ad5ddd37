"""Random networks of a single dynamic-range operator: float32 maps, weights of 8 or 4 bits."""
import numpy as np
from ai_edge_litert import schema_py_generated as tfl

from operator_networks import Network, SAME, VALID, extent

INT8, UINT8, INT4 = tfl.TensorType.INT8, tfl.TensorType.UINT8, tfl.TensorType.INT4


def drawn(net, shape):
    """Rows of all kinds: around zero or beside it, on halves of their quantised steps, zero."""
    rows = net.random.normal(0, 2, shape).astype(np.float32)
    form = net.pick(0, 5)
    if form == 1:
        rows += np.float32(net.random.normal(0, 3))
    if form == 2:  # ranges of 127.5 and 63.5: steps of a half, for both ways to quantise
        least = net.pick(-127, 0)
        rows = (net.random.integers(4 * least, 4 * (least + 127) + 1, shape) / 4).astype(np.float32)
        rows.reshape(-1)[:2] = np.float32([least, least + 127.5])[:rows.size]
    if form == 3:
        rows = (net.random.integers(-254, 255, shape) / 4).astype(np.float32)
        rows.reshape(-1)[0] = 63.5
    if form == 4 and rows.ndim > 1:
        rows.reshape(rows.shape[0], -1)[net.pick(0, rows.shape[0] - 1)] = 0
    if form == 5 and net.pick(0, 3) == 0:
        rows[:] = 0
    return rows


def hybrid(net):
    net.draw = lambda shape: drawn(net, shape)
    return net


def weights(net, shape, axis=0, channels=1, code=INT8):
    scales = [net.real(0.001, 0.02) for _ in range(channels)]
    reach = 7 if code == INT4 else 127
    data = net.random.integers(-reach, reach + 1, shape).astype(np.int8)
    if code == INT4:
        nibbles = np.append(data.reshape(-1), [0] * (data.size % 2)).astype(np.int8) & 15
        data = (nibbles[0::2] | nibbles[1::2] << 4).astype(np.uint8)
    return net.tensor(shape, (scales, [0] * channels), code, data, axis)


def bias(net, channels, always=False):
    """-1 or a tensor; LiteRT's dynamic-range CONV_2D wants one."""
    if not always and net.pick(0, 3) == 0:
        return -1
    return net.tensor([channels], None, None, net.random.normal(0, 1, [channels]).astype(np.float32))


def fully_connected(net, code=INT8):
    rows, depth, units = net.pick(1, 6), net.pick(1, 120), net.pick(1, 40)
    x = hybrid(net).input([rows, depth])
    net.output([rows, units])
    net.operator("FULLY_CONNECTED", [x, weights(net, [units, depth], 0, net.choose([1, units]), code),
                                     bias(net, units)],
                 "FullyConnectedOptions", fusedActivationFunction=net.activation(),
                 asymmetricQuantizeInputs=code != INT4 and bool(net.pick(0, 1)))


def convolution(net, depthwise, code=INT8):
    batch, h, w, c = net.pick(1, 3), net.pick(3, 10), net.pick(3, 10), net.pick(1, 12)
    x = hybrid(net).input([batch, h, w, c])
    padding = net.choose([SAME, VALID])
    kh, kw, sh, sw = net.pick(1, 3), net.pick(1, 3), net.pick(1, 2), net.pick(1, 2)
    dh, dw = (net.pick(1, 2), net.pick(1, 2)) if padding == SAME and sh == sw == 1 else (1, 1)
    multiplier = net.pick(1, 3) if depthwise else 1
    oc = c * multiplier if depthwise else net.pick(1, 20)
    sw = sh = max(sh, sw) if depthwise else sh
    shape = [1, kh, kw, oc] if depthwise else [oc, kh, kw, c]
    # Converters scale each filter of a depthwise layer alone.
    scales = oc if depthwise else net.choose([1, oc])
    operands = [x, weights(net, shape, 3 if depthwise else 0, scales, code), bias(net, oc, True)]
    net.output([batch, extent(padding, h, kh, sh, dh), extent(padding, w, kw, sw, dw), oc])
    common = dict(padding=padding, strideH=sh, strideW=sw, dilationHFactor=dh, dilationWFactor=dw,
                  fusedActivationFunction=net.activation())
    if depthwise:
        net.operator("DEPTHWISE_CONV_2D", operands, "DepthwiseConv2DOptions",
                     depthMultiplier=multiplier, **common)
    else:
        net.operator("CONV_2D", operands, "Conv2DOptions", **common)


def batch_matmul(net):
    n, rows, depth, columns = net.pick(1, 4), net.pick(1, 12), net.pick(1, 60), net.pick(1, 12)
    turned = bool(net.pick(0, 1))
    x = hybrid(net).input([n, rows, depth])
    net.output([n, rows, columns])
    right = weights(net, [n, columns, depth] if turned else [n, depth, columns])
    net.operator("BATCH_MATMUL", [x, right], "BatchMatMulOptions", adjX=False, adjY=turned,
                 asymmetricQuantizeInputs=bool(net.pick(0, 1)))


def svdf(net):
    batches, inputs, units, rank, steps = (net.pick(1, 3), net.pick(1, 20), net.pick(1, 8),
                                           net.pick(1, 3), net.pick(2, 10))
    x = hybrid(net).input([batches, inputs])
    features, time = weights(net, [units * rank, inputs]), weights(net, [units * rank, steps])
    state = net.tensor([batches, units * rank * steps])
    net.graph.tensors[state].isVariable = True
    net.output([batches, units])
    net.operator("SVDF", [x, features, time, bias(net, units), state], "SVDFOptions", rank=rank,
                 fusedActivationFunction=net.activation(),
                 asymmetricQuantizeInputs=bool(net.pick(0, 1)))


def embedding_lookup(net):
    rows, length = net.pick(1, 20), net.pick(1, 20)
    table = weights(net, [rows, length], 0, net.choose([1, rows]))
    which = net.tensor([net.pick(1, 9)], None, tfl.TensorType.INT32)
    net.graph.inputs.append(which)
    count = net.shape(which)[0]
    net.output([count, length])
    net.draw = lambda shape: net.random.integers(0, rows, shape).astype(np.int32)
    net.operator("EMBEDDING_LOOKUP", [which, table])


FLOAT = ("float32",)
HYBRIDS = {
    "CONV_2D (dynamic range)": (FLOAT, lambda n: convolution(n, False)),
    "CONV_2D (dynamic range, int4)": (FLOAT, lambda n: convolution(n, False, INT4)),
    "DEPTHWISE_CONV_2D (dynamic range)": (FLOAT, lambda n: convolution(n, True)),
    "FULLY_CONNECTED (dynamic range)": (FLOAT, fully_connected),
    "FULLY_CONNECTED (dynamic range, uint8)": (FLOAT, lambda n: fully_connected(n, UINT8)),
    "FULLY_CONNECTED (dynamic range, int4)": (FLOAT, lambda n: fully_connected(n, INT4)),
    "BATCH_MATMUL (dynamic range)": (FLOAT, batch_matmul),
    "SVDF (dynamic range)": (FLOAT, svdf),
    "EMBEDDING_LOOKUP (dynamic range)": (FLOAT, embedding_lookup),
}

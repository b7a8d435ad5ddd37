"""Random networks as YAML graphs: operators, shapes and branches drawn from a seed."""
import math
import random

ACTIVATIONS = ["none", "relu", "relu6", "relu", "relu6", "none"]


class Network:
    """A network under construction: its layers as text, and the shape of the last one."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.layers = []
        self.count = 0
        self.macs = 0
        side = self.random.choice([32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224])
        width = side if self.random.random() < 0.8 else max(16, side // 2)
        self.shape = (side, width, self.random.choice([1, 3, 3, 3, 8]))
        self.last = "image"
        self.name = f"random_{seed}"
        self.head = [
            f"name: {self.name}",
            "weights: {seed: %d, sparsity: %.1f, clusters: %d}"
            % (seed, self.random.choice([0, 0, 0.3, 0.6]), self.random.choice([0, 0, 32])),
            "inputs:",
            f"  - {{name: image, shape: [1, {side}, {width}, {self.shape[2]}]}}",
            "layers:",
        ]

    def add(self, op, shape, source=None, macs=0, **keys):
        name = f"l{self.count}_{op}"
        self.count += 1
        parts = [f"op: {op}", f"name: {name}"]
        source = self.last if source is None else source
        parts.append("from: " + (source if isinstance(source, str) else f"[{', '.join(source)}]"))
        parts += [f"{key}: {value}" for key, value in keys.items()]
        self.layers.append("  - {%s}" % ", ".join(parts))
        self.last, self.shape = name, shape
        self.macs += macs
        return name

    def conv(self, filters, kernel=1, stride=1, dilation=1, activation=None):
        h, w, c = self.shape
        h, w = math.ceil(h / stride), math.ceil(w / stride)
        keys = {"filters": filters, "kernel": kernel, "stride": stride}
        if dilation > 1:
            keys["dilation"] = dilation
        area = kernel * kernel if isinstance(kernel, int) else kernel[0] * kernel[1]
        return self.add(
            "conv2d",
            (h, w, filters),
            macs=h * w * c * filters * area,
            activation=activation or self.random.choice(ACTIVATIONS),
            **keys,
        )

    def depthwise(self, kernel=3, stride=1):
        h, w, c = self.shape
        h, w = math.ceil(h / stride), math.ceil(w / stride)
        return self.add(
            "depthwise_conv2d",
            (h, w, c),
            macs=h * w * c * kernel * kernel,
            kernel=kernel,
            stride=stride,
            activation=self.random.choice(ACTIVATIONS),
        )

    def stride(self):
        return 2 if min(self.shape[:2]) >= 8 and self.random.random() < 0.35 else 1

    def widths(self, stride):
        c = self.shape[2]
        grown = c * self.random.choice([1, 1.5, 2]) if stride == 2 else c
        return max(8, min(512, int(math.ceil(max(grown, 8) / 8) * 8)))


def plain(net):
    stride = net.stride()
    kernel = net.random.choice([1, 3, 3, 5, [1, 5], [5, 1]])
    dilation = 2 if stride == 1 and kernel == 3 and net.random.random() < 0.2 else 1
    net.conv(net.widths(stride), kernel, stride, dilation)


def separable(net):
    stride = net.stride()
    net.depthwise(net.random.choice([3, 3, 5]), stride)
    net.conv(net.widths(stride), 1)


def inverted(net):
    stride = net.stride()
    source, (h, w, c) = net.last, net.shape
    net.conv(min(960, c * net.random.choice([3, 4, 6])), 1, activation="relu6")
    net.depthwise(net.random.choice([3, 3, 5]), stride)
    width = c if stride == 1 and net.random.random() < 0.8 else net.widths(stride)
    net.conv(width, 1, activation="none")
    if stride == 1 and width == c:
        net.add("add", net.shape, [source, net.last])


def residual(net):
    stride = net.stride()
    source, shape = net.last, net.shape
    width = net.widths(stride)
    net.conv(width, 3, stride, activation="relu")
    net.conv(width, 3, activation="none")
    inner, out = net.last, net.shape
    if (shape[0], shape[1], shape[2]) != out:
        net.last, net.shape = source, shape
        net.conv(width, 1, stride, activation="none")
        source = net.last
    net.add("add", out, [source, inner], activation="relu")


def inception(net):
    source, shape = net.last, net.shape
    ends, depth = [], 0
    for _ in range(net.random.choice([2, 3, 4])):
        net.last, net.shape = source, shape
        width = net.random.choice([8, 16, 24, 32, 48])
        for _ in range(net.random.choice([1, 2])):
            net.conv(width, net.random.choice([1, 3, 3, [1, 3], [3, 1]]))
        ends.append(net.last)
        depth += width
    net.add("concat", (shape[0], shape[1], depth), ends)


def dense(net):
    source, shape = net.last, net.shape
    growth = net.random.choice([8, 16, 32])
    net.conv(growth, 3)
    net.add("concat", (shape[0], shape[1], shape[2] + growth), [source, net.last])


def squeeze(net):
    source, (h, w, c) = net.last, net.shape
    net.add("mean", (1, 1, c), axes="[1, 2]", keep_dims="true")
    net.conv(max(8, c // 4), 1, activation="relu")
    net.conv(c, 1, activation="none")
    net.add("logistic", net.shape)
    net.add("mul", (h, w, c), [source, net.last])


def pool(net):
    h, w, c = net.shape
    if min(h, w) < 8:
        return plain(net)
    op = net.random.choice(["max_pool", "average_pool"])
    net.add(op, (h // 2, w // 2, c), kernel=2)


def activation(net):
    op = net.random.choice(["hard_swish", "leaky_relu", "tanh", "logistic"])
    net.add(op, net.shape, **({"alpha": 0.1} if op == "leaky_relu" else {}))


def enlarge(net):
    h, w, c = net.shape
    if max(h, w) > 64:
        return separable(net)
    if net.random.random() < 0.5:
        net.add("resize_nearest", (2 * h, 2 * w, c), size=f"[{2 * h}, {2 * w}]")
    else:
        width = net.widths(1)
        net.add("transpose_conv", (2 * h, 2 * w, width), macs=4 * h * w * c * width * 9,
                filters=width, kernel=3, stride=2, padding="same")


def u_shape(net):
    """Down, up again, and the two joined: a map that lives long."""
    h, w, c = net.shape
    if h % 2 or w % 2 or min(h, w) < 8:
        return residual(net)
    source = net.last
    net.conv(net.widths(2), 3, 2)
    net.conv(net.shape[2], 3)
    net.add("resize_nearest", (h, w, net.shape[2]), size=f"[{h}, {w}]")
    net.add("concat", (h, w, c + net.shape[2]), [source, net.last])
    net.conv(max(8, c // 8 * 8), 3)


BLOCKS = [plain] * 4 + [separable] * 3 + [inverted] * 4 + [residual] * 3 + [
    inception, inception, dense, squeeze, squeeze, pool, pool, activation, enlarge, u_shape]


def make(seed):
    """(name, YAML text) of network number `seed`."""
    net = Network(seed)
    net.conv(net.random.choice([8, 16, 24, 32]), net.random.choice([3, 3, 5, 7]),
             net.random.choice([1, 2, 2]))
    blocks = net.random.randint(3, 14)
    for _ in range(blocks):
        if net.macs > 200e6:
            break
        net.random.choice(BLOCKS)(net)
        while net.shape[0] * net.shape[1] * net.shape[2] > 0.8e6:
            pool(net)
    if net.random.random() < 0.7:
        net.add("global_average_pool", (1, 1, net.shape[2]))
        net.add("flatten", (1, 1, net.shape[2]))
        net.add("fully_connected", (1, 1, 0), units=net.random.choice([2, 10, 100, 1000]))
        if net.random.random() < 0.5:
            net.add("softmax", net.shape)
    return net.name, "\n".join(net.head + net.layers) + "\n"

"""Networks of forms that exporters write: channels first, slices, transposed windows, odd means and products."""
import tensorflow as tf
from keras import Input, Model, layers as kl, ops

from keras_layers import convolution


def lowered(function, shape):
    """TensorFlow's own operators, where Keras' are written in many."""
    return kl.Lambda(function, shape)


def torch_mobile():
    """Images as PyTorch's exporters write them: channels first outside, ZeroPadding and VALID, hard functions in parts."""
    def hard_sigmoid(x):
        return ops.clip(x + 3.0, 0.0, 6.0) * (1.0 / 6.0)

    def block(x, channels, stride, excite):
        y = kl.Conv2D(x.shape[-1] * 4, 1)(x)
        y = y * hard_sigmoid(y)
        y = kl.DepthwiseConv2D(5, stride)(kl.ZeroPadding2D(2)(y))
        if excite:
            w = kl.Conv2D(y.shape[-1] // 4, 1, activation="relu")(ops.mean(y, (1, 2), keepdims=True))
            y = y * hard_sigmoid(kl.Conv2D(y.shape[-1], 1)(w))
        y = kl.Conv2D(channels, 1)(y)
        return x + y if x.shape == y.shape else y

    image = Input((3, 96, 96), 1)
    x = ops.transpose(image, (0, 2, 3, 1))
    x = kl.Conv2D(16, 3, 2)(kl.ZeroPadding2D(1)(x))
    for channels, stride, excite in ((16, 1, False), (24, 2, True), (24, 1, True), (40, 2, False), (40, 1, True)):
        x = block(x, channels, stride, excite)
    pooled = ops.reshape(ops.mean(ops.transpose(x, (0, 3, 1, 2)), (2, 3)), (1, 40))
    return Model(image, [kl.Dense(50)(pooled), ops.transpose(x, (0, 3, 1, 2))])


def decoder_strides():
    """Images out of a vector: transposed convolutions of several strides, filters and paddings."""
    code = Input((64,), 1)
    x = kl.Reshape((4, 4, 32))(kl.Dense(512, activation="relu")(code))
    for channels, size, stride, padding in ((32, 3, 2, "same"), (24, 4, 2, "same"), (24, 2, 2, "valid"), (16, 5, 3, "same"),
                                            (16, (1, 4), (1, 2), "same"), (8, (3, 2), (2, 1), "valid"), (8, 3, 1, "valid")):
        x = kl.Conv2DTranspose(channels, size, stride, padding, activation="relu")(x)
    return Model(code, kl.Conv2D(3, 3, padding="same", activation="sigmoid")(x))


def adjoint_products():
    """Matrices: products with either operand turned, several heads, weights of attention kept."""
    rows = Input((48, 64), 1)
    q, k, v = (ops.transpose(ops.reshape(kl.Dense(64)(rows), (1, 48, 4, 16)), (0, 2, 1, 3)) for _ in range(3))
    scores = lowered(lambda t: tf.matmul(t[0], t[1], transpose_b=True), (4, 48, 48))([q, k]) * 0.25
    weights = ops.softmax(scores, axis=-1)
    seen = lowered(lambda t: tf.matmul(t[0], t[1]), (4, 48, 16))([weights, v])
    gram = lowered(lambda t: tf.matmul(t[0], t[1], transpose_a=True), (4, 16, 16))([seen, v])
    x = ops.reshape(ops.transpose(seen, (0, 2, 1, 3)), (1, 48, 64))
    return Model(rows, [kl.Dense(32)(x), ops.reshape(gram, (1, 4, 256)), ops.mean(weights, 1)])


def masks_and_slices():
    """Images cut: strides, ends from behind, new axes, dropped ones, parts of several sizes, rows by number."""
    image = Input((48, 48, 12), 1)
    x = convolution(image, 32)
    patches = kl.Concatenate()([x[:, ::2, ::2], x[:, 1::2, ::2], x[:, ::2, 1::2], x[:, 1::2, 1::2]])
    a, b, c = ops.split(patches, [16, 64], -1)
    y = convolution(a[:, 2:-2, 1:-3], 24) + convolution(b, 24)[:, 4:, 4:]
    edges = ops.concatenate([c[:, :1], c[:, -1:]], 1)
    z = lowered(lambda t: tf.reverse(t, [2]), (20, 20, 24))(y)
    rows = ops.take(z, (0, 5, 5, 19, 2), axis=1)
    last = ops.expand_dims(rows[:, -1, :, 3], -1)
    stacked = ops.stack([rows[:, 0], rows[:, 1]], 1)
    parts = lowered(lambda t: tf.unstack(t, axis=1)[1], (20, 24))(stacked)
    return Model(image, [kl.Dense(8)(ops.mean(parts, 1)), last, convolution(edges, 16, 1), rows[:, 1:4, ::3]])


def odd_means():
    """Maps: means, sums and maxima over axes of every kind, normalisations of groups and rows."""
    image = Input((32, 40, 24), 1)
    x = convolution(image, 32)
    x = kl.GroupNormalization(4)(x)
    y = x / (ops.sqrt(ops.mean(x * x, -1, keepdims=True)) + 0.01)
    rows = ops.mean(y, (1, 3))
    columns = ops.sum(y, 2)
    depth = ops.max(ops.mean(y, 3, keepdims=True), 1)
    all_of_them = ops.mean(y, (1, 2, 3), keepdims=True)
    z = kl.UnitNormalization()(kl.Dense(32)(columns))
    return Model(image, [kl.Dense(10)(rows), z, depth, ops.sum(x - all_of_them, (1, 2)), ops.min(y, (1, 2))])


def swin():
    """Images: attention within windows, which every second block shifts around the edges."""
    def windows(x, size):
        n = x.shape[1] // size
        x = ops.reshape(x, (1, n, size, n, size, x.shape[-1]))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (n * n, size * size, x.shape[-1]))

    def back(x, size, width):
        n = width // size
        x = ops.reshape(x, (1, n, n, size, size, x.shape[-1]))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (1, width, width, x.shape[-1]))

    image = Input((64, 64, 3), 1)
    x = kl.LayerNormalization()(kl.Conv2D(32, 4, 4)(image))
    for shift in (0, 2):
        y = kl.LayerNormalization()(x)
        y = ops.roll(y, (-shift, -shift), (1, 2)) if shift else y
        w = windows(y, 4)
        q, k, v = (kl.Dense(32)(w) for _ in range(3))
        scores = lowered(lambda t: tf.matmul(t[0], t[1], transpose_b=True), (16, 16))([q, k]) * 0.18
        w = lowered(lambda t: tf.matmul(t[0], t[1]), (16, 32))([ops.softmax(scores), v])
        y = back(kl.Dense(32)(w), 4, 16)
        x = x + (ops.roll(y, (shift, shift), (1, 2)) if shift else y)
        x = x + kl.Dense(32)(kl.Dense(64, activation="gelu")(kl.LayerNormalization()(x)))
    merged = kl.Concatenate()([x[:, i::2, j::2] for j in (0, 1) for i in (0, 1)])
    return Model(image, kl.Dense(64)(merged))


def wave_net():
    """Sound: gates of two causal convolutions, skips summed up."""
    sound = Input((512, 8), 1)
    x, skips = kl.Conv1D(24, 2, padding="causal")(sound), []
    for dilation in (1, 2, 4, 8, 16):
        gate = kl.Conv1D(24, 2, padding="causal", dilation_rate=dilation, activation="tanh")(x)
        gate = gate * kl.Conv1D(24, 2, padding="causal", dilation_rate=dilation, activation="sigmoid")(x)
        skips.append(kl.Conv1D(32, 1)(gate))
        x = x + kl.Conv1D(24, 1)(gate)
    y = kl.Conv1D(32, 1, activation="relu")(kl.ReLU()(kl.Add()(skips)))
    return Model(sound, kl.Conv1D(64, 1, activation="softmax")(y))


def point_net():
    """Points: the same layers for each, a learned turn, and the largest of all points."""
    points = Input((256, 3), 1)
    x = kl.Conv1D(64, 1, activation="relu")(points)
    turn = kl.Dense(9)(kl.Dense(64, activation="relu")(ops.max(kl.Conv1D(128, 1, activation="relu")(x), 1)))
    turned = lowered(lambda t: tf.matmul(t[0], t[1]), (256, 3))([points, ops.reshape(turn, (1, 3, 3))])
    x = kl.Conv1D(64, 1, activation="relu")(turned)
    whole = ops.max(kl.Conv1D(256, 1, activation="relu")(x), 1, keepdims=True)
    x = kl.Concatenate()([x, ops.tile(whole, (1, 256, 1))])
    return Model(points, kl.Conv1D(13, 1)(kl.Conv1D(64, 1, activation="relu")(x)))


def twins():
    """Two images compared: shared layers, distances, and products of all pairs of their places."""
    def layers():
        image = Input((64, 64, 1), 1)
        x = kl.MaxPooling2D(2)(convolution(image, 16, 5))
        x = kl.MaxPooling2D(3, 2, "same")(convolution(x, 32, 3))
        return Model(image, kl.AveragePooling2D(3, 1, "same")(convolution(x, 32, 3, 2)))

    shared = layers()
    left, right = Input((64, 64, 1), 1), Input((64, 64, 1), 1)
    a, b = shared(left), shared(right)
    far = ops.abs(a - b)
    pairs = lowered(lambda t: tf.matmul(t[0], t[1], transpose_b=True), (64, 64))(
        [ops.reshape(a, (1, 64, 32)), ops.reshape(b, (1, 64, 32))])
    distance = ops.sqrt(ops.mean(ops.square(a - b), (1, 2, 3)) + 0.01)
    return Model([left, right], [kl.Dense(1, activation="sigmoid")(kl.Flatten()(far)), distance, ops.softmax(pairs)])


def sizes():
    """Images made larger and smaller by odd factors, edges mirrored and cut."""
    image = Input((40, 56, 3), 1)
    x = lowered(lambda t: tf.pad(t, [[0, 0], [3, 3], [2, 2], [0, 0]], "REFLECT"), (46, 60, 3))(image)
    x = convolution(x, 16, 3, 2)
    y = lowered(lambda t: tf.image.resize(t, (35, 45)), (35, 45, 16))(x)
    z = lowered(lambda t: tf.image.resize(t, (46, 60), "nearest"), (46, 60, 16))(x)
    z = lowered(lambda t: tf.nn.space_to_depth(t, 2), (23, 30, 64))(z)
    w = lowered(lambda t: tf.compat.v1.image.resize_bilinear(t, (45, 59), align_corners=True), (45, 59, 16))(x)
    return Model(image, [kl.Conv2D(4, 1)(y), convolution(z, 8, 1), kl.Cropping2D(((1, 2), (3, 4)))(w)])


def patch_mixer():
    """Images: ConvMixer's wide depthwise layers behind patches, with GELUs and BatchNormalization."""
    image = Input((56, 56, 3), 1)
    x = kl.BatchNormalization()(kl.Conv2D(64, 7, 7, activation="gelu")(image))
    for _ in range(3):
        y = kl.BatchNormalization()(kl.DepthwiseConv2D(9, padding="same", activation="gelu")(x))
        x = kl.BatchNormalization()(kl.Conv2D(64, 1, activation="gelu")(x + y))
    return Model(image, kl.Dense(100)(kl.GlobalMaxPooling2D()(x)))


def regular():
    """Images: RegNet's groups of eight channels, SE, and a separable layer of depth multiplier four in front."""
    image = Input((96, 96, 3), 1)
    x = kl.SeparableConv2D(24, 3, 2, "same", depth_multiplier=4, activation="relu")(image)
    for channels, stride in ((32, 2), (32, 1), (64, 2), (64, 1)):
        y = convolution(x, channels, 1)
        y = kl.ReLU()(kl.Conv2D(channels, 3, stride, "same", groups=channels // 8)(y))
        w = kl.Conv2D(channels // 4, 1, activation="relu")(ops.mean(y, (1, 2), keepdims=True))
        y = convolution(y * kl.Conv2D(channels, 1, activation="sigmoid")(w), channels, 1, 1, None)
        x = kl.ReLU()(y + (x if x.shape == y.shape else kl.Conv2D(channels, 1, stride)(x)))
    return Model(image, kl.Dense(50)(kl.GlobalAveragePooling2D()(x)))

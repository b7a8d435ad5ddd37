"""Further networks of Keras layers, after published ones for images; keras_networks.py writes them."""
import tensorflow as tf
from keras import Input, Model, layers as kl, ops

from keras_layers import attention, classes, convolution, depthwise, inverted, separable


def padded(x, channels, size=3, stride=1, activation="silu"):
    """A convolution as PyTorch's exports write it: ZeroPadding2D, then VALID."""
    if size > 1:
        x = kl.ZeroPadding2D(size // 2)(x)
    x = kl.BatchNormalization()(kl.Conv2D(channels, size, stride, use_bias=False)(x))
    return kl.Activation(activation)(x) if activation else x


def best_class(x):
    """ARGMAX alone: Keras' own writes a dozen operators around it."""
    return kl.Lambda(lambda t: tf.argmax(t, -1, output_type=tf.int32), x.shape[1:-1])(x)


def yolo_v8():
    """Detection: YOLOv8's stages, and boxes decoded from distributions over distances."""
    def split_block(x, channels, count=1):
        parts = ops.split(padded(x, channels, 1), 2, axis=-1)
        for _ in range(count):
            inner = padded(padded(parts[-1], channels // 2), channels // 2)
            parts.append(kl.Add()([parts[-1], inner]))
        return padded(kl.Concatenate()(parts), channels, 1)

    image = Input((160, 160, 3), 1)
    x = split_block(padded(padded(image, 16, 3, 2), 32, 3, 2), 32)
    small = split_block(padded(x, 64, 3, 2), 64)
    x = middle = split_block(padded(small, 128, 3, 2), 128)
    joined = kl.Concatenate()([kl.UpSampling2D(2)(x), small])
    small = split_block(joined, 64)
    middle = split_block(kl.Concatenate()([padded(small, 64, 3, 2), middle]), 128)
    rows, anchors, strides = [], [], []
    for level, stride in ((small, 8), (middle, 16)):
        boxes = kl.Conv2D(64, 1)(padded(padded(level, 64), 64))
        scores = kl.Conv2D(20, 1)(padded(padded(level, 64), 64))
        cells = level.shape[1] * level.shape[2]
        rows.append(kl.Reshape((cells, 84))(kl.Concatenate()([boxes, scores])))
        y, x = tf.meshgrid(tf.range(level.shape[1]), tf.range(level.shape[2]), indexing="ij")
        anchors.append(tf.reshape(tf.cast(tf.stack([x, y], -1), tf.float32) + 0.5, (1, cells, 2)))
        strides.append(tf.fill((1, cells, 1), float(stride)))
    boxes, scores = ops.split(kl.Concatenate(1)(rows), [64], axis=-1)
    bins = ops.softmax(ops.reshape(boxes, (1, boxes.shape[1], 4, 16)), axis=-1)
    weights = tf.range(16, dtype=tf.float32)
    distances = ops.sum(bins * weights, axis=-1)
    near, far = ops.split(distances, 2, axis=-1)
    centres, steps = tf.concat(anchors, 1).numpy(), tf.concat(strides, 1).numpy()
    first, last = ops.subtract(centres, near), far + centres
    boxes = kl.Concatenate()([(first + last) * 0.5, last - first]) * steps
    return Model(image, kl.Concatenate()([boxes, ops.sigmoid(scores)]))


def ghost_net():
    """Images: half of the channels made by cheap depthwise layers, SE among them."""
    def ghost(x, channels, activation="relu"):
        y = convolution(x, channels // 2, 1, 1, activation)
        return kl.Concatenate()([y, depthwise(y, 3, 1, activation)])

    image = x = Input((96, 96, 3), 1)
    x = convolution(x, 16, 3, 2)
    for channels, expand, stride, excites in ((16, 16, 1, 0), (24, 48, 2, 0), (24, 72, 1, 0),
                                              (40, 72, 2, 1), (40, 120, 1, 1), (80, 240, 2, 0),
                                              (80, 200, 1, 0), (112, 480, 1, 1)):
        y = ghost(x, expand)
        y = depthwise(y, 3, stride, None) if stride > 1 else y
        if excites:
            w = kl.Conv2D(expand // 4, 1, activation="relu")(ops.mean(y, (1, 2), keepdims=True))
            y = y * kl.Activation("hard_sigmoid")(kl.Conv2D(expand, 1)(w))
        y = ghost(y, channels, None)
        if stride > 1 or x.shape[-1] != channels:
            x = convolution(depthwise(x, 3, stride, None), channels, 1, 1, None)
        x = kl.Add()([x, y])
    return Model(image, classes(convolution(x, 320, 1), 100))


def hr_net():
    """Poses: branches of three resolutions that exchange their maps, heat maps of 17 joints."""
    def basic(x):
        y = convolution(convolution(x, x.shape[-1]), x.shape[-1], activation=None)
        return kl.ReLU()(kl.Add()([x, y]))

    def exchanged(branches):
        results = []
        for n, target in enumerate(branches):
            parts = []
            for m, x in enumerate(branches):
                if m > n:
                    x = convolution(x, target.shape[-1], 1, 1, None)
                    x = kl.UpSampling2D(2 ** (m - n), interpolation="nearest")(x)
                for _ in range(n - m):
                    x = convolution(x, target.shape[-1], 3, 2, None)
                parts.append(x)
            results.append(kl.ReLU()(kl.Add()(parts)))
        return results

    image = Input((128, 96, 3), 1)
    x = convolution(convolution(image, 32, 3, 2), 32, 3, 2)
    branches = [convolution(x, 16)]
    for channels in (32, 64):
        branches = [*branches, convolution(branches[-1], channels, 3, 2)]
        branches = exchanged([basic(basic(x)) for x in branches])
    return Model(image, kl.Conv2D(17, 1)(branches[0]))


def centre_net():
    """Detection: heat maps whose peaks a MAX_POOL keeps, and the best class of each cell."""
    image = x = Input((128, 128, 3), 1)
    x = convolution(x, 16, 3, 2)
    for channels, stride in ((24, 2), (32, 2), (64, 2)):
        x = inverted(x, channels, 4, stride)
    for channels in (64, 32):
        x = kl.ReLU()(kl.BatchNormalization()(kl.Conv2DTranspose(channels, 4, 2, "same")(x)))
    heat = kl.Conv2D(8, 1, activation="sigmoid")(convolution(x, 32))
    peaks = kl.MaxPooling2D(3, 1, "same")(heat)
    kept = heat * kl.ReLU()(1 - (peaks - heat) * 16)
    return Model(image, [kept, best_class(kept), kl.Conv2D(4, 1)(convolution(x, 32))])


def blaze_pose():
    """Poses: BlazePose's blocks of 5x5, channels padded where they grow, heat maps and points."""
    def blaze(x, channels, stride=1):
        y = kl.Conv2D(channels, 1)(kl.DepthwiseConv2D(5, stride, "same")(x))
        x = kl.MaxPooling2D(2)(x) if stride == 2 else x
        more = channels - x.shape[-1]
        x = ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, more))) if more else x
        return kl.ReLU()(kl.Add()([x, y]))

    image = x = Input((128, 128, 3), 1)
    x = kl.Conv2D(24, 5, 2, "same", activation="relu")(x)
    x = blaze(blaze(x, 24), 28)
    levels = []
    for channels in (32, 48, 96):
        x = blaze(blaze(x, channels, 2), channels)
        levels.append(x)
    for skip in levels[1::-1]:
        x = kl.UpSampling2D(2, interpolation="bilinear")(kl.Conv2D(skip.shape[-1], 1)(x))
        x = kl.Add()([x, separable(skip, skip.shape[-1])])
    heat = kl.Conv2D(33, 1)(x)
    x = blaze(blaze(blaze(x, 64, 2), 96, 2), 128, 2)
    return Model(image, [heat, kl.Flatten()(kl.Conv2D(99, x.shape[1:3])(x))])


def bi_fpn():
    """Detection: EfficientDet's pyramid with weighted sums, heads shared between levels."""
    image = x = Input((128, 128, 3), 1)
    x = convolution(x, 16, 3, 2, "swish")
    levels = []
    for channels in (24, 40, 80, 112):
        x = inverted(x, channels, 4, 2, "swish")
        levels.append(convolution(x, 64, 1, 1, None))

    def fused(*parts):
        total = sum(part * w for part, w in zip(parts, (0.45, 0.3, 0.25)))
        return separable(ops.silu(total), 64, 1, None)

    for _ in range(2):
        down = levels[:]
        for n in (2, 1, 0):
            down[n] = fused(levels[n], kl.UpSampling2D(2)(down[n + 1]))
        up = down[:]
        for n in (1, 2, 3):
            up[n] = fused(levels[n], down[n], kl.MaxPooling2D(3, 2, "same")(up[n - 1]))
        levels = up
    head = [kl.SeparableConv2D(64, 3, padding="same", activation="swish"),
            kl.SeparableConv2D(36, 3, padding="same")]
    boxes = [kl.Reshape((-1, 4))(head[1](head[0](level))) for level in levels]
    return Model(image, kl.Concatenate(1)(boxes))


def deeplab_atrous():
    """Segmentation: MobileNetV2 whose last stages dilate, the class of each pixel at the end."""
    image = x = Input((96, 96, 3), 1)
    x = convolution(x, 16, 3, 2, "relu6")
    x = inverted(inverted(x, 24, 6, 2), 32, 6, 2)
    for channels, dilation in ((32, 1), (64, 2), (64, 2), (96, 4)):
        y = convolution(x, x.shape[-1] * 6, 1, 1, "relu6")
        y = convolution(depthwise(y, 3, 1, "relu6", dilation), channels, 1, 1, None)
        x = kl.Add()([x, y]) if y.shape == x.shape else y
    rates = [convolution(x, 48, 1)] + [convolution(x, 48, 3, dilation=rate) for rate in (2, 4, 6)]
    x = kl.Conv2D(21, 1)(convolution(kl.Concatenate()(rates), 48, 1))
    x = kl.UpSampling2D(8, interpolation="bilinear")(x)
    return Model(image, best_class(x))


def espcn():
    """Images three times as large, in colours: three layers and DEPTH_TO_SPACE."""
    image = x = Input((64, 64, 3), 1)
    x = kl.Conv2D(64, 5, padding="same", activation="tanh")(x)
    x = kl.Conv2D(32, 3, padding="same", activation="tanh")(x)
    x = kl.Conv2D(27, 3, padding="same")(x)
    return Model(image, kl.Lambda(lambda t: tf.nn.depth_to_space(t, 3), (192, 192, 3))(x))


def res_next():
    """Images: bottlenecks with convolutions of 8 groups."""
    image = x = Input((64, 64, 3), 1)
    x = convolution(x, 32, 3, 2)
    for channels, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2)):
        y = convolution(x, channels // 2, 1)
        y = kl.Conv2D(channels // 2, 3, stride, "same", groups=8, use_bias=False)(y)
        y = convolution(kl.ReLU()(kl.BatchNormalization()(y)), channels, 1, 1, None)
        if y.shape != x.shape:
            x = convolution(x, channels, 1, stride, None)
        x = kl.ReLU()(kl.Add()([x, y]))
    return Model(image, classes(x, 100))


def mobile_vit():
    """Images: MobileNetV2's blocks, and attention among the pixels of one place in all patches."""
    def block(x, width):
        _, h, w, channels = x.shape
        y = convolution(convolution(x, channels, 3, 1, "swish"), width, 1, 1, "swish")
        y = ops.reshape(y, (h // 2, 2, w // 2, 2 * width))
        y = ops.reshape(ops.transpose(y, (0, 2, 1, 3)), (1, h * w // 4, 4, width))
        rows = [part[:, :, 0] for part in ops.split(y, 4, axis=2)]
        for n, row in enumerate(rows):
            row = row + attention(kl.LayerNormalization()(row), 2, width // 2)
            z = kl.Dense(width * 2, activation="swish")(kl.LayerNormalization()(row))
            rows[n] = row + kl.Dense(width)(z)
        y = ops.reshape(ops.stack(rows, 2), (h // 2, w // 2, 2, 2 * width))
        y = ops.reshape(ops.transpose(y, (0, 2, 1, 3)), (1, h, w, width))
        y = convolution(y, channels, 1, 1, "swish")
        return convolution(kl.Concatenate()([x, y]), channels, 3, 1, "swish")

    image = x = Input((96, 96, 3), 1)
    x = inverted(convolution(x, 16, 3, 2, "swish"), 24, 4, 2, "swish")
    x = block(inverted(x, 48, 4, 2, "swish"), 64)
    x = block(inverted(x, 64, 4, 2, "swish"), 80)
    return Model(image, classes(convolution(x, 256, 1, 1, "swish"), 100))


def channels_first():
    """Images as PyTorch has them, NCHW: a transposition before each layer and one after it."""
    def layer(x, channels, stride):
        x = padded(ops.transpose(x, (0, 2, 3, 1)), channels, 3, stride, None)
        return ops.relu(ops.transpose(x, (0, 3, 1, 2)))

    image = x = Input((3, 64, 64), 1)
    for channels, stride in ((16, 2), (32, 2), (32, 1), (64, 2)):
        y = layer(x, channels, stride)
        x = y + x if y.shape == x.shape else y
    x = ops.mean(x, (2, 3))
    return Model(image, kl.Dense(10)(x))

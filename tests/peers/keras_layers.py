"""Networks built of Keras layers, after published architectures; keras_networks.py writes them."""
import tensorflow as tf
from keras import Input, Model, layers as kl, ops


def convolution(x, channels, size=3, stride=1, activation="relu", dilation=1):
    """A convolution, normalised, and its activation."""
    x = kl.Conv2D(channels, size, stride, "same", use_bias=False, dilation_rate=dilation)(x)
    x = kl.BatchNormalization()(x)
    return kl.Activation(activation)(x) if activation else x


def depthwise(x, size=3, stride=1, activation="relu", dilation=1):
    x = kl.DepthwiseConv2D(size, stride, "same", use_bias=False, dilation_rate=dilation)(x)
    x = kl.BatchNormalization()(x)
    return kl.Activation(activation)(x) if activation else x


def separable(x, channels, stride=1, activation="relu", dilation=1):
    return convolution(depthwise(x, 3, stride, activation, dilation), channels, 1, 1, activation)


def classes(x, count):
    return kl.Dense(count, activation="softmax")(kl.GlobalAveragePooling2D()(x))


def ds_cnn_l():
    """Keyword spotting: Hello Edge's largest network of depthwise layers."""
    image = x = Input((49, 10, 1), 1)
    x = convolution(x, 276, (10, 4), (2, 1))
    x = separable(x, 276, 2)
    for _ in range(4):
        x = separable(x, 276)
    return Model(image, classes(x, 12))


def tc_resnet8():
    """Keyword spotting over time alone, coefficients as channels."""
    image = x = Input((98, 1, 40), 1)
    x = convolution(x, 16, (3, 1))
    for channels in (24, 32, 48):
        straight = convolution(x, channels, 1, (2, 1))
        x = convolution(x, channels, (9, 1), (2, 1))
        x = convolution(x, channels, (9, 1), activation=None)
        x = kl.ReLU()(kl.Add()([x, straight]))
    return Model(image, classes(x, 12))


def bc_resnet(scale=1):
    """Keyword spotting with residuals broadcast along the frequencies."""
    image = x = Input((40, 100, 1), 1)
    x = convolution(x, 16 * scale, 5, (2, 1))
    for channels, stride, dilation, count in ((8, 1, 1, 2), (12, 2, 2, 2), (16, 2, 4, 4),
                                              (20, 1, 8, 4)):
        for n in range(count):
            changes = n == 0
            y = convolution(x, channels * scale, 1) if changes else x
            y = depthwise(y, (3, 1), (1, 1), None)
            if changes and stride == 2:
                y = kl.AveragePooling2D((2, 1))(y)
            z = kl.AveragePooling2D((y.shape[1], 1))(y)
            z = depthwise(z, (1, 3), 1, "swish", (1, dilation))
            z = kl.Conv2D(channels * scale, 1)(z)
            y = kl.Add()([y, z]) if changes else kl.Add()([x, y, z])
            x = kl.ReLU()(y)
    x = depthwise(x, 5, 1, None)
    x = convolution(x, 32 * scale, 1)
    return Model(image, kl.Softmax()(kl.Conv2D(12, 1)(kl.GlobalAveragePooling2D(keepdims=True)(x))))


def crnn():
    """Sounds: convolutions, then a GRU unrolled over what is left of the time."""
    image = x = Input((32, 40, 1), 1)
    for channels in (32, 48, 64):
        x = kl.MaxPooling2D((1, 2))(convolution(x, channels))
    x = kl.MaxPooling2D((2, 1))(x)
    x = kl.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    x = kl.GRU(64, unroll=True, reset_after=True)(x)
    return Model(image, kl.Dense(10, activation="sigmoid")(x))


def attention(x, heads, depth):
    """Self-attention over the rows of a map, with the products of maps written out."""
    rows, width = x.shape[1], x.shape[2]

    def headed(y):
        y = ops.reshape(kl.Dense(heads * depth)(y), (1, rows, heads, depth))
        return ops.transpose(y, (0, 2, 1, 3))

    queries, keys, values = headed(x), headed(x), headed(x)
    scores = ops.matmul(queries, ops.transpose(keys, (0, 1, 3, 2))) * depth ** -0.5
    mixed = ops.transpose(ops.matmul(ops.softmax(scores), values), (0, 2, 1, 3))
    return kl.Dense(width)(ops.reshape(mixed, (1, rows, heads * depth)))


def conformer():
    """Speech: a block of Conformer over 64 frames."""
    frames = Input((64, 80), 1)
    x = kl.Dense(144)(frames)

    def feed_forward(y):
        y = kl.Dense(576, activation="swish")(kl.LayerNormalization()(y))
        return kl.Dense(144)(y) * 0.5

    x = x + feed_forward(x)
    x = x + attention(kl.LayerNormalization()(x), 4, 36)
    y = kl.Dense(288)(kl.LayerNormalization()(x))
    values, gates = ops.split(y, 2, axis=-1)
    y = kl.Reshape((64, 1, 144))(values * ops.sigmoid(gates))
    y = kl.BatchNormalization()(kl.DepthwiseConv2D((31, 1), padding="same")(y))
    y = kl.Reshape((64, 144))(kl.Activation("swish")(y))
    x = x + kl.Dense(144)(y)
    x = x + feed_forward(x)
    return Model(frames, kl.Dense(32)(kl.LayerNormalization()(x)))


def vit_tiny():
    """Images as 64 patches: four blocks of DeiT-Ti."""
    image = Input((64, 64, 3), 1)
    x = kl.Reshape((64, 192))(kl.Conv2D(192, 8, 8)(image))
    for _ in range(4):
        x = x + attention(kl.LayerNormalization()(x), 3, 64)
        y = kl.Dense(768, activation="gelu")(kl.LayerNormalization()(x))
        x = x + kl.Dense(192)(y)
    x = kl.GlobalAveragePooling1D()(kl.LayerNormalization()(x))
    return Model(image, kl.Dense(100)(x))


def u_net(enlarge):
    image = x = Input((128, 128, 3), 1)
    kept = []
    for channels in (16, 32, 64, 128):
        x = convolution(convolution(x, channels), channels)
        kept.append(x)
        x = kl.MaxPooling2D()(x)
    x = convolution(convolution(x, 256), 256)
    for channels, skip in zip((128, 64, 32, 16), reversed(kept)):
        x = kl.Concatenate()([enlarge(x, channels), skip])
        x = convolution(convolution(x, channels), channels)
    return Model(image, kl.Conv2D(4, 1)(x))


def u_net_transposed():
    return u_net(lambda x, channels: kl.Conv2DTranspose(channels, 2, 2)(x))


def u_net_bilinear():
    return u_net(lambda x, channels: kl.UpSampling2D(2, interpolation="bilinear")(x))


def inverted(x, channels, expand, stride, activation="relu6"):
    y = convolution(x, x.shape[-1] * expand, 1, 1, activation)
    y = convolution(depthwise(y, 3, stride, activation), channels, 1, 1, None)
    return kl.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y


def ssd_fpn():
    """Detection: a small MobileNetV2, a pyramid of features, heads shared in form."""
    image = x = Input((192, 192, 3), 1)
    x = convolution(x, 16, 3, 2, "relu6")
    levels = []
    for channels, stride in ((16, 2), (24, 1), (32, 2), (32, 1), (64, 2), (64, 1), (96, 2), (96, 1)):
        x = inverted(x, channels, 4, stride)
        levels.append(x)
    levels = [kl.Conv2D(64, 1)(levels[n]) for n in (3, 5, 7)]
    for n in (1, 0):
        up = kl.UpSampling2D(2)(levels[n + 1])
        levels[n] = kl.Add()([levels[n], up])
    boxes, scores = [], []
    for level in levels:
        x = separable(separable(level, 64, 1, "relu6"), 64, 1, "relu6")
        boxes.append(kl.Reshape((-1, 4))(kl.Conv2D(12, 3, padding="same")(x)))
        scores.append(kl.Reshape((-1, 11))(kl.Conv2D(33, 3, padding="same")(x)))
    return Model(image, [kl.Concatenate(1)(boxes), kl.Activation("sigmoid")(kl.Concatenate(1)(scores))])


def yolo_neck():
    """Detection: YOLOv5n's stages of two ways that join, SiLU, enlarging and concatenation."""
    def block(x, channels, count=1):
        y, z = (convolution(x, channels // 2, 1, 1, "silu") for _ in range(2))
        for _ in range(count):
            inner = convolution(y, channels // 2, 1, 1, "silu")
            y = kl.Add()([y, convolution(inner, channels // 2, 3, 1, "silu")])
        return convolution(kl.Concatenate()([y, z]), channels, 1, 1, "silu")

    image = Input((160, 160, 3), 1)
    x = convolution(convolution(image, 16, 6, 2, "silu"), 32, 3, 2, "silu")
    x = block(x, 32)
    small = block(convolution(x, 64, 3, 2, "silu"), 64, 2)
    middle = block(convolution(small, 128, 3, 2, "silu"), 128, 2)
    x = block(convolution(middle, 256, 3, 2, "silu"), 256)
    x = convolution(x, 128, 1, 1, "silu")
    pools = [x]
    for _ in range(3):
        pools.append(kl.MaxPooling2D(5, 1, "same")(pools[-1]))
    large = convolution(convolution(kl.Concatenate()(pools), 256, 1, 1, "silu"), 128, 1, 1, "silu")
    x = block(kl.Concatenate()([kl.UpSampling2D(2)(large), middle]), 128)
    thin = convolution(x, 64, 1, 1, "silu")
    first = block(kl.Concatenate()([kl.UpSampling2D(2)(thin), small]), 64)
    second = block(kl.Concatenate()([convolution(first, 64, 3, 2, "silu"), thin]), 128)
    third = block(kl.Concatenate()([convolution(second, 128, 3, 2, "silu"), large]), 256)
    return Model(image, [kl.Conv2D(255, 1)(x) for x in (first, second, third)])


def face_prelu():
    """Faces: MobileFaceNet's bottlenecks of PRELU and its depthwise layer over the whole map."""
    def prelu(x):
        return kl.PReLU(shared_axes=[1, 2])(x)

    def bottleneck(x, channels, expand, stride):
        y = prelu(convolution(x, expand, 1, 1, None))
        y = convolution(prelu(depthwise(y, 3, stride, None)), channels, 1, 1, None)
        return kl.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y

    image = Input((112, 112, 3), 1)
    x = prelu(convolution(image, 64, 3, 2, None))
    x = prelu(depthwise(x, 3, 1, None))
    for channels, expand, count, stride in ((64, 128, 5, 2), (128, 256, 1, 2), (128, 256, 6, 1),
                                            (128, 512, 1, 2), (128, 256, 2, 1)):
        for n in range(count):
            x = bottleneck(x, channels, expand, stride if n == 0 else 1)
    x = prelu(convolution(x, 512, 1, 1, None))
    x = kl.BatchNormalization()(kl.DepthwiseConv2D(7, use_bias=False)(x))
    return Model(image, kl.Flatten()(convolution(x, 128, 1, 1, None)))


def deeplab():
    """Segmentation: a stack of strides, atrous pooling, the result enlarged."""
    image = x = Input((128, 128, 3), 1)
    x = convolution(x, 16, 3, 2, "relu6")
    for channels, stride in ((24, 2), (24, 1), (32, 2), (32, 1), (64, 1), (96, 1)):
        x = inverted(x, channels, 6, stride)
    rates = [convolution(x, 64, 1)] + [separable(x, 64, 1, "relu", rate) for rate in (6, 12, 18)]
    pooled = convolution(kl.GlobalAveragePooling2D(keepdims=True)(x), 64, 1)
    rates.append(kl.UpSampling2D(x.shape[1], interpolation="bilinear")(pooled))
    x = kl.Conv2D(21, 1)(convolution(kl.Concatenate()(rates), 64, 1))
    return Model(image, kl.UpSampling2D(8, interpolation="bilinear")(x))


def super_resolution():
    """Images four times as large: thirteen of FSRCNN's layers, depth to space."""
    image = Input((80, 60, 1), 1)
    x = kl.Conv2D(32, 5, padding="same", activation="relu")(image)
    y = kl.Conv2D(16, 1, activation="relu")(x)
    for _ in range(8):
        y = kl.Conv2D(16, 3, padding="same", activation="relu")(y)
    x = kl.Add()([x, kl.Conv2D(32, 1)(y)])
    x = kl.Conv2D(16, 3, padding="same")(x)
    return Model(image, kl.Lambda(lambda t: tf.nn.depth_to_space(t, 4), (320, 240, 1))(x))


def autoencoder():
    """Anomalies in sound, of convolutions."""
    image = x = Input((32, 128, 1), 1)
    for channels in (32, 64, 128, 256):
        x = convolution(x, channels, 5, 2)
    x = kl.Dense(40)(kl.Flatten()(x))
    x = kl.Reshape((2, 8, 256))(kl.Dense(2 * 8 * 256, activation="relu")(x))
    for channels in (128, 64, 32):
        x = kl.ReLU()(kl.BatchNormalization()(kl.Conv2DTranspose(channels, 5, 2, "same")(x)))
    return Model(image, kl.Conv2DTranspose(1, 5, 2, "same")(x))


def squeeze_excite():
    """Images: bottlenecks that weigh their channels, hard swish."""
    image = x = Input((96, 96, 3), 1)
    x = convolution(x, 16, 3, 2, "hard_silu")
    for channels, expand, stride in ((24, 64, 2), (24, 72, 1), (40, 96, 2), (40, 240, 1), (80, 240, 2),
                                     (80, 480, 1), (80, 480, 1)):
        y = convolution(x, expand, 1, 1, "hard_silu")
        y = depthwise(y, 5, stride, "hard_silu")
        weights = kl.GlobalAveragePooling2D(keepdims=True)(y)
        weights = kl.Conv2D(expand // 4, 1, activation="relu")(weights)
        y = kl.Multiply()([y, kl.Activation("hard_sigmoid")(kl.Conv2D(expand, 1)(weights))])
        y = convolution(y, channels, 1, 1, None)
        x = kl.Add()([x, y]) if y.shape == x.shape else y
    return Model(image, classes(convolution(x, 320, 1, 1, "hard_silu"), 100))


def shufflenet_v2():
    """Images: channels halved, joined and shuffled by a transposition."""
    def shuffled(x):
        _, h, w, c = x.shape
        x = ops.transpose(ops.reshape(x, (1, h, w, 2, c // 2)), (0, 1, 2, 4, 3))
        return ops.reshape(x, (1, h, w, c))

    def way(x, channels, stride):
        x = depthwise(convolution(x, channels, 1), 3, stride, None)
        return convolution(x, channels, 1)

    image = Input((96, 96, 3), 1)
    x = convolution(image, 24, 3, 2)
    for channels, count in ((48, 3), (96, 4), (192, 2)):
        half = channels // 2
        left = convolution(depthwise(x, 3, 2, None), half, 1)
        x = shuffled(kl.Concatenate()([left, way(x, half, 2)]))
        for _ in range(count):
            left, right = ops.split(x, 2, axis=-1)
            x = shuffled(kl.Concatenate()([left, way(right, half, 1)]))
    return Model(image, classes(convolution(x, 512, 1), 100))

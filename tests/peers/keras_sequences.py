"""Networks of Keras layers for sound, sensors and other sequences; keras_networks.py writes them."""
from keras import Input, Model, layers as kl, ops

from keras_layers import attention


def tcn():
    """Sensors: dilated causal convolutions over time, with residuals."""
    frames = x = Input((128, 9), 1)
    for dilation in (1, 2, 4, 8):
        y = x
        for _ in range(2):
            y = kl.Conv1D(32, 3, padding="causal", dilation_rate=dilation, activation="relu")(y)
        x = kl.ReLU()(kl.Add()([y, x if x.shape[-1] == 32 else kl.Conv1D(32, 1)(x)]))
    return Model(frames, kl.Dense(6, activation="softmax")(x[:, -1]))


def conv_tasnet():
    """Sound: two sources parted by masks between a learned analysis and its synthesis."""
    sound = Input((1024, 1), 1)
    coded = kl.Conv1D(64, 16, 8, "same", activation="relu")(sound)
    x = kl.Conv1D(32, 1)(coded)
    for dilation in (1, 2, 4, 8):
        y = kl.BatchNormalization()(kl.PReLU(shared_axes=[1])(kl.Conv1D(64, 1)(x)))
        y = kl.DepthwiseConv1D(3, padding="same", dilation_rate=dilation)(y)
        y = kl.BatchNormalization()(kl.PReLU(shared_axes=[1])(y))
        x = x + kl.Conv1D(32, 1)(y)
    masks = ops.split(kl.Conv1D(128, 1, activation="sigmoid")(x), 2, axis=-1)
    return Model(sound, ops.stack([kl.Conv1DTranspose(1, 16, 8, "same")(coded * m) for m in masks], 1))


def keyword_transformer():
    """Keyword spotting: attention over the frames and a token of the class, which a slice takes."""
    frames = Input((98, 40), 1)
    x = kl.Dense(64)(frames)
    x = ops.pad(x, ((0, 0), (1, 0), (0, 0)))
    for _ in range(2):
        x = kl.LayerNormalization()(x + attention(x, 1, 64))
        y = kl.Dense(64)(kl.Dense(256, activation="gelu")(x))
        x = kl.LayerNormalization()(x + y)
    return Model(frames, kl.Dense(12)(x[:, 0]))


def mlp_mixer():
    """Images: layers over the patches and over the channels by turns."""
    image = Input((64, 64, 3), 1)
    x = kl.Reshape((64, 96))(kl.Conv2D(96, 8, 8)(image))
    for _ in range(4):
        y = ops.transpose(kl.LayerNormalization()(x), (0, 2, 1))
        y = kl.Dense(64)(kl.Dense(128, activation="gelu")(y))
        x = x + ops.transpose(y, (0, 2, 1))
        x = x + kl.Dense(96)(kl.Dense(192, activation="gelu")(kl.LayerNormalization()(x)))
    return Model(image, kl.Dense(100)(kl.GlobalAveragePooling1D()(x)))


def lstm_unrolled():
    """Sensors: an LSTM unrolled into its gates."""
    frames = Input((16, 12), 1)
    return Model(frames, kl.Dense(6, activation="softmax")(kl.LSTM(32, unroll=True)(frames)))


def sensor_excite():
    """Heart beats: residual layers in one dimension that weigh their channels."""
    beats = x = Input((256, 2), 1)
    x = kl.Conv1D(32, 7, 2, "same", activation="relu")(x)
    for channels, stride in ((32, 1), (64, 2), (64, 1), (128, 2)):
        y = kl.Conv1D(channels, 5, stride, "same", activation="relu")(x)
        y = kl.Conv1D(channels, 5, padding="same")(y)
        w = kl.Dense(channels // 8, activation="relu")(kl.GlobalAveragePooling1D()(y))
        y = y * kl.Reshape((1, channels))(kl.Dense(channels, activation="sigmoid")(w))
        x = kl.Conv1D(channels, 1, stride)(x) if y.shape != x.shape else x
        x = kl.ReLU()(kl.Add()([x, y]))
    return Model(beats, kl.Dense(5)(ops.concatenate([ops.mean(x, 1), ops.max(x, 1)], -1)))


def dense_autoencoder():
    """Anomalies of machines: DCASE's layers, all of them dense."""
    frames = x = Input((640,), 1)
    for channels in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = kl.ReLU()(kl.BatchNormalization()(kl.Dense(channels)(x)))
    return Model(frames, kl.Dense(640)(x))


def multiplier():
    """Images: depthwise layers that multiply their channels, statistics kept and dropped."""
    image = x = Input((64, 64, 3), 1)
    x = kl.DepthwiseConv2D(3, 2, "same", depth_multiplier=8, activation="relu")(x)
    x = kl.DepthwiseConv2D(3, 2, "same", depth_multiplier=2, activation="relu6")(x)
    x = kl.Conv2D(64, 1, activation="relu")(x)
    x = x - ops.mean(x, (1, 2), keepdims=True)
    rows, columns = ops.mean(x, 1), ops.mean(x, 2, keepdims=True)
    joined = kl.Concatenate(1)([rows, ops.max(columns, 2)])
    best = ops.top_k(kl.Dense(20)(ops.mean(joined, 1)), 3)
    return Model(image, [best[0], ops.take(joined, (3, 0, 7), axis=1)])

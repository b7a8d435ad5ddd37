#!/usr/bin/env python3
"""Writes networks that people have, with random weights, as TensorFlow's converter quantises them.

Architectures of keras.applications, keras_layers.py, keras_tasks.py and keras_sequences.py, He-initialised,
calibrated on a few random inputs: int8, or int16 maps with int8 weights where the name ends in _16x8. Each is converted in a process
of its own, for memory. Needs what requirements-keras.txt lists:

  keras_networks.py FOLDER [NAME...]        all of them where none is named; files that are there stay
"""
import importlib
import os
import pathlib
import subprocess
import sys
import zlib

BYTES = (0, 255)  # what networks that scale their images themselves are fed
UNIT = (-1, 1)

# Of keras.applications: the architecture, its options, and what it is fed.
APPLICATIONS = {
    "mobilenet_025_96": ("MobileNet", 96, {"alpha": 0.25}, UNIT),
    "mobilenet_050_160": ("MobileNet", 160, {"alpha": 0.5}, UNIT),
    "mobilenet_v2_035_96": ("MobileNetV2", 96, {"alpha": 0.35}, UNIT),
    "mobilenet_v2_100_192": ("MobileNetV2", 192, {}, UNIT),
    "mobilenet_v3_small_128": ("MobileNetV3Small", 128, {}, BYTES),
    "efficientnet_b0_96": ("EfficientNetB0", 96, {}, BYTES),
    "efficientnet_v2b0_96": ("EfficientNetV2B0", 96, {}, BYTES),
    "nasnet_mobile_96": ("NASNetMobile", 96, {}, UNIT),
    "densenet121_64": ("DenseNet121", 64, {}, UNIT),
    "resnet50_96": ("ResNet50", 96, {}, UNIT),
    "inception_v3_150": ("InceptionV3", 150, {}, UNIT),
    "xception_96": ("Xception", 96, {}, UNIT),
    "convnext_tiny_64": ("ConvNeXtTiny", 64, {}, BYTES),
}
LAYERS = ("ds_cnn_l", "tc_resnet8", "bc_resnet", "crnn", "conformer", "vit_tiny", "u_net_transposed",
          "u_net_bilinear", "ssd_fpn", "yolo_neck", "face_prelu", "deeplab", "super_resolution",
          "autoencoder", "squeeze_excite", "shufflenet_v2")
TASKS = ("yolo_v8", "ghost_net", "hr_net", "centre_net", "blaze_pose", "bi_fpn", "deeplab_atrous", "espcn",
         "res_next", "mobile_vit", "channels_first")
SEQUENCES = ("tcn", "conv_tasnet", "keyword_transformer", "mlp_mixer", "lstm_unrolled",
             "sensor_excite", "dense_autoencoder", "multiplier")
FORMS = ("torch_mobile", "decoder_strides", "adjoint_products", "masks_and_slices", "odd_means", "swin",
         "wave_net", "point_net", "twins", "sizes", "patch_mixer", "regular")
MODULES = {name: module for module, names in (("keras_layers", LAYERS), ("keras_tasks", TASKS),
                                              ("keras_sequences", SEQUENCES), ("keras_forms", FORMS))
           for name in names}
WIDE = "_16x8"
WIDE_ONES = ("ds_cnn_l", "tc_resnet8", "mobilenet_025_96", "mobilenet_v2_035_96", "u_net_bilinear", "tcn",
             "dense_autoencoder", "hr_net", "decoder_strides", "adjoint_products", "masks_and_slices",
             "wave_net")
NAMES = (*APPLICATIONS, *MODULES, *(name + WIDE for name in WIDE_ONES))


def built(name):
    """The Keras model, and the range of its inputs."""
    import keras
    if name not in APPLICATIONS:
        return getattr(importlib.import_module(MODULES[name]), name)(), UNIT
    architecture, size, options, limits = APPLICATIONS[name]
    image = keras.Input((size, size, 3), 1)
    model = getattr(keras.applications, architecture)(weights=None, input_tensor=image, classes=1000,
                                                      **options)
    return model, limits


def initialise(model, random):
    """Weights as He draws them; scales and offsets of normalisations beside one and zero."""
    for variable in model.weights:
        shape, name = tuple(variable.shape), variable.name
        if len(shape) > 1 and "alpha" not in name:
            taps = 1
            for extent in shape[:2] if "depthwise" in variable.path else shape[:-1]:
                taps *= extent
            variable.assign(random.normal(0, (2 / taps) ** 0.5, shape))
        elif name == "alpha":
            variable.assign(random.uniform(0.05, 0.4, shape))
        elif name in ("gamma", "moving_variance"):
            variable.assign(random.uniform(0.7, 1.3, shape))
        elif name in ("beta", "bias", "moving_mean"):
            variable.assign(random.normal(0, 0.1, shape))


def convert(name):
    import numpy as np
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
    model, limits = built(name.removesuffix(WIDE))
    random = np.random.default_rng(zlib.crc32(name.encode()))
    initialise(model, random)
    shapes = [each.shape for each in model.inputs]
    function = tf.function(lambda *maps: model(maps[0] if len(maps) == 1 else list(maps), training=False),
                           input_signature=[tf.TensorSpec(shape, tf.float32) for shape in shapes])
    concrete = convert_variables_to_constants_v2(function.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])

    def samples():
        for _ in range(4):
            yield [random.uniform(*limits, shape).astype(np.float32) for shape in shapes]

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    wide = name.endswith(WIDE)
    sets = tf.lite.OpsSet
    converter.target_spec.supported_ops = [
        sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8 if wide
        else sets.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int16 if wide else tf.int8
    return converter.convert()


def main():
    folder, names = pathlib.Path(sys.argv[1]), sys.argv[2:] or NAMES
    folder.mkdir(parents=True, exist_ok=True)
    if len(names) == 1:
        (folder / f"{names[0]}.tflite").write_bytes(convert(names[0]))
        return 0
    failures = 0
    for name in names:
        if (folder / f"{name}.tflite").exists():
            continue
        done = subprocess.run([sys.executable, __file__, str(folder), name], capture_output=True,
                              text=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
        failures += done.returncode != 0
        print(name, "written" if done.returncode == 0 else done.stderr.strip()[-600:], flush=True)
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())

"""Networks and targets of the Python package: files, builder, transforms, fields."""
import os
import pickle
import tempfile
import unittest

import u65sim

try:
    import numpy
except ImportError:
    numpy = None


def small(name="small", **options):
    builder = u65sim.GraphBuilder(name, **options)
    x = builder.input((1, 32, 32, 8))
    x = builder.conv2d(x, 16, 3, activation="relu6", name="first")
    skip = x
    x = builder.depthwise_conv2d(x, 3, activation="relu6")
    x = builder.add(builder.conv2d(x, 16), skip)
    x = builder.mean(x, (1, 2))
    builder.output(builder.softmax(builder.fully_connected(x, 10)))
    return builder.build()


class Files(unittest.TestCase):
    def test_tflite_round_trip(self):
        graph = small()
        data = graph.to_tflite()
        self.assertEqual(data[4:8], b"TFL3")
        again = u65sim.Graph.from_tflite(data, "small")
        self.assertEqual(again.to_tflite(), data)
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "small.tflite")
            graph.save(file)
            self.assertEqual(u65sim.Graph.read(file).to_tflite(), data)
            oracle = u65sim.Oracle(u65sim.Target.preset("u65-256"))
            self.assertEqual(oracle.estimate(file).cycles, oracle.estimate(graph).cycles)

    def test_pickled(self):
        graph = u65sim.Graph.zoo("ds_cnn")
        self.assertEqual(pickle.loads(pickle.dumps(graph)), graph)
        target = u65sim.Target.preset("u65-256")
        for name in ("ds_cnn", "rnnoise", "mobilenet_v2_224"):
            modelled = u65sim.Graph.zoo(name, modelled=True, sparsity=0.5, clusters=16)
            data = pickle.dumps(modelled)
            self.assertLess(len(data), 200_000)
            again = pickle.loads(data)
            self.assertEqual(again, modelled)
            self.assertNotEqual(again, u65sim.Graph.zoo(name, modelled=True))
            self.assertEqual(u65sim.Oracle(target, effort="quick").estimate(again),
                             u65sim.Oracle(target, effort="quick").estimate(modelled))

    def test_content(self):
        graph = small()
        self.assertEqual([op.type for op in graph.operators][:2],
                         ["CONV_2D", "DEPTHWISE_CONV_2D"])
        self.assertEqual(sum(op.macs for op in graph.operators), graph.macs)
        first = graph.operators[0]
        self.assertEqual(first.name, "first")
        self.assertEqual(first.attributes["activation"], "relu6")
        weights = graph.tensors[first.inputs[1]]
        self.assertEqual(weights.shape, (16, 3, 3, 8))
        self.assertEqual(len(weights.quantization.scales), 16)
        self.assertEqual(len(graph.data(weights)), weights.constant_bytes)
        self.assertEqual([tensor.shape for tensor in graph.inputs], [(1, 32, 32, 8)])
        with self.assertRaises(u65sim.InvalidModel):
            graph.data(graph.inputs[0])
        with self.assertRaises(u65sim.InvalidModel):
            graph.data(len(graph.tensors))

    @unittest.skipIf(numpy is None, "NumPy is not installed")
    def test_arrays(self):
        graph = small()
        bias = graph.array(graph.operators[0].inputs[2])
        self.assertEqual((bias.dtype, bias.shape), (numpy.dtype("int32"), (16,)))

    def test_external_data(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "small.tflite")
            small().save(file)
            with self.assertRaisesRegex(u65sim.Error, "small.ptd"):
                u65sim.Graph.read(file, [os.path.join(folder, "small.ptd")])

    def test_operator_support(self):
        rows = u65sim.operator_support()
        self.assertTrue(any("CONV_2D" in row.operators and "int8" in row.types for row in rows))

    def test_damaged(self):
        data = small().to_tflite()
        with self.assertRaises(u65sim.InvalidModel):
            u65sim.Graph.from_tflite(data[:100])


class Builder(unittest.TestCase):
    def test_every_layer(self):
        builder = u65sim.GraphBuilder("all", seed=7, sparsity=0.25)
        x = builder.input((1, 16, 16, 8))
        y = builder.transpose_conv(x, 8, 2, stride=2)
        y = builder.max_pool(builder.average_pool(y, 2, stride=2), (1, 1))
        y = builder.sub(builder.mul(x, y), builder.constant((1, 1, 1, 8), [0.5] * 8))
        y = builder.minimum(y, builder.maximum(x, y))
        y = builder.unary("tanh", builder.leaky_relu(builder.prelu(y), 0.1))
        y = builder.concat(builder.split(y, 2, 3), 3)
        y = builder.pad(builder.slice(y, (0, 1, 1, 0), (1, 14, 14, 8)), (0, 1, 1, 0), (0, 1, 1, 0))
        y = builder.resize_nearest(builder.resize_bilinear(y, 8, 8), 16, 16)
        y = builder.transpose(y, (0, 2, 1, 3))
        y = builder.quantize(y, "int8", u65sim.Quantization((0.05,), (3,)))
        self.assertAlmostEqual(builder.quantization(y).scales[0], 0.05)
        y = builder.reshape(y, (1, -1, 8))
        self.assertEqual(y.shape, (1, 256, 8))
        builder.output(y)
        graph = builder.build()
        graph.verify()
        self.assertGreater(u65sim.Oracle(u65sim.Target.preset("u65-256")).estimate(graph).cycles,
                           0)

    def test_given_weights(self):
        builder = u65sim.GraphBuilder("given")
        x = builder.input((1, 1, 1, 2), quantization=u65sim.Quantization((1.0,), (0,)))
        weights = u65sim.Weights(bytes([1, 2, 3, 4]), u65sim.Quantization((1.0,), (0,)), [5, 6])
        y = builder.conv2d(x, 2, weights=weights, quantization=u65sim.Quantization((1.0,), (0,)))
        builder.output(y)
        graph = builder.build()
        self.assertEqual(graph.data(graph.operators[0].inputs[1]), bytes([1, 2, 3, 4]))

    def test_refusals(self):
        builder = u65sim.GraphBuilder("wrong")
        x = builder.input((1, 8, 8, 8))
        with self.assertRaises(TypeError):
            builder.conv2d(x, 8, 3, padding="sane")
        with self.assertRaises(TypeError):
            builder.conv2d(x, 8, 3, activation="relu7")
        with self.assertRaises(TypeError):
            builder.conv2d(x, 2.5, 3)
        with self.assertRaises(u65sim.InvalidModel):
            builder.reshape(x, (1, 7))
        with self.assertRaises(TypeError):
            u65sim.GraphBuilder("wrong", activations="int9")


class Transforms(unittest.TestCase):
    def test_each(self):
        graph = u65sim.Graph.zoo("mobilenet_v1_025_96")
        half = u65sim.scale_width(graph, 0.5)
        self.assertLess(half.parameters, graph.parameters)
        self.assertLess(u65sim.prune_channels(graph, 0.5).macs, graph.macs)
        kept = [op.name for op in graph.operators]
        self.assertEqual(u65sim.prune_channels(graph, 0.5, keep=kept).macs, graph.macs)
        self.assertLess(u65sim.scale_resolution(graph, 64).macs, graph.macs)
        self.assertGreater(u65sim.scale_depth(graph, 2).macs, graph.macs)
        self.assertNotEqual(u65sim.substitute_blocks(graph, "grouped").macs, graph.macs)
        shares = u65sim.sparsity_schedule(graph, 0.5, "log_parameters")
        self.assertEqual(len(shares), len(graph.operators))
        for changed in (u65sim.prune_weights(graph, shares), u65sim.prune_pattern(graph, 2, 4),
                        u65sim.cluster_weights(graph, 16), u65sim.limit_weight_bits(graph, 4),
                        u65sim.widen_activations(graph, 16)):
            self.assertEqual(changed.macs, graph.macs)
            self.assertNotEqual(changed, graph)
        with self.assertRaises(u65sim.InvalidModel):
            u65sim.scale_width(graph, -1)
        with self.assertRaisesRegex(TypeError, "grouped"):
            u65sim.substitute_blocks(graph, "groups")


class Targets(unittest.TestCase):
    def test_presets_travel(self):
        for name in u65sim.Target.preset_names():
            target = u65sim.Target.preset(name)
            self.assertEqual(pickle.loads(pickle.dumps(target)), target, name)
            self.assertEqual(target.copy(), target)

    def test_fields(self):
        target = u65sim.Target.preset("u65-256")
        self.assertEqual(target["sram.size"], "384KiB")
        target["sram.size"] = "512KiB"
        self.assertEqual(target["sram.size"], "512KiB")
        self.assertEqual(target.with_settings("sram.size=384KiB"), u65sim.Target.preset("u65-256"))
        with self.assertRaises(KeyError):
            target["sram.sise"]
        self.assertTrue(all(field.summary for field in target.fields()))
        self.assertNotEqual(u65sim.Target.preset("u65-512"), target)


if __name__ == "__main__":
    unittest.main()

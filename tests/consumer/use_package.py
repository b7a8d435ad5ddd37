"""What a user of the Python package does, from a fresh import on."""
import json
import threading
import unittest

import u65sim

TINY = """
inputs:
  - {name: image, shape: [1, 32, 32, 8]}
layers:
  - {op: conv2d, filters: %d, kernel: 3, activation: relu6}
  - {op: depthwise_conv2d, kernel: 3}
"""


class Package(unittest.TestCase):
    def setUp(self):
        self.target = u65sim.Target.preset("u65-256")

    def test_report(self):
        graph = u65sim.Graph.zoo("ds_cnn")
        report = u65sim.Oracle(self.target).estimate(graph)
        data = json.loads(report.to_json())
        self.assertEqual(data["total"]["cycles"], report.cycles)
        self.assertEqual(report.macs, graph.macs)
        self.assertGreaterEqual(report.cycles * 256, report.macs)
        self.assertAlmostEqual(report.latency_ms, report.cycles / 1e6)
        self.assertLessEqual(sum(o.cycles for o in report.operators), report.cycles)

    def test_advice(self):
        graph = u65sim.Graph.zoo("ds_cnn")
        found = u65sim.Oracle(self.target).advise(graph)
        saved = [piece.saved_cycles for piece in found.advice]
        self.assertEqual(saved, sorted(saved, reverse=True))
        self.assertEqual(found.report.cycles, u65sim.Oracle(self.target).estimate(graph).cycles)
        data = json.loads(found.to_json())
        self.assertEqual([each["text"] for each in data["advice"]], [piece.text for piece in found.advice])
        self.assertIn(found.advice[0].text, found.to_text(1))
        self.assertIn("<table", found.to_html())

    def test_like_vela(self):
        graph = u65sim.Graph.zoo("mobilenet_v1_025_96")
        ours = u65sim.Oracle(self.target).estimate(graph)
        theirs = u65sim.Oracle(self.target, like_vela=True).estimate(graph)
        self.assertGreater(theirs.cycles, ours.cycles)

    def test_effort(self):
        graph = u65sim.Graph.zoo("ds_cnn")
        normal = u65sim.Oracle(self.target).estimate(graph)
        high = u65sim.Oracle(self.target, effort="high").estimate(graph)
        self.assertLessEqual(high.cycles, normal.cycles)
        with self.assertRaisesRegex(u65sim.InvalidConfig, "effort = 'most'"):
            u65sim.Oracle(self.target, effort="most")
        with self.assertRaisesRegex(u65sim.InvalidConfig, "like_vela with effort high"):
            u65sim.Oracle(self.target, like_vela=True, effort="high")

    def test_target_fields(self):
        wide = self.target.copy()
        wide.set("sram.size=1MiB")
        self.assertNotEqual(wide, self.target)
        self.assertEqual(u65sim.Target.from_yaml_text(wide.to_yaml()), wide)

    def test_order_and_memory(self):
        oracle = u65sim.Oracle(self.target)
        graphs = [u65sim.Graph.from_yaml(TINY % filters) for filters in (8, 16, 32, 64, 8)]
        reports = oracle.estimate_all(graphs, threads=2)
        self.assertEqual([r.cycles for r in reports], [oracle.estimate(g).cycles for g in graphs])
        self.assertEqual(reports[0], reports[4])
        self.assertGreater(oracle.hits, 0)

    def test_threads(self):
        oracle = u65sim.Oracle(self.target)
        cycles = {}

        def ask(name):
            cycles[name] = oracle.estimate(u65sim.Graph.zoo(name)).cycles

        names = ["rnnoise", "ds_cnn", "resnet8", "autoencoder"]
        threads = [threading.Thread(target=ask, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name in names:
            fresh = u65sim.Oracle(self.target).estimate(u65sim.Graph.zoo(name))
            self.assertEqual(cycles[name], fresh.cycles)

    def test_errors(self):
        with self.assertRaisesRegex(u65sim.InvalidConfig, "u65-256"):
            u65sim.Target.preset("u65-265")
        with self.assertRaisesRegex(u65sim.InvalidConfig, "sram.size"):
            self.target.set("sram.sise=1MiB")
        with self.assertRaises(u65sim.FileError):
            u65sim.Graph.read("no-such-network.tflite")
        with self.assertRaises(u65sim.Error):
            u65sim.Graph.from_yaml("layers: [")
        oracle = u65sim.Oracle(self.target)
        with self.assertRaises(u65sim.DoesNotFit):
            oracle.estimate(u65sim.Graph.zoo("vgg19_224"))
        self.assertGreater(oracle.estimate(u65sim.Graph.zoo("rnnoise")).cycles, 0)


if __name__ == "__main__":
    unittest.main()

"""The oracle of the Python package: answers, batches, errors, advice."""
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import unittest

import u65sim

TINY = """
inputs:
  - {name: image, shape: [1, 32, 32, 8]}
layers:
  - {op: conv2d, filters: %d, kernel: 3, activation: relu6}
  - {op: depthwise_conv2d, kernel: 3}
"""


class Oracle(unittest.TestCase):
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

    def test_quick(self):
        graph = u65sim.Graph.zoo("ds_cnn")
        quick = u65sim.Oracle(self.target, effort="quick").estimate(graph)
        self.assertIsNone(u65sim.Oracle(self.target).estimate(graph).interval)
        interval = quick.interval
        self.assertLess(interval.least_cycles, interval.low_cycles)
        self.assertLess(interval.low_cycles, quick.cycles)
        self.assertLess(quick.cycles, interval.high_cycles)
        self.assertLess(interval.high_cycles, interval.most_cycles)
        self.assertEqual(pickle.loads(pickle.dumps(quick)).interval, interval)

    def test_best_of(self):
        graphs = [u65sim.Graph.from_yaml(TINY % filters) for filters in (64, 8, 32, 16)]
        oracle = u65sim.Oracle(self.target)
        reports = oracle.estimate_all(graphs)
        fastest = oracle.best_of(graphs)
        self.assertEqual(fastest.index, 1)
        self.assertEqual(fastest.report, reports[1])
        self.assertEqual((fastest.failed, fastest.quick_answers, fastest.misses), (0, 4, 0))
        self.assertLessEqual(fastest.exact_answers, 4)
        budget = reports[2].latency_ms
        widest = oracle.best_of(graphs, [graph.macs for graph in graphs], budget_ms=budget)
        self.assertEqual(widest.index, 2)
        self.assertEqual(widest.report.cycles, reports[2].cycles)
        nothing = oracle.best_of(graphs, budget_ms=0)
        self.assertEqual((nothing.index, nothing.report), (None, None))
        with self.assertRaisesRegex(u65sim.InvalidConfig, "score"):
            oracle.best_of(graphs, [1.0])
        with self.assertRaises(u65sim.InvalidConfig):
            u65sim.Oracle(self.target, effort="quick").best_of(graphs)

    def test_whole_inference(self):
        board = u65sim.Target.preset("u65-256-imx93")
        report = u65sim.Oracle(board).estimate(u65sim.Graph.zoo("ds_cnn"))
        whole = report.inference
        self.assertEqual(whole.ms, report.latency_ms)
        self.assertAlmostEqual(whole.npu.ms + whole.calls.ms + whole.cpu.ms, whole.ms)
        self.assertEqual(whole.calls.ms, float(board["host.driver_call_us"]) / 1000)
        self.assertIsNone(u65sim.Oracle(self.target).estimate(
            u65sim.Graph.zoo("ds_cnn")).inference)

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

    def test_wrong_arguments(self):
        with self.assertRaisesRegex(TypeError, "sparsity"):
            u65sim.Graph.zoo("ds_cnn", sparsity="half")
        with self.assertRaisesRegex(TypeError, "seed"):
            u65sim.Graph.zoo("ds_cnn", seed=-1)
        with self.assertRaises(TypeError):
            u65sim.Oracle()
        with self.assertRaisesRegex(u65sim.InvalidConfig, "workers = -1"):
            u65sim.Oracle(self.target, settings=u65sim.OracleSettings(workers=-1))

    def test_errors_of_a_batch_keep_their_types(self):
        oracle = u65sim.Oracle(self.target)
        graphs = [u65sim.Graph.zoo("vgg19_224"), u65sim.Graph.zoo("rnnoise")]
        refused, report = oracle.estimate_all(graphs, keep_errors=True)
        self.assertIs(type(refused), u65sim.DoesNotFit)
        with self.assertRaises(u65sim.DoesNotFit) as alone:
            oracle.estimate(graphs[0])
        self.assertEqual(str(refused), str(alone.exception))
        self.assertEqual(report, oracle.estimate(graphs[1]))
        with self.assertRaises(u65sim.DoesNotFit):
            oracle.estimate_all(graphs)

    def test_progress_ends_a_batch(self):
        oracle = u65sim.Oracle(self.target)
        graphs = [u65sim.Graph.from_yaml(TINY % filters) for filters in range(8, 72, 8)]
        seen = []

        def two(done, whole):
            seen.append((done, whole))
            return done < 2

        answers = oracle.estimate_all(graphs, threads=1, keep_errors=True, progress=two)
        self.assertEqual(seen, [(1, 8), (2, 8)])
        self.assertTrue(all(isinstance(a, u65sim.Report) for a in answers[:2]))
        self.assertTrue(all(isinstance(a, u65sim.Cancelled) for a in answers[2:]))

        def fail(done, whole):
            raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            oracle.estimate_all([graphs[0]], progress=fail)

    def test_settings_travel(self):
        settings = u65sim.OracleSettings(like_vela=True, memory_bytes=0)
        self.assertEqual(pickle.loads(pickle.dumps(settings)), settings)
        oracle = pickle.loads(pickle.dumps(u65sim.Oracle(self.target, settings=settings)))
        self.assertEqual(oracle.settings, settings)
        self.assertEqual(oracle.target, self.target)
        graph = u65sim.Graph.zoo("mobilenet_v1_025_96")
        self.assertEqual(oracle.estimate(graph),
                         u65sim.Oracle(self.target, like_vela=True).estimate(graph))

    def test_advice(self):
        target = self.target.with_settings("sram.size=32KiB")
        graph = u65sim.Graph.zoo("mobilenet_v1_025_96")
        found = u65sim.Oracle(target).advise(graph)
        saved = [piece.saved_cycles for piece in found.advice]
        self.assertEqual(saved, sorted(saved, reverse=True))
        self.assertEqual(found.report, u65sim.Oracle(target).estimate(graph))
        spilled = {spill.tensor for spill in found.report.spills}
        self.assertTrue(spilled & {each.subject for each in found.advice})
        data = json.loads(found.to_json())
        self.assertEqual([each["text"] for each in data["advice"]],
                         [piece.text for piece in found.advice])
        self.assertIn(found.advice[0].text, found.to_text(1))
        self.assertIn("<table", found.to_html())

    def test_lock_is_released(self):
        graph = u65sim.Graph.zoo("mobilenet_v2_224")
        done = threading.Event()
        turns = 0

        def ask():
            u65sim.Oracle(self.target).estimate(graph)
            done.set()

        thread = threading.Thread(target=ask)
        thread.start()
        while not done.is_set():
            turns += 1
            time.sleep(0.0001)
        thread.join()
        self.assertGreater(turns, 3)

    def test_ctrl_c_ends_a_batch(self):
        program = (
            "import u65sim\n"
            "oracle = u65sim.Oracle(u65sim.Target.preset('u65-256'))\n"
            "graphs = [u65sim.Graph.zoo('mobilenet_v2_224', seed=s) for s in range(1, 4)] * 100\n"
            "oracle = u65sim.Oracle(u65sim.Target.preset('u65-256'),"
            " settings=u65sim.OracleSettings(memory_bytes=0))\n"
            "print('ready', flush=True)\n"
            "try:\n"
            "    oracle.estimate_all(graphs, threads=1)\n"
            "except KeyboardInterrupt:\n"
            "    print('heard')\n")
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True,
                              env=os.environ) as process:
            self.assertEqual(process.stdout.readline(), "ready\n")
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
        self.assertEqual((out, process.returncode), ("heard\n", 0))


if __name__ == "__main__":
    unittest.main()

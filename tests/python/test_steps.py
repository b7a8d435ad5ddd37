"""The steps below the oracle: compile, simulate, execute; blocks and studies."""
import os
import tempfile
import unittest

import u65sim
from test_graph import small

try:
    import numpy
except ImportError:
    numpy = None

STUDY = """
title: How much SRAM?
network: [zoo:ds_cnn]
target: u65-256
axes:
  - sram.size: [128KiB, 384KiB]
measures: [latency_ms, spills]
"""


class Compiled(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = u65sim.Target.preset("u65-256")
        cls.graph = small()
        cls.network = u65sim.compile(cls.graph, cls.target)

    def test_streams(self):
        self.assertRegex(self.network.disassemble(), r"\n +[0-9]+  CONV ")
        self.assertEqual(self.network.payload()[:4], b"COP1")
        self.assertEqual(len(self.network.segments), 1)
        self.assertGreater(len(self.network.payload()), 4 * self.network.segments[0].words)
        self.assertTrue(self.network.constants)
        self.assertTrue(any(place.kind == "feature_map" for place in self.network.placements))
        with self.assertRaisesRegex(u65sim.InvalidStream, "segment = 1"):
            self.network.disassemble(1)

    def test_bare_stream(self):
        payload = self.network.payload()
        self.assertEqual(u65sim.assemble(self.network.disassemble()), [payload])
        bare = u65sim.Graph.from_stream(payload, self.target, self.network.constants, name="bare")
        self.assertEqual(bare.name, "bare")
        self.assertEqual(u65sim.simulate(u65sim.compile(bare, self.target)).cycles,
                         u65sim.simulate(self.network).cycles)
        with self.assertRaises(u65sim.InvalidStream):
            u65sim.Graph.from_stream(payload, self.target, self.network.constants,
                                     sizes=(None, 16))
        with self.assertRaises(u65sim.InvalidStream):
            u65sim.Graph.from_stream(b"COP1", self.target)
        with self.assertRaises(u65sim.InvalidStream):
            u65sim.assemble("NPU_OP_CONVOLUTE")

    def test_lower_bound(self):
        report = u65sim.Oracle(self.target).estimate(self.graph)
        bound = u65sim.lower_bound(self.network)
        self.assertEqual((bound.cycles, bound.limit), (report.bound_cycles, report.limit))
        self.assertLess(0, bound.cycles)
        self.assertLessEqual(bound.cycles, report.cycles)
        names = [op.name for op in self.graph.operators]
        self.assertEqual({names[each.operator]: each.cycles for each in bound.operators},
                         {op.name: op.bound_cycles for op in report.operators if op.bound_cycles})

    def test_stored_and_imported(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "npu.tflite")
            self.network.save(file)
            stored = u65sim.Graph.read(file)
        self.assertTrue(stored.is_compiled)
        again = u65sim.compile(stored, self.target)
        self.assertEqual(u65sim.simulate(again).cycles, u65sim.simulate(self.network).cycles)

    def test_simulated(self):
        simulation = u65sim.simulate(self.network)
        self.assertEqual(sum(simulation.stalls.values()), simulation.cycles)
        report = u65sim.make_report(self.network, simulation)
        oracle = u65sim.Oracle(self.target).estimate(self.graph)
        self.assertEqual(report.operators, oracle.operators)
        read = sum(channel["bytes"] for name, channel in simulation.ports[0].items()
                   if name not in ("ofm", "dma_write"))
        self.assertEqual(read, report.sram.read_bytes)
        with self.assertRaises(u65sim.CycleLimitReached):
            u65sim.simulate(self.network, cycle_limit=100)

    def test_options(self):
        names = u65sim.pass_names()
        dumped = u65sim.compile(self.graph, self.target,
                                u65sim.CompileOptions(dump_after=names[0]))
        self.assertTrue(dumped.pass_dump)
        for step in u65sim.optional_steps():
            u65sim.compile(self.graph, self.target, u65sim.CompileOptions(without=(step,)))
        with self.assertRaises(u65sim.InvalidConfig):
            u65sim.compile(self.graph, self.target, u65sim.CompileOptions(optimise="speed"))

    def test_execution_of_bytes(self):
        data = bytes(range(256)) * 32
        outputs = [
            u65sim.execute(u65sim.compile(self.graph, self.target, options), [data]).output_bytes
            for options in (u65sim.CompileOptions(), u65sim.CompileOptions(optimise="size"))]
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual([len(output) for output in outputs[0]], [10])
        with self.assertRaises(u65sim.InvalidModel):
            u65sim.execute(self.network, [data[:-1]])
        with self.assertRaises(u65sim.InvalidModel):
            u65sim.execute(self.network, [])
        with self.assertRaises(u65sim.InvalidModel):
            u65sim.execute(self.network, [data, data])

    @unittest.skipIf(numpy is None, "NumPy is not installed")
    def test_execution_of_arrays(self):
        values = numpy.arange(-128, 128, dtype="int8").repeat(32).reshape(1, 32, 32, 8)
        done = u65sim.execute(self.network, {"input": values}, check=True)
        self.assertEqual(done.outputs[0].dtype, numpy.int8)
        self.assertEqual(done.outputs[0].shape, (1, 10))
        self.assertEqual(done.outputs[0].tobytes(), done.output_bytes[0])
        self.assertEqual([each for each in done.findings if not each.is_warning], [])
        reversed_in_memory = numpy.asfortranarray(values)
        self.assertEqual(u65sim.execute(self.network, [reversed_in_memory]).output_bytes,
                         done.output_bytes)
        for wrong in (values.astype("int16"), values[0]):
            with self.assertRaisesRegex(TypeError, "input"):
                u65sim.execute(self.network, [wrong])
        with self.assertRaisesRegex(TypeError, "image"):
            u65sim.execute(self.network, {"image": values})


class Blocks(unittest.TestCase):
    def test_study(self):
        target = u65sim.Target.preset("u65-256")
        names = [entry.name for entry in u65sim.block_list()][:2]
        seen = []
        study = u65sim.study_blocks(target, names, ["14x14x32", (7, 7, 64)],
                                    progress=lambda done, whole: seen.append(done) or True)
        self.assertTrue(seen)
        self.assertEqual({point.block for point in study.points}, set(names))
        point = study.points[0]
        graph = u65sim.block(point.block, point.shape)
        self.assertEqual(u65sim.Oracle(target).estimate(graph).cycles, point.cycles)
        self.assertIn(names[0], study.to_text())
        with self.assertRaises(u65sim.Cancelled):
            u65sim.study_blocks(target, names, ["14x14x32"], progress=lambda done, whole: False)


class Studies(unittest.TestCase):
    def test_run(self):
        study = u65sim.Study.from_text(STUDY)
        self.assertEqual(study.items, 2)
        results = u65sim.run_study(study)
        rows = [row for row in results.rows if row.role == "point"]
        self.assertEqual([row.settings["sram.size"] for row in rows], ["128KiB", "384KiB"])
        target = u65sim.Target.preset("u65-256")
        for row in rows:
            report = u65sim.Oracle(
                target.with_settings(f"sram.size={row.settings['sram.size']}")).estimate(
                    u65sim.Graph.zoo("ds_cnn"))
            self.assertEqual(row.measures["latency_ms"], report.latency_ms)
            self.assertEqual(row.measures["spills"], len(report.spills))
            self.assertEqual(set(row.measures), {m.key for m in u65sim.study_measures()})
        self.assertIn("<table>", results._repr_html_())

    def test_folder(self):
        study = u65sim.Study.from_text(STUDY)
        with tempfile.TemporaryDirectory() as folder:
            for shard in range(2):
                u65sim.run_study(study, os.path.join(folder, str(shard)), shard=shard, shards=2)
            joined = u65sim.merge_study(study, [os.path.join(folder, "0"),
                                                os.path.join(folder, "1")],
                                        os.path.join(folder, "all"))
            self.assertEqual(joined.to_csv(), u65sim.run_study(study).to_csv())
            self.assertIn("results.csv", os.listdir(os.path.join(folder, "all")))
        with self.assertRaises(u65sim.InvalidConfig):
            u65sim.Study.from_text("title: nothing")


if __name__ == "__main__":
    unittest.main()

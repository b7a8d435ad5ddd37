"""Reports of the Python package: records, texts, pickles, and what notebooks and pandas take."""
import json
import os
import pickle
import subprocess
import unittest
from dataclasses import asdict

import u65sim

try:
    import pandas
except ImportError:
    pandas = None


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = u65sim.Target.preset("u65-256").with_settings("sram.size=32KiB")
        cls.report = u65sim.Oracle(cls.target).estimate(u65sim.Graph.zoo("mobilenet_v1_025_96"))

    def test_records_are_those_of_the_json(self):
        data = json.loads(self.report.to_json())
        for key, records in (("operators", self.report.operators), ("spills", self.report.spills),
                             ("live_ranges", self.report.live_ranges)):
            self.assertTrue(records, key)
            self.assertEqual(len(records), len(data[key]))
            for record, row in zip(records, data[key]):
                for name, value in asdict(record).items():
                    shown = list(value) if isinstance(value, tuple) else value
                    self.assertEqual(shown, "" if row[name] is None else row[name])
        self.assertEqual(self.report.stalls, data["stalls"])
        self.assertEqual(self.report.pmu, data["pmu"])
        self.assertEqual(self.report.model.name, data["model"]["name"])
        self.assertEqual(self.report.dram.peak_bytes, data["dram"]["used_bytes"])
        self.assertEqual(self.report.to_dict(), data)

    def test_records_add_up(self):
        self.assertEqual(sum(self.report.stalls.values()), self.report.cycles)
        for op in self.report.operators:
            self.assertEqual(sum(op.stalls.values()), op.cycles)
        for spill in self.report.spills:
            self.assertGreater(spill.dram_read_bytes + spill.dram_write_bytes, 0)
            self.assertLess(spill.start_cycle, self.report.cycles)
        spilled = [r for r in self.report.live_ranges if r.spilled]
        self.assertEqual({r.name for r in spilled}, {s.tensor for s in self.report.spills})

    def test_travels(self):
        self.report.to_html()
        again = pickle.loads(pickle.dumps(self.report))
        self.assertEqual(again, self.report)
        self.assertEqual(repr(again), repr(self.report))
        for text in ("to_json", "to_text", "to_csv", "to_html", "_repr_html_"):
            self.assertEqual(getattr(again, text)(), getattr(self.report, text)(), text)
        twice = pickle.loads(pickle.dumps(again))
        self.assertEqual(twice.to_text(), self.report.to_text())

    def test_reads_stored_json(self):
        stored = u65sim.Report.from_json(self.report.to_json())
        self.assertEqual(stored, self.report)
        for figure in ("latency_ms", "npu_share", "cycles", "macs", "mac_utilization",
                       "sram_peak_bytes", "dram_used_bytes", "dram_traffic_bytes"):
            self.assertEqual(getattr(stored, figure), getattr(self.report, figure), figure)
        with self.assertRaisesRegex(u65sim.InvalidConfig, "to_text"):
            stored.to_text()
        for wrong in ("", "[]", "{}", '{"model": 3}'):
            with self.assertRaises(u65sim.InvalidConfig):
                u65sim.Report.from_json(wrong)

    def test_pages(self):
        self.assertTrue(self.report.to_html().startswith("<!doctype html>"))
        shown = self.report._repr_html_()
        self.assertIn(f"{self.report.cycles:,}", shown)
        self.assertNotIn("<script", shown)

    def test_timeline(self):
        oracle = u65sim.Oracle(self.target, settings=u65sim.OracleSettings(timeline=True))
        report = oracle.estimate(u65sim.Graph.zoo("ds_cnn"))
        self.assertIn("traceEvents", json.loads(report.to_trace()))
        with self.assertRaises(u65sim.InvalidConfig):
            self.report.to_trace()

    def test_comparison(self):
        wide = u65sim.Oracle(u65sim.Target.preset("u65-512")).estimate(
            u65sim.Graph.zoo("mobilenet_v1_025_96"))
        comparison = u65sim.compare_reports([self.report, wide], ["narrow", "wide"])
        self.assertIn("wide", comparison.to_text())
        self.assertTrue(comparison.to_dict())
        with self.assertRaises(u65sim.InvalidConfig):
            u65sim.compare_reports([self.report])

    @unittest.skipIf(pandas is None, "pandas is not installed")
    def test_data_frame(self):
        frame = pandas.DataFrame(self.report.operators)
        self.assertEqual(list(frame.cycles), [op.cycles for op in self.report.operators])
        self.assertEqual(frame.groupby("type").macs.sum().sum(),
                         sum(op.macs for op in self.report.operators))

    def test_program_says_the_same(self):
        program = os.environ["U65SIM_PROGRAM"]
        out = subprocess.run(
            [program, "run", "mobilenet_v1_025_96", "--set", "sram.size=32KiB", "--format", "json"],
            stdout=subprocess.PIPE, check=True)
        self.assertEqual(out.stdout.decode(), self.report.to_json())
        by_module = subprocess.run(
            [os.sys.executable, "-m", "u65sim", "run", "mobilenet_v1_025_96", "--set",
             "sram.size=32KiB"], stdout=subprocess.PIPE, check=True)
        self.assertEqual(by_module.stdout.decode(), self.report.to_text())


if __name__ == "__main__":
    unittest.main()

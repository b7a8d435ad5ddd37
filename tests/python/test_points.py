"""Points of studies and of batches, evaluated in other processes."""
import concurrent.futures
import json
import multiprocessing
import os
import pickle
import random
import subprocess
import sys
import tempfile
import unittest

import u65sim

SOURCE = os.environ["U65SIM_SOURCE_DIR"]
EXAMPLE = os.path.join(SOURCE, "examples", "python", "study_points.py")
DASK_PYTHON = os.environ.get("U65SIM_DASK_PYTHON", sys.executable)

GRID = """
title: A grid with a point that does not fit
network: zoo:ds_cnn
keep: [pointwise4]
axes:
  - list: [{dram.bandwidth: 1}, {dram.bandwidth: 4}, {dram.size: 16KiB}, {network.resolution: 1}]
  - network.width: [0.5, 1]
energy: {source: test, pj_per_mac: 1, pj_per_sram_byte: 2, pj_per_dram_byte: 3, leakage_mw: 4}
known:
  source: test
  keys: [network.width]
  figures: [accuracy]
  rows: [[0.5, 70], [1, 80]]
pareto: [latency_ms, {accuracy: largest}]
"""
SEARCH = """
title: A search
network: zoo:ds_cnn
axes:
  - dram.bandwidth: [1, 2, 4]
find:
  largest: network.width
  values: {from: 0.25, to: 3, step: 0.25}
  where: [latency_ms <= 0.15, accuracy >= 60]
known:
  source: test
  keys: [network.width]
  figures: [accuracy]
  rows: [[0.25, 70], [0.5, 71], [0.75, 72], [1, 73], [1.25, 74], [1.5, 75], [2, 76], [3, 77]]
"""
FRONT = """
title: A front
network: zoo:mobilenet_v1_025_96
set: {weights.modelled: true}
axes:
  - network.width: {from: 0.5, to: 1.5, step: 0.25}
  - network.resolution: [48, 64, 96]
pareto: [latency_ms, {macs: largest}]
simulate: front
"""
UNCERTAIN = """
title: Around a point
network: zoo:ds_cnn
sensitivities: {change: 10 %, fields: [dram.bandwidth, dram.read_latency]}
uncertainty: {samples: 3, of: {dram.read_latency: 20 %}}
"""


def contents(folder):
    files = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            files[name] = file.read()
    return files


def has_dask():
    done = subprocess.run([DASK_PYTHON, "-c", "import dask.distributed"],
                          stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


class Points(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def evaluated(self, study, evaluate_all):
        records = []
        while points := study.points(records):
            records += evaluate_all(pickle.loads(pickle.dumps(points)))
        return records

    def test_bytes_of_one_process(self):
        for number, text in enumerate((GRID, SEARCH, FRONT, UNCERTAIN)):
            study = u65sim.Study.from_text(text)
            u65sim.run_study(study, self.path(f"run{number}"))
            records = self.evaluated(study, lambda points: [u65sim.evaluate(p) for p in points])
            again = records + records[:3]
            random.Random(1).shuffle(again)
            results = study.collect(again, self.path(f"points{number}"))
            self.assertEqual(contents(self.path(f"run{number}")),
                             contents(self.path(f"points{number}")))
            self.assertEqual(results.to_csv(), study.collect(records).to_csv())

    def test_pool_of_processes(self):
        study = u65sim.Study.from_text(FRONT)
        start = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=start) as pool:
            records = self.evaluated(study, lambda points: pool.map(u65sim.evaluate, points))
        results = study.collect(records)
        whole = u65sim.run_study(study)
        self.assertEqual(results.to_json(), whole.to_json())
        self.assertEqual(results.rows, whole.rows)
        self.assertEqual(results.effort.simulated + results.effort.estimated, study.items)
        self.assertEqual({row.status for row in whole.rows}, {"measured", "estimated"})
        for row in whole.rows:
            least, most = row.bounds["latency_ms"]
            self.assertLessEqual(least, row.measures["latency_ms"])
            self.assertLessEqual(row.measures["latency_ms"], most)

    def test_forked_process(self):
        study = u65sim.Study.from_text(GRID)
        point = study.points()[0]
        record = u65sim.evaluate(point)
        self.assertEqual(record.item, 0)
        self.assertEqual(record.status, "measured")
        self.assertEqual(record.measures["latency_ms"],
                         u65sim.run_study(study).rows[0].measures["latency_ms"])
        with multiprocessing.get_context("fork").Pool(1) as pool:
            self.assertEqual(pool.map(u65sim.evaluate, [point]), [record])

    def test_files_beside_the_study_from_another_folder(self):
        os.mkdir(self.path("studies"))
        u65sim.Graph.zoo("ds_cnn").save(self.path("studies/net.tflite"))
        with open(self.path("studies/broken.yaml"), "w") as file:
            file.write("layers: 3\n")
        with open(self.path("studies/study.yaml"), "w") as file:
            file.write("title: t\nnetwork: [net.tflite, broken.yaml]\n")
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.chdir(self.folder.name)
        study = u65sim.Study.read("studies/study.yaml")
        points = study.points()
        whole = u65sim.run_study(study)
        os.chdir("/")
        records = [u65sim.evaluate(point) for point in points]
        results = study.collect(records)
        self.assertEqual([row.status for row in results.rows], ["measured", "failed"])
        self.assertIn("studies/broken.yaml", results.rows[1].reason)
        self.assertEqual(results.to_json(), whole.to_json())

    def test_records_that_do_not_fit(self):
        study = u65sim.Study.from_text(GRID)
        points = study.points()
        records = [u65sim.evaluate(point) for point in points]
        self.assertEqual(study.points(records[:5]), points[5:])
        with self.assertRaisesRegex(u65sim.InvalidConfig, "3 points have no record.* item 5"):
            study.collect(records[:5])
        other = u65sim.evaluate(u65sim.Study.from_text(FRONT).points()[12])
        with self.assertRaisesRegex(u65sim.InvalidConfig, "record 8: item 12: must be below 8"):
            study.collect(records + [other])
        with self.assertRaisesRegex(u65sim.InvalidConfig, "item 0 has two that differ"):
            study.collect(records + [u65sim.evaluate(u65sim.Study.from_text(SEARCH).points()[0])])
        changed = u65sim.StudyRecord(records[0].text.replace("point", "probe"))
        with self.assertRaisesRegex(u65sim.InvalidConfig, "is not as it was written"):
            study.points([changed])

    def test_points_that_are_none(self):
        text = u65sim.Study.from_text(GRID).points()[0].text
        facts = json.loads(text)
        for wrong in ("", "{}", "[]", "null", text[:-1], text.replace('"item":0', '"item":"x"'),
                      json.dumps({**facts, "settings": [["network"]]}),
                      json.dumps({**facts, "search": {"key": "a", "largest": True, "values": [],
                                                      "conditions": []}})):
            with self.assertRaises(u65sim.InvalidConfig, msg=wrong):
                u65sim.evaluate(u65sim.StudyPoint(0, wrong))
        old = json.dumps({**facts, "u65sim_version": "0.0.1"})
        with self.assertRaisesRegex(u65sim.InvalidConfig, "made by u65sim 0.0.1"):
            u65sim.evaluate(u65sim.StudyPoint(0, old))
        unknown = json.dumps({**facts, "settings": [["network", "zoo:none"]]})
        self.assertEqual(u65sim.evaluate(u65sim.StudyPoint(0, unknown)).status, "failed")

    def test_networks(self):
        target = u65sim.Target.preset("u65-256")
        graph = u65sim.Graph.zoo("ds_cnn", modelled=True)
        points = [u65sim.NetworkPoint(graph, target),
                  u65sim.NetworkPoint(graph, target, u65sim.OracleSettings(effort="quick"))]
        start = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=start) as pool:
            exact, quick = pool.map(u65sim.evaluate, points)
            self.assertEqual(exact, u65sim.Oracle(target).estimate(graph))
            self.assertEqual(quick, u65sim.Oracle(target, effort="quick").estimate(graph))
            small = target.with_settings("dram.size=16KiB")
            with self.assertRaises(u65sim.DoesNotFit):
                pool.submit(u65sim.evaluate, u65sim.NetworkPoint(graph, small)).result()


class Example(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def run_example(self, python, *arguments):
        with open(self.path("study.yaml"), "w") as file:
            file.write(FRONT)
        env = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(u65sim.__file__))}
        done = subprocess.run([python, EXAMPLE, self.path("study.yaml"), self.path("points"),
                               "--workers", "2", *arguments], check=True, env=env,
                              cwd=self.folder.name, stdout=subprocess.PIPE, text=True)
        results = u65sim.run_study(u65sim.Study.read(self.path("study.yaml")), self.path("run"))
        self.assertEqual(done.stdout, results.to_text())
        self.assertEqual(contents(self.path("points")), contents(self.path("run")))

    def test_concurrent_futures(self):
        self.run_example(sys.executable)

    @unittest.skipUnless(has_dask(), "dask.distributed is not installed")
    def test_dask(self):
        self.run_example(DASK_PYTHON, "--dask")


if __name__ == "__main__":
    unittest.main()

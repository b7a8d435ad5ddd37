"""What readers copy: the page's code, the notebook's cells, the examples."""
import contextlib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import u65sim

SOURCE = os.environ["U65SIM_SOURCE_DIR"]
EXAMPLES = os.path.join(SOURCE, "examples", "python")


def installed(name):
    return importlib.util.find_spec(name) is not None


class Page(unittest.TestCase):
    def test_code_of_the_page(self):
        with open(os.path.join(SOURCE, "docs", "python.md")) as page:
            blocks = re.findall(r"```python\n(.*?)```", page.read(), re.S)
        self.assertGreater(len(blocks), 4)
        names = {}
        with contextlib.redirect_stdout(io.StringIO()):
            for block in blocks:
                if "numpy" not in block or installed("numpy"):
                    exec(block, names)
        self.assertIsInstance(names["report"], u65sim.Report)

    def test_readme(self):
        with open(os.path.join(SOURCE, "README.md")) as page:
            block = re.search(r"```python\n(.*?)```", page.read(), re.S).group(1)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(block, {})
        self.assertRegex(out.getvalue(), r"^[0-9.]+ ms, [0-9]+ spills\n$")

    def test_notebook(self):
        with open(os.path.join(EXAMPLES, "first_report.ipynb")) as file:
            notebook = json.load(file)
        names = {}
        with contextlib.redirect_stdout(io.StringIO()):
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    exec("".join(cell["source"]), names)
        self.assertIn("<table>", names["report"]._repr_html_())


class Examples(unittest.TestCase):
    def test_pruning(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, os.path.join(EXAMPLES, "prune_to_latency.py")],
                                  stdout=subprocess.PIPE, text=True, check=True, cwd=folder)
            pruned = u65sim.Graph.read(os.path.join(folder, "pruned.tflite"))
        parameters = [int(line.split()[2].replace(",", ""))
                      for line in done.stdout.splitlines() if " ms, " in line]
        self.assertGreater(len(parameters), 1)
        self.assertEqual(parameters, sorted(parameters, reverse=True))
        self.assertEqual(pruned.parameters, parameters[-1])
        latency = u65sim.Oracle(u65sim.Target.preset("u65-256")).estimate(pruned).latency_ms
        self.assertLessEqual(latency, 0.12)

    @unittest.skipUnless(installed("optuna"), "Optuna is not installed")
    def test_search(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, os.path.join(EXAMPLES, "search_width.py"),
                                   "journal.log", "3"], stdout=subprocess.PIPE, text=True,
                                  check=True, cwd=folder)
        self.assertIn("6 networks", done.stdout)


if __name__ == "__main__":
    unittest.main()

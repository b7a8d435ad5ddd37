"""Type hints of the Python package: complete, and right for a user's program."""
import os
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ["U65SIM_SOURCE_DIR"]
USER = """
from typing import List, Optional, Union
import u65sim

target: u65sim.Target = u65sim.Target.preset("u65-256")
oracle = u65sim.Oracle(target, effort="high")
reports: List[u65sim.Report] = oracle.estimate_all([u65sim.Graph.zoo("ds_cnn")])
answers: List[Union[u65sim.Report, Exception]] = oracle.estimate_all([], keep_errors=True)
latency: Optional[float] = reports[0].latency_ms
cycles: int = reports[0].operators[0].stalls["mac"]
oracle.estimate(3)
"""


def mypy(*arguments):
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--no-incremental",
                           "--cache-dir", os.devnull, *arguments], stdout=subprocess.PIPE,
                          text=True, env={**os.environ, "MYPYPATH": SOURCE + "/python"})
    return done.stdout


try:
    import mypy as _installed
except ImportError:
    _installed = None


@unittest.skipIf(_installed is None, "mypy is not installed")
class Types(unittest.TestCase):
    def test_package(self):
        self.assertIn("Success", mypy(SOURCE + "/python/u65sim"))

    def test_user(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "user.py")
            with open(file, "w") as out:
                out.write(USER)
            found = mypy(file)
        self.assertIn('user.py:11: error: Argument 1 to "estimate"', found)
        self.assertIn("Found 1 error", found)


if __name__ == "__main__":
    unittest.main()

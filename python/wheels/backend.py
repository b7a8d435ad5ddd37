"""What `pip install .` runs (PEP 517): a wheel for this machine, by its own compiler and libraries.

It needs the library's Debian packages (cmake/debian-packages.sh) and nothing from PyPI. The
variable CMAKE_ARGS has further arguments for CMake; U65SIM_WHEEL_BUILD names a folder that keeps
objects for the next time.
"""
import os
import shlex
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

from wheel_file import ROOT, info_files, info_folder, pack, project_version

Settings = Optional[Dict[str, Any]]


def get_requires_for_build_wheel(config_settings: Settings = None) -> List[str]:
    return []


def get_requires_for_build_sdist(config_settings: Settings = None) -> List[str]:
    return []


def _tag() -> str:
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def prepare_metadata_for_build_wheel(metadata_directory: str,
                                     config_settings: Settings = None) -> str:
    folder = Path(metadata_directory) / info_folder()
    folder.mkdir()
    for name, content in info_files(_tag()).items():
        (folder / name).write_bytes(content)
    return folder.name


def build_wheel(wheel_directory: str, config_settings: Settings = None,
                metadata_directory: Optional[str] = None) -> str:
    library = "libu65sim_python" + (".dylib" if sys.platform == "darwin" else ".so")
    with tempfile.TemporaryDirectory() as unnamed:
        folder = Path(os.environ.get("U65SIM_WHEEL_BUILD", unnamed)).resolve()
        subprocess.run(
            ["cmake", "-S", str(ROOT), "-B", str(folder), "-G", "Ninja",
             "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_SHARED_LINKER_FLAGS=-s",
             "-DCMAKE_EXE_LINKER_FLAGS=-s", "-DU65SIM_WITH_SYSTEMC=OFF",
             "-DU65SIM_BUILD_PYTHON=ON", "-DU65SIM_BUILD_CLI=ON", "-DU65SIM_BUILD_TESTS=OFF",
             "-DU65SIM_BUILD_BENCH=OFF", "-DU65SIM_BUILD_EXAMPLES=OFF",
             *shlex.split(os.environ.get("CMAKE_ARGS", ""))], check=True)
        subprocess.run(["cmake", "--build", str(folder), "--target", "u65sim_python",
                        "u65sim_program"], check=True)
        return pack(folder, _tag(), library, Path(wheel_directory)).name


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """The files under version control."""
    name = f"u65sim-{project_version()}"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True,
                           stdout=subprocess.PIPE).stdout.decode().split("\0")
    archive = Path(sdist_directory) / f"{name}.tar.gz"
    with tarfile.open(archive, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        with tempfile.TemporaryDirectory() as folder:
            metadata = Path(folder) / "PKG-INFO"
            metadata.write_bytes(info_files(_tag())["METADATA"])
            tar.add(metadata, f"{name}/PKG-INFO")
        for file in filter(None, files):
            tar.add(ROOT / file, f"{name}/{file}", recursive=False)
    return archive.name

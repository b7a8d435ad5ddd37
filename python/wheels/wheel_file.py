"""Packs a build of the library, the package and the program into a wheel."""
import base64
import hashlib
import re
import stat
import zipfile
from pathlib import Path
from typing import Dict

ROOT = Path(__file__).resolve().parent.parent.parent


def project_version() -> str:
    found = re.search(r"project\(u65sim VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    assert found is not None
    return found.group(1)


def info_folder() -> str:
    return f"u65sim-{project_version()}.dist-info"


def info_files(tags: str) -> Dict[str, bytes]:
    """The folder of metadata but for its RECORD; `tags` are platforms, separated by points."""
    lines = "".join(f"Tag: py3-none-{tag}\n" for tag in tags.split("."))
    readme = (ROOT / "docs/python.md").read_text()
    metadata = f"""Metadata-Version: 2.1
Name: u65sim
Version: {project_version()}
Summary: Cycle-approximate simulator of the Arm Ethos-U65 NPU
License: MIT
Requires-Python: >=3.9
Classifier: Programming Language :: Python :: 3
Classifier: Typing :: Typed
Provides-Extra: numpy
Requires-Dist: numpy; extra == "numpy"
Description-Content-Type: text/markdown

{readme}"""
    return {
        "METADATA": metadata.encode(),
        "WHEEL": ("Wheel-Version: 1.0\nGenerator: u65sim\nRoot-Is-Purelib: false\n"
                  f"{lines}").encode(),
        "entry_points.txt": b"[console_scripts]\nu65sim = u65sim.__main__:main\n",
        "LICENSE": (ROOT / "LICENSE").read_bytes(),
    }


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def pack(folder: Path, tags: str, library: str, out: Path) -> Path:
    """The wheel of the build in `folder`: equal inputs give equal bytes."""
    files: Dict[str, bytes] = {}
    for source in sorted((ROOT / "python/u65sim").glob("*.py")):
        files[f"u65sim/{source.name}"] = source.read_bytes()
    files["u65sim/py.typed"] = b""
    files[f"u65sim/{library}"] = (folder / "python/u65sim" / library).read_bytes()
    files["u65sim/bin/u65sim"] = (folder / "bin/u65sim").read_bytes()
    info = info_folder()
    files.update({f"{info}/{name}": content for name, content in info_files(tags).items()})
    record = "".join(
        f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    out.mkdir(parents=True, exist_ok=True)
    wheel = out / f"u65sim-{project_version()}-py3-none-{tags}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            mode = 0o755 if name.startswith(("u65sim/bin/", "u65sim/lib")) else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return wheel

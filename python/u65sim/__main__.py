"""The program: `u65sim` and `python -m u65sim`."""
from __future__ import annotations

import os
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "bin" / "u65sim"


def main() -> None:
    """Becomes the program that came with the package."""
    try:
        os.execv(PROGRAM, ["u65sim", *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"u65sim: error: {PROGRAM}: {error.strerror}")


if __name__ == "__main__":
    main()

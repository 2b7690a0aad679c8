"""Another Python process, with hash randomisation on, as another server would be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def printed_by_another_process(code: str, python: str = sys.executable) -> str:
    """Return what ``code`` prints there, without the last line end."""
    done = subprocess.run([python, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.removesuffix("\n")

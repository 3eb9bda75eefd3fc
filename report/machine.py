"""The machine that a page was made on: what its last digits depend on."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np

CPU = Path("/proc/cpuinfo")


def machine() -> str:
    """The processor, with the widest vectors that NumPy knows of, and NumPy's BLAS."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{_processor()} with {blas['name']} {blas['version']}"


def _processor() -> str:
    """Its name where the system tells one, else its architecture; and whether it has AVX-512."""
    told = CPU.read_text(encoding="utf-8") if CPU.is_file() else ""
    fields = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
    named = {key.strip(): " ".join(value.split()) for key, value in fields.items()}
    name = named.get("model name") or platform.processor() or platform.machine()
    return f"{name} (AVX-512)" if "avx512f" in named.get("flags", "") else name

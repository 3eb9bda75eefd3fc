"""Where JAX keeps the programs that it has compiled, so that the next run finds them there.

JAX finds one by the program, its own version and the flags, and compiles again what it does not
find or cannot read.  The folder is the user's, and this processor's alone; it may be deleted.
"""

from __future__ import annotations

import os
import platform
from hashlib import sha256
from pathlib import Path

import platformdirs

PROCESSOR = Path("/proc/cpuinfo")
TELLING = ("model name", "flags", "CPU part", "Features")
"""What Linux tells of a processor that compiled code depends on."""
OWN = ("JAX_COMPILATION_CACHE_DIR", "JAX_ENABLE_COMPILATION_CACHE")
"""By one of these a user says it otherwise."""


def variables() -> dict[str, str]:
    """The environment variables that tell JAX to keep all that it compiles, and where."""
    if any(name in os.environ for name in OWN):
        return {}
    kept = platformdirs.user_cache_path("symgrad", appauthor=False) / "jax"
    return {
        "JAX_COMPILATION_CACHE_DIR": str(kept / sha256(_processor().encode()).hexdigest()[:16]),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def _processor() -> str:
    """What there is to know of it, its first core standing for all."""
    told = PROCESSOR.read_text(encoding="utf-8") if PROCESSOR.is_file() else ""
    lines = told.split("\n\n")[0].splitlines()
    telling = [line for line in lines if line.startswith(TELLING)]
    return "\n".join([platform.machine(), platform.processor(), *telling])

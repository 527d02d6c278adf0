"""Model P as an entrant of a race of engines, run from a folder of its own: `rep(seed)` is one replication."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.model_p import rep

__all__ = ["rep"]

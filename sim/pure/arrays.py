"""The types of arrays, by what they hold."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
# Small numbers, of which there are many.
CountArray = NDArray[np.int32]
BoolArray = NDArray[np.bool_]

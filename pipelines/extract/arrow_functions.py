"""PyArrow's compute functions, and Arrow columns as numpy masks.

The type stubs know only part of the functions and forbid comparing a column with a plain value, so the module is `Any`
here, once, instead of being excused at every call.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

pc: Any = pyarrow.compute
Texts = Any  # an Arrow array or chunked array of texts


def texts(kind: pa.DataType, offsets: NDArray[Any], content: bytes) -> Texts:
    """An Arrow array of texts or bytes over `content`, without copying it."""
    return pa.Array.from_buffers(kind, len(offsets) - 1, [None, pa.py_buffer(cast(Any, offsets)), pa.py_buffer(content)])


def mask(column: Any) -> NDArray[np.bool_]:
    """An Arrow column of booleans as a mask."""
    return np.array(column.to_numpy(zero_copy_only=False), dtype=np.bool_)


def mask_of(n: int, index: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The mask of length `n` that is true at `index`."""
    found = np.zeros(n, dtype=np.bool_)
    found[index] = True
    return found

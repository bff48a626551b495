"""Tensors seen otherwise: nothing is copied, and what is missing is said."""

import numpy as np
import pytest

from sketch.binder.kernel import BinderError
from sketch.binder.tensors import FileSlice, TensorStore

WHOLE = np.arange(24, dtype=np.float32).reshape(4, 6)


def test_a_view_is_the_tensor_transposed_or_reshaped(tmp_path):
    store = TensorStore(tmp_path)
    base = store.put(WHOLE)
    turned = store.view(base, (4, 6), "float32", order=(1, 0))
    long = store.view(base, (4, 6), "float32", new_shape=(24,))
    np.testing.assert_array_equal(store.get(turned, (6, 4), "float32"), WHOLE.T)
    np.testing.assert_array_equal(store.get(long, (24,), "float32"), WHOLE.reshape(-1))
    assert turned in store
    assert len(list(tmp_path.glob("*.bin"))) == 1


def test_a_view_of_a_file_reads_the_file(tmp_path):
    place = tmp_path / "weights.bin"
    place.write_bytes(WHOLE.tobytes())
    store = TensorStore(tmp_path / "store", adopt_below=0)
    base = store.put_slice(FileSlice(str(place), 0, WHOLE.nbytes), "float32", (4, 6))
    array = store.get(store.view(base, (4, 6), "float32", order=(1, 0)), (6, 4), "float32")
    np.testing.assert_array_equal(array, WHOLE.T)
    assert not array.flags.owndata


def test_a_view_without_its_tensor_is_missing(tmp_path):
    store = TensorStore(tmp_path)
    lost = store.view("0" * 64, (4, 6), "float32", order=(1, 0))
    assert lost not in store
    with pytest.raises(BinderError, match="open the original file again"):
        store.get(lost, (6, 4), "float32")

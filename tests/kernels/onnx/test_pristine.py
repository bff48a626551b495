"""What a node was imported as, told apart from what it is now."""

from sketch.kernels.onnx.pristine import mark_of


def test_another_parameter_weight_or_layer_is_another_mark():
    """Among so many, CRC-32 has some that are equal."""
    count = 200_000
    assert len({mark_of("Conv2d", {"out_channels": 7919 * n}, {"weight": n}) for n in range(count)}) == count
    same = mark_of("Conv2d", {"a": 1, "b": 2}, {"weight": 1, "bias": 2})
    assert mark_of("Conv2d", {"b": 2, "a": 1}, {"bias": 2, "weight": 1}) == same
    assert mark_of("Conv1d", {"a": 1, "b": 2}, {"weight": 1, "bias": 2}) != same
    assert mark_of("Conv2d", {"a": 1, "b": 2}, {"weight": 1, "bias": 3}) != same

"""Operators of the ONNX standard as plain torch functions; their source is written into the models that use them."""

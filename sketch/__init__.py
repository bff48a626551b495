"""Sketch: draw neural networks instead of programming them. The functions of `sketch.api` are importable here."""

"""From a recorded run of a module (see capture) to a drawing of layers and functions."""

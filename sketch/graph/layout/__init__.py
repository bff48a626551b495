"""Layered drawing of directed graphs: layers, order within layers, coordinates (Sugiyama's three steps).

All wires of one output share one trunk of in-between vertices, since they carry one value: a network whose
layers all read one mask needs hundreds of vertices then, where a chain for each wire would need thousands.
"""

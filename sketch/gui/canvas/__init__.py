"""The graphical editor: nodes, wires and notes of one canvas, and the gestures that edit them."""

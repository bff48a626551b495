"""What a network is: frozen rows, edits as Deltas, layers from YAML, live inference. No Qt, no framework."""

"""Small networks of many families in plain torch, with seeded weights: real exports to open, convert and compare."""

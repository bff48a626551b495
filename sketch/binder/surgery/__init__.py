"""Surgery that computes with weights: fusing, folding, quantising. Each gives a Delta, one step when applied."""

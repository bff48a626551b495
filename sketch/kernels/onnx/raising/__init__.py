"""From operators to layers, where the match is exact; what has no match stays an operator."""

"""References at a point: rigorous enclosures of the value and of every entry of the gradient."""

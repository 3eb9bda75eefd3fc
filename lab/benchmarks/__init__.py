"""How fast the toolkit is, measured as ratios within one run."""

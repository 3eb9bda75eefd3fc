"""Enclosures by float64 alone, at matrices with hundreds of rows: every rounding is bounded."""

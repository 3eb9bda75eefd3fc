"""Findings: known wrong gradients of released frameworks, put to them again."""

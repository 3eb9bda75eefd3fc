"""The re-checker of a proof appendix: Python's standard library alone, and none of the toolkit."""

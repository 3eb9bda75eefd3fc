"""The first route: SymPy differentiates, and decides that what remains is 0."""

"""The second route: total derivatives in quotients of python-flint's polynomials.

It shares no line with the first.
"""

"""Programs differentiated exactly: the record of a user's function, as it ran, over number systems.

``rules`` says what a step gives and what its vector–Jacobian product is, once for all of them;
``balls`` are Arb's, which enclose, and ``floats`` NumPy's, whose rounding is made larger to see
what it does.  ``sweep`` runs a program there and back, ``noise`` tells what rounding does to it,
and ``reference`` what is true of it.
"""

from symgrad.symbolic.traced.reference import carried, certify, cotangents, pullback

__all__ = ["carried", "certify", "cotangents", "pullback"]

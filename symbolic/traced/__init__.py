"""Programs differentiated exactly: the record of a user's function, as it ran, over number systems.

``rules`` says what a step gives and what its vector–Jacobian product is, once for all of them;
``balls`` are Arb's, which enclose, and ``floats`` NumPy's, whose rounding is made larger to see
what it does; where equal eigenvalues are known (``rationals``, ``commuting``), ``ties`` tells what
is smooth there, and ``jets`` its second derivative.  ``sweep`` runs a program there and back,
``noise`` tells what rounding does to it, ``reference`` what is true of it, ``backward`` what comes
back to single values, and ``closed_form`` writes it out at 2×2 matrices.
"""

from symgrad.symbolic.traced.backward import carried, cotangents, pullback, values
from symgrad.symbolic.traced.closed_form import closed_form
from symgrad.symbolic.traced.reference import certify

__all__ = ["carried", "certify", "closed_form", "cotangents", "pullback", "values"]

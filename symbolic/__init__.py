"""What is true: exact derivatives of matrix functions, by SymPy and python-flint.

This side never sees a framework.  It imports nothing of ``numeric``; it gives the court
``Reference``, ``Identity`` and ``Demonstration`` records.
"""

"""Recording: the forward pass of a callable, written down operation by operation.

One file per framework says how what it executed is made of the operations of
:mod:`symgrad.court.program`; ``tape`` is what they write on, ``composites`` what is made of
several.
"""

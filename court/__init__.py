"""The court: contracts what is reported, compares it with what is true, and judges.

It imports neither witness.  What it knows of them are the records in
:mod:`symgrad.court.questions` and :mod:`symgrad.court.references`.
"""

VERSION = "0.1.0"

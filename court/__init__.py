"""The court: contracts what is reported, compares it with what is true, and judges.

It imports neither witness.  What it knows of them are the records in :mod:`symgrad.court.records`.
"""

VERSION = "0.1.0"

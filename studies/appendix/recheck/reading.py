"""Reading a certificate strictly: what is not written as it is written there is refused."""

import hashlib
import json
import re
from fractions import Fraction as Q

RATIONAL = re.compile(r"-?\d{1,4000}(/\d{1,4000})?")
FLOAT = re.compile(r"-?0x[01]\.[0-9a-f]{1,13}p[+-]\d{1,4}|-?inf|nan")
ROWS = 12
"""Largest number of rows of a matrix; of a Hermitian one, in blocks."""
SPAN = 2**700
"""Largest number of units in an entry of X, the unit being the last digit of all."""
FILES = ("README.md", "appendix.html", "appendix.md", "appendix.pdf", "appendix.tex")
"""What every folder has to have, beside the certificate and the re-checker."""


def load(text):
    """The certificate: JSON of strings, integers, lists and objects without a key given twice."""

    def refuse(number):
        raise ValueError(f"{number[:20]} is a number that no certificate has")

    def unique(pairs):
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key is given twice")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse, parse_float=refuse)


def digest(certificate):
    """SHA-256 of the certificate without its digest, keys sorted."""
    rest = {key: value for key, value in certificate.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def rational(text):
    if not RATIONAL.fullmatch(text):
        raise ValueError(f"{text[:20]!r} is not written as p/q")
    return Q(text)


def number(text):
    """A float, from Python's hexadecimal ones."""
    if not FLOAT.fullmatch(text):
        raise ValueError(f"{text[:20]!r} is no hexadecimal float")
    return float.fromhex(text)


def ball(pair):
    mid, radius = map(rational, pair)
    if radius < 0:
        raise ValueError("a radius is negative")
    return mid, radius


def square(rows, n, entry=number):
    """An n×n matrix."""
    if n > ROWS or len(rows) != n or any(len(row) != n for row in rows):
        raise ValueError(f"a matrix has {len(rows)} rows, not {n}, or more than {ROWS}")
    return [[entry(x) for x in row] for row in rows]


def exactly(text):
    """A finite float as a rational."""
    return Q(number(text))


def check_files(folder, certificate):
    """(What differs from what was certified, the names of files that were not)."""
    wrong = []
    if digest(certificate) != certificate["digest"]:
        wrong.append("certificate.json: its digest does not hold")
    named = certificate["files"]
    wrong += [f"{name}: not named in the certificate" for name in FILES if name not in named]
    for name, expected in named.items():
        path = folder.joinpath(*name.split("/"))
        inside = folder.resolve() in path.resolve().parents
        if not inside or ".." in name or path.is_symlink():
            wrong.append(f"{name}: outside the folder")
        elif not path.is_file():
            wrong.append(f"{name}: missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            wrong.append(f"{name}: not the file that was certified")
    there = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    other = {p.relative_to(folder).as_posix() for p in there} - {*named, "certificate.json"}
    return wrong, sorted(other)

"""What the fuzzer of command lines and of function files draws from."""

from __future__ import annotations

ODD_WORDS = (
    "",
    " ",
    "-",
    "--",
    "=",
    "λ",
    "é" * 300,
    "\udcff",
    "'",
    '"',
    "%s",
    "{0}",
    "$HOME",
    "a\nb",
)
NUMBERS = (
    "0", "-1", "1", "2", "3", "1.5", "1e400", "1e-400", "nan", "-inf", "inf", "10" * 20, "²",
    "0x10",
    "1_0", "٣", "+2", "1/0", "1/3", "9" * 5000, "-" + "9" * 30, "18446744073709551616",
)  # fmt: skip
LINES: dict[str, tuple[str, ...]] = {
    "command": (*[""] * 20, "atlas", "findings", "appendix", "histoy"),
    "right": (
        "det", "trace", "trace_square", "eigenvalue[0]", "log_det", "eigenvector_entry[0]",
        "inverse_entry[0,0]",
    ),
    "name": (
        "eigenvalue[7]", "eigenvalue[-1]", "eigenvalue[", "eigenvalue[0][0]", "cholesky_entry[1,0]",
        "dett", "det ", "DET", "nothing.py", ".py", "/", "FOLDER", "FOLDER/own.py", *ODD_WORDS,
    ),
    "flag": (
        "--quiet", "--prove", "--list", "--verbose", "--forward", "--version", "--help", "--force",
        "--shrink", "--hermitian", "--no-such", "-q", "-h", "--debugg", "",
    ),
    "value": (*NUMBERS, *ODD_WORDS, "det", "numpy", "--size"),
}  # fmt: skip
"""Words of a command line by their place in it."""
VALUES: dict[str, tuple[str, ...]] = {
    "-f": ("numpy", "numpy", "nump", "NumPy", "numpy,torch", "../numpy"),
    "-p": ("symmetric", "toeplitz", "ar1", "diagonal", "hermitian", "circulant", "simmetric"),
    "--parameterization": ("kronecker", "equicorrelation", "arrow", "symmetric", "x"),
    "-n": ("1", "2", "3", "0", "-3", "2001", "101"),
    "--size": ("1", "2", "3", "0", "x", "1e9"),
    "--dtype": ("float64", "float32", "float16", "bfloat16", "complex64", "float128"),
    "--points": ("1", "2", "0", "1001"),
    "--seed": ("0", "7", "-1", "9" * 40),
    "--point": (
        "a=1, b=2, c=3", "a=1,b=2", "a=1, a=2, b=3, c=4", "a=1e400, b=0, c=1", "a=nan, b=0, c=1",
        "a=1/0,b=1,c=1", "a==1", "a", "a=1e-400, b=1e-400, c=1", "a=0, b=0, c=0", "r=1", "θ=1",
        "a=1e999999999, b=0, c=0", "a=0x10, b=0, c=1", "", "a=1; b=2; c=3",
    ),
    "--matrix": (
        "2 1; 1 3", "1 0; 0 1", "0 0; 0 0", "1 2; 3 4", "1 2 3", "", ";", "1", "a b; c d",
        "nan 0; 0 1",
        "inf 0; 0 1", "1e308 0; 0 1e308", "1e-308 0; 0 1", "1e400 0; 0 1", "1,2;2,1", "1 2; 2",
        "1+i 0; 0 1", "FOLDER", "FOLDER/none.txt", "/dev/null", "1e99999999 0; 0 1",
        "/proc/self/mem",
        "1/3 1/7; 1/7 1e-3", "0 1; 1 0",
    ),
    "--timeout": ("5", "60", "0", "-1", "nan", "inf", "1e300", "1e-300", "x"),
    "--memory": ("0", "-1", "4096", "1", "9" * 30),
    "--json": (
        "FOLDER/run.json", "FOLDER", "FOLDER/none/run.json", "/dev/full", "/dev/null",
        "FOLDER/" + "x" * 300,
        "", "/proc/x.json", "FOLDER/run.json/x",
    ),
    "--jobs": ("1", "0", "-1", "x"),
    "--route": ("np.linalg.det", "none"),
    "--framework": ("numpy", "casady"),
}  # fmt: skip
"""Options with their values, right and wrong."""
HEADERS = {
    "formula": 'formula = "tr X²"',
    "domain": 'domain = "symmetric"',
    "citation": 'citation = "d tr X² = 2 tr(X dX)"',
}
BODIES = (
    "1", "None", "''", "b'x'", "[]", "object()", "float('nan')", "'\\x00'", "raise SystemExit(3)",
    "raise KeyError", "raise GeneratorExit", "raise StopIteration", "sys.exit()", "1/0",
    "import nothing",
    "def", "x = (", "class E(BaseException): __str__ = None\nraise E",
    "print('\\udcff')", "del sympy", "formula = domain",
    "gauge = 'the sign of v'",
    "gauge = 3", "raise Warning('a\\nb')", "f = lambda: f()\nf()",
)  # fmt: skip
"""Statements and values that have no place in a function file; some are no Python at all."""
EXACT = (
    "0.5 * (X**2).trace()", "1.0", "1", "0", "None", "'1'", "b'1'", "X", "X[0, 0]", "X**2",
    "[X[0, 0]]",
    "sympy.nan", "sympy.zoo", "sympy.oo", "sympy.I * X[0, 0]", "sympy.Symbol('q') * X[0, 0]",
    "sympy.Symbol(X[0, 0].name) * 2", "sympy.Piecewise((X[0, 0], X[0, 0] > 0), (1, True))",
    "10**400 * X[0, 0]", "X[0, 0] / 10**400", "X[0, 0]**(10**6)", "X[5, 5]", "exact(X)", "1 / 0",
    "sympy.sqrt(X[0, 0] - 100)", "sympy.log(X[0, 0] - 100)", "sympy.floor(X[0, 0])", "abs(X[0, 0])",
    "sympy.sign(X[0, 0])", "sympy.Function('g')(X[0, 0])", "sympy.Integral(X[0, 0], X[0, 0])",
    "sympy.Derivative(X[0, 0]**2, X[0, 0])", "sympy.true", "X[0, 0] > 0", "sympy.Max(X[0, 0], 0)",
    "sympy.Heaviside(X[0, 0])", "sympy.DiracDelta(X[0, 0])", "sympy.gamma(X[0, 0])", "sympy.RootOf",
    "sympy.Matrix([X[0, 0]])", "sympy.Sum(X[0, 0], (sympy.Symbol('k'), 0, 3))", "np.float64(2)",
    "np.ones(2)", "float('nan')", "sympy.conjugate(X[0, 0])", "sympy.Tuple(X[0, 0])", "sys.exit(4)",
    "sympy.S.EmptySet", "sympy.Order(X[0, 0])", "sympy.MatrixSymbol('A', 2, 2)[0, 0]", "X.det",
    "sympy.Mul(X, X, evaluate=False)", "(_ for _ in ()).throw(KeyError)",
    "sympy.exp(10**6 * X[0, 0]**2)",
    "sympy.Limit(X[0, 0], X[0, 0], 0)", "sympy.Eq(X[0, 0], 1)", "sympy.Dummy()", "type(X)",
)  # fmt: skip
"""Definitions that are none, or are not tr X²."""
SHIFTED = "return np.trace(X @ X) + 1, 2 * X"
"""A route of tr X² + 1: wrong beside a definition of tr X², right where its value defines f."""
ROUTES = (
    "return np.trace(X @ X)", "return None", "return 'a', 'b'", "return np.trace(X @ X), X",
    "return np.trace(X @ X), None", "return np.trace(X @ X), 2j * X",
    "return 2 * X, np.trace(X @ X)",
    "return np.trace(X @ X), 2 * X[0]", "return np.trace(X @ X), np.zeros((500, 500))",
    "return np.trace(X @ X), (2 * X).tolist()[:-1]", SHIFTED,
    "return np.trace(X @ X), 2 * X + 1e-6", "return float('nan'), 2 * X",
    "return float('inf'), X * np.inf",
    "return 10**400, 2 * X", "return np.trace(X @ X), X.astype(str)",
    "return np.trace(X @ X), X > 0",
    "return np.trace(X @ X), np.array([[None]])", "raise SystemExit(1)", "raise KeyboardInterrupt",
    "raise GeneratorExit", "class E(BaseException): pass\n    raise E", "os._exit(3)", "os.abort()",
    "sys.stdout.close(); return 1, 3 * X", "os.close(1); return 1, 3 * X", "os.closerange(0, 99)",
    "print('{}'); return 1, 3 * X", "os.write(1, b'rubbish\\n'); return 1, 3 * X",
    "return route(X)",
    "return sympy.Integer(1), sympy.eye(2)", "return b'1', b'2'", "return (1, 2 * X, 3)", "yield 1",
    "X[:] = 0; return 0.0, 2 * X", "return np.float16(1), X.astype(np.float16)",
    "raise MemoryError",
    "return True, -2 * X", "sys.stdin.close(); return 1, 3 * X", "return '1', 3 * X",
    "import nothing",
    "raise UnicodeDecodeError('a', b'b', 0, 1, 'c')", "raise ValueError('\\udcff\\n' * 999)",
    "return {}",
    "os.kill(os.getpid(), 9)", "return np.ma.masked, 3 * X",
    "return np.trace(X @ X), np.matrix(3 * X)",
)  # fmt: skip
"""Routes that fail, or are wrong."""

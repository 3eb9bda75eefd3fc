"""A route as a program of its own: the public calls that it makes, and nothing of this toolkit.

A route of a table is made of calls, of functions that are given them, and of options.  Here each
function is written with what it was given in its place, down to the calls.

Run as ``python writing.py FRAMEWORK [FILE]``: it reads pairs of a function's and a route's name as
JSON, and writes for each the lines that define ``f(X, …)``, or nothing where it cannot be written.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import importlib
import json
import os
import subprocess
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    package = types.ModuleType("symgrad")
    package.__path__ = [os.path.dirname(here)]
    sys.modules["symgrad"] = package
    del sys.path[0]

DEPTH = 4
"""How many dots a public name has at most."""
Given = dict[str, Any]


class UnwrittenError(Exception):
    """Something of a route has no public name, and its source is not to be had."""


def written(route: Callable[..., Any], module: types.ModuleType) -> str:
    """The lines that define f as the route is; the ``module`` is the one that has it.

    Raises:
        UnwrittenError: a part of it cannot be written.
    """
    writer = _Writer((os.path.dirname(__file__), module.__file__ or ""))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are going to be dropped
        writer.meet(module.__file__ or "", vars(module))
    name = ast.unparse(writer.expression(route, wanted="f"))
    if name != "f":
        writer.lines += ["", f"f = {name}"]
    return "\n".join([*sorted(writer.imports), *writer.lines])


class _Writer:
    """What is written by now: imports, definitions, and the names that are taken."""

    def __init__(self, own: tuple[str, ...]) -> None:
        self.own = own
        self.imports: set[str] = set()
        self.lines: list[str] = []
        self.public: dict[str, tuple[Any, str]] = {}
        self.taken = {"X", "E", "G", "y"}
        self.defined: dict[str, str] = {}

    def expression(self, thing: Any, wanted: str = "") -> ast.expr:
        """An expression for it; a function is called as is wanted, or as it was."""
        if thing is None or isinstance(thing, (bool, int, float, complex, str)):
            return ast.parse(repr(thing), mode="eval").body
        if isinstance(thing, dict):
            keys, values = (list(map(self.expression, x)) for x in (thing, thing.values()))
            return ast.Dict([*keys], values)
        if isinstance(thing, (tuple, list)):
            elements = [self.expression(x) for x in thing]
            kind = ast.Tuple if isinstance(thing, tuple) else ast.List
            return kind(elements, ast.Load())
        if isinstance(thing, functools.partial):
            return self._partial(thing, wanted)
        if self.is_own(thing):
            return ast.Name(self.define(thing, (), {}, wanted), ast.Load())
        return ast.parse(self._named(thing), mode="eval").body

    def _partial(self, thing: functools.partial[Any], wanted: str) -> ast.expr:
        if self.is_own(thing.func):
            name = self.define(thing.func, thing.args, thing.keywords, wanted)
            return ast.Name(name, ast.Load())
        call = self.expression(thing.func)
        if not thing.args and not thing.keywords:
            return call
        self.imports.add("import functools")
        made = ast.parse("functools.partial()", mode="eval").body
        assert isinstance(made, ast.Call)
        made.args = [call, *map(self.expression, thing.args)]
        made.keywords = [ast.keyword(k, self.expression(v)) for k, v in thing.keywords.items()]
        return made

    def is_own(self, thing: Any) -> bool:
        """Whether it is a function whose source is here, and no framework's."""
        code = getattr(thing, "__code__", None)
        return isinstance(code, types.CodeType) and code.co_filename.startswith(self.own)

    def _named(self, thing: Any) -> str:
        """The public name by which a user of the framework has it."""
        for name, (found, statement) in self.public.items():
            if found is thing:
                self.imports.add(statement)
                return name
        raise UnwrittenError(f"{thing!r} has no public name")

    def define(self, function: Any, args: Sequence[Any], keywords: Given, wanted: str) -> str:
        """Write a function with what it is given in its place; what it is called."""
        self.meet(function.__code__.co_filename, function.__globals__)
        node = _source(function)
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        given: Given = dict(zip(names, args, strict=False)) | keywords
        kept = [a for a in node.args.args if a.arg not in given]
        node.args.args = kept
        body = _Inliner(self, _environment(function) | given, _bound(node)).of(node)
        plain = ast.unparse(ast.fix_missing_locations(_named_as(node, body, "_")))
        if plain not in self.defined:
            own = function.__name__.strip("_")
            name = self._free(wanted or ("g" if own == "<lambda>" else own))
            self.defined[plain] = name
            text = ast.unparse(ast.fix_missing_locations(_named_as(node, body, name)))
            self.lines += ["", *text.splitlines()]
        return self.defined[plain]

    def _free(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.taken or hasattr(builtins, name):
            number += 1
            name = f"{wanted}{number}"
        self.taken.add(name)
        return name

    def meet(self, file: str, names: Given) -> None:
        """Learn the public names that a file imports, and those within them."""
        for name, statement in _imports(_parsed(file)):
            thing = names.get(name)
            if thing is not None and name not in self.public:
                self.public[name] = (thing, statement)
                self.taken.add(name)
                if isinstance(thing, types.ModuleType):
                    for inner, found in _inside(name, thing):
                        self.public.setdefault(inner, (found, statement))


class _Inliner(ast.NodeTransformer):
    """Puts what a function was given in the place of its names."""

    def __init__(self, writer: _Writer, given: Given, bound: frozenset[str]) -> None:
        self.writer, self.given, self.bound = writer, given, bound

    def of(self, node: ast.Lambda | ast.FunctionDef) -> list[ast.stmt]:
        """The body of a function."""
        if isinstance(node, ast.Lambda):
            return [ast.Return(self.visit(node.body))]
        body = node.body[1:] if ast.get_docstring(node) else node.body
        return [self.visit(statement) for statement in body]

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.bound or node.id not in self.given:
            return node
        return self.writer.expression(self.given[node.id])

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A call of what has options is written as the call with these options."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        thing = self.given.get(name) if name not in self.bound else None
        if not isinstance(thing, functools.partial) or self.writer.is_own(thing.func):
            self.generic_visit(node)
            node.keywords = [one for k in node.keywords for one in _options(k)]
            return node
        write = self.writer.expression
        args = [*map(write, thing.args), *map(self.visit, node.args)]
        options = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        options += [ast.keyword(name, write(value)) for name, value in thing.keywords.items()]
        return ast.Call(write(thing.func), args, options)

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        inner = _Inliner(self.writer, self.given, self.bound | _bound(node))
        node.body = inner.visit(node.body)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        inner = _Inliner(self.writer, self.given, self.bound | _bound(node))
        node.body = [inner.visit(statement) for statement in node.body]
        return node


def _options(given: ast.keyword) -> list[ast.keyword]:
    """``**{'left': False}`` as ``left=False``; anything else is what it is."""
    if given.arg is None and isinstance(given.value, ast.Dict):
        pairs = zip(given.value.keys, given.value.values, strict=True)
        return [ast.keyword(ast.literal_eval(k), v) for k, v in pairs if k is not None]
    return [given]


def _environment(function: types.FunctionType) -> Given:
    """What the names mean that a function does not bind itself."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    free = {name: cell.cell_contents for name, cell in cells}
    return {**function.__globals__, **free}


def _bound(node: ast.Lambda | ast.FunctionDef) -> frozenset[str]:
    """The names that a function binds: its arguments, and what it assigns."""
    found = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    for inner in (x for statement in body for x in ast.walk(statement)):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            found.add(inner.id)
        if isinstance(inner, (ast.FunctionDef, ast.ClassDef)):
            found.add(inner.name)
        if isinstance(inner, (ast.Import, ast.ImportFrom)):
            found |= {(a.asname or a.name).split(".")[0] for a in inner.names}
    return frozenset(found)


def _named_as(
    node: ast.Lambda | ast.FunctionDef, body: list[ast.stmt], name: str
) -> ast.FunctionDef:
    text = ast.parse(f"def {name}(): pass").body[0]
    assert isinstance(text, ast.FunctionDef)
    text.args, text.body = node.args, body
    return text


def _source(function: types.FunctionType) -> ast.Lambda | ast.FunctionDef:
    """The source of a function, a copy.

    Raises:
        UnwrittenError: two functions of that line cannot be told apart.
    """
    code = function.__code__
    there = [
        node
        for node in ast.walk(_parsed(code.co_filename))
        if isinstance(node, (ast.Lambda, ast.FunctionDef)) and _matches(node, code)
    ]
    texts = {ast.unparse(node) for node in there}
    if len(texts) != 1:
        raise UnwrittenError(f"{code.co_filename}:{code.co_firstlineno}: {len(texts)} functions")
    (text,) = texts
    is_lambda = isinstance(there[0], ast.Lambda)
    node = ast.parse(text, mode="eval").body if is_lambda else ast.parse(text).body[0]
    assert isinstance(node, (ast.Lambda, ast.FunctionDef))
    return node


def _matches(node: ast.Lambda | ast.FunctionDef, code: types.CodeType) -> bool:
    """Whether the code may be that of this node: its line, arguments and names."""
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    first = [*decorators, node][0]
    name = getattr(node, "name", "<lambda>")
    arguments = tuple(a.arg for a in (*node.args.posonlyargs, *node.args.args))
    if (first.lineno, name, arguments) != (
        code.co_firstlineno, code.co_name, code.co_varnames[: code.co_argcount],
    ):  # fmt: skip
        return False
    used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    used |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    return {*code.co_names, *code.co_freevars} <= used | {*code.co_varnames, *_modules(node)}


def _modules(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Import, ast.ImportFrom)):
            yield from (alias.name for alias in inner.names)
            yield getattr(inner, "module", "") or ""


@functools.cache
def _parsed(file: str) -> ast.Module:
    try:
        with open(file, encoding="utf-8") as source:
            return ast.parse(source.read())
    except OSError as error:
        raise UnwrittenError(f"{file} cannot be read") from error


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What a file imports that is not this toolkit's: name, and the statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.split(".")[0]
                yield name, ast.unparse(ast.Import([alias]))
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("symgrad"):
            for alias in node.names:
                one = ast.ImportFrom(node.module, [alias], node.level)
                yield alias.asname or alias.name, ast.unparse(one)


def _inside(name: str, module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """The public things in a module and in those within it, the nearest first."""
    level, seen = [(name, module)], {id(module)}
    for _ in range(DEPTH):
        deeper = []
        for prefix, inside in level:
            for attribute, thing in list(vars(inside).items()):
                if attribute.startswith("_") or id(thing) in seen:
                    continue
                if isinstance(thing, (types.ModuleType, type)) or callable(thing):
                    seen.add(id(thing))
                    yield f"{prefix}.{attribute}", thing
                if type(thing) is types.ModuleType:
                    deeper.append((f"{prefix}.{attribute}", thing))
        level = deeper


def ask(
    framework: str,
    wanted: Sequence[tuple[str, str]],
    files: Sequence[str],
    seconds: float,
    python: str = "",
) -> list[str]:
    """The lines of routes, by function and route, in a process of its own; empty of some."""
    stems = {os.path.splitext(os.path.basename(file))[0]: file for file in files}
    found = dict.fromkeys(wanted, "")
    for file in dict.fromkeys(stems.get(function, "") for function, _ in wanted):
        mine = [pair for pair in wanted if stems.get(pair[0], "") == file]
        arguments = [__file__, framework, *filter(None, [file])]
        said = _answer(arguments, json.dumps(mine), seconds, python)
        with contextlib.suppress(ValueError):
            found |= zip(mine, json.loads(said.stdout), strict=True)
    return [found[pair] for pair in wanted]


def run(text: str, seconds: float, python: str = "") -> str:
    """What a script prints, and the last line of its error, if it ends by one."""
    said = _answer(["-c", text], "", seconds, python)
    error = said.stderr.strip().splitlines()[-1:] if said.returncode else []
    return "\n".join([*said.stdout.strip().splitlines(), *error])


def _answer(
    arguments: Sequence[str], said: str, seconds: float, python: str
) -> subprocess.CompletedProcess[str]:
    command = [python or sys.executable, "-W", "ignore", *arguments]
    options: dict[str, Any] = {"input": said, "capture_output": True, "text": True}
    from symgrad.numeric.environments import variables  # not there where this is the script

    inherited = variables() if python else os.environ
    options["env"] = {**inherited, "JAX_TRACEBACK_FILTERING": "off"}  # its error is then told last
    try:
        return subprocess.run(command, timeout=seconds, check=False, **options)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer in {seconds:g} s")


def main(name: str, file: str = "") -> None:
    """Write what standard input asks for to standard output."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    from symgrad.numeric.absent import import_without

    module = import_without("symgrad.numeric.frameworks." + name, name)
    module.Framework().configure()
    routes = module.Framework.routes
    if file:
        module = importlib.import_module("symgrad.numeric.worker").own_module(file)
        routes = {os.path.splitext(os.path.basename(file))[0]: module.routes.get(name, {})}
    found = []
    for function, label in json.load(sys.stdin):
        try:
            found.append(written(routes[function][label], module))
        except (UnwrittenError, KeyError):
            found.append("")
    json.dump(found, output)
    output.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

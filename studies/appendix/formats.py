"""The document as PDF (by Typst), TeX and HTML, by Pandoc; the same bytes for the same Markdown."""

from __future__ import annotations

import importlib
import re
import tempfile
from pathlib import Path
from types import ModuleType

from symgrad.court.errors import InputError

READER = "markdown-auto_identifiers+pipe_tables+tex_math_dollars+yaml_metadata_block"
SYMBOLS = {
    "λ": r"\lambda", "θ": r"\theta", "κ": r"\kappa", "φ": r"\varphi", "μ": r"\mu", "ν": r"\nu",
    "σ": r"\sigma", "Σ": r"\sum", "Δ": r"\Delta", "Φ": r"\Phi", "Λ": r"\Lambda", "ρ": r"\rho",
    "η": r"\eta", "π": r"\pi", "γ": r"\gamma", "α": r"\alpha", "β": r"\beta", "ε": r"\varepsilon",
    "∂": r"\partial", "∇": r"\nabla", "⟨": r"\langle", "⟩": r"\rangle", "‖": r"\|",
    "√": r"\surd",
    "−": "-", "×": r"\times", "·": r"\cdot", "±": r"\pm", "∘": r"\circ", "⊗": r"\otimes",
    "≤": r"\le", "≥": r"\ge", "≠": r"\neq", "≈": r"\approx", "∈": r"\in", "∎": r"\blacksquare",
    "→": r"\to", "∏": r"\prod", "∞": r"\infty", "∑": r"\sum", "½": r"\tfrac12", "′": "'",
    "∫": r"\int", "ᵀ": r"{}^{\mathsf T}", "ᴴ": r"{}^{\mathsf H}",
    "⁻": "{}^{-}", "⁺": "{}^{+}", "⁰": "{}^0",
    "¹": "{}^1", "²": "{}^2", "³": "{}^3", "⁴": "{}^4", "ᵏ": "{}^k", "ⁿ": "{}^n",
    "₀": "{}_0", "₁": "{}_1", "₂": "{}_2", "ᵢ": "{}_i", "ⱼ": "{}_j", "ₖ": "{}_k", "ₙ": "{}_n",
    "₊": "{}_+", "₋": "{}_-", "⁄": "/",
}  # fmt: skip
"""What plain pdfLaTeX is to print for the characters that it has no glyph for."""
LETTERS = {
    "ĭ": r"\u{\i}",
    "…": r"\ldots{}", "–": "--", "—": "---", "“": "``", "”": "''",
}  # fmt: skip
TEX_HEAD = r"""% \input this file where the appendix is to stand, or compile it with pdflatex.
% A paper that takes it in needs these packages and definitions of its preamble:
%   amsmath, amssymb, array, booktabs, calc, longtable, and the lines marked (*) below.
\makeatletter
\ifx\documentclass\@twoclasseserror\def\symgradend{}\else\def\symgradend{\end{document}}
\documentclass[a4paper]{article}
\usepackage[margin=2.2cm]{geometry}
\usepackage{amsmath,amssymb,array,booktabs,calc,longtable}
\emergencystretch=3em
\begin{document}
\fi
\makeatother
\providecommand{\tightlist}{}%% (*)
\makeatletter\@ifundefined{c@none}{\newcounter{none}}{}\makeatother%% (*)
\section*{Gradients of functions of symmetric matrices: a proof appendix}
"""
STYLE = """<style>
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 Georgia, serif; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; margin: 1rem 0; }
th, td { border-bottom: 1px solid #ccc; padding: .25rem .5rem; text-align: left;
  vertical-align: top; }
math[display="block"] { margin: .6rem 0; }
code { font-size: .9em; overflow-wrap: anywhere; }
.display { overflow-x: auto; }
</style>
"""
PAGE = """papersize: a4
fontsize: 10pt
section-numbering: "1.1"
margin: {x: 2cm, y: 2.2cm}
"""
TYPST = """#set document(date: none)
#show raw: set text(size: 0.92em)
#show raw: it => { show regex("[._(=,]"): mark => mark + sym.zws; it }
#show table: set text(size: 7.6pt)
#show table: set par(justify: false)
#show figure: set block(breakable: true)
#show figure: set align(left)
#set table(inset: (x: 3pt, y: 2.5pt))
"""


def convert(markdown: str) -> dict[str, bytes]:
    """The files of the document by name.

    Raises:
        InputError: Pandoc or Typst is not installed, or a character has no LaTeX.
    """
    pandoc, typst = _tool("pypandoc", "pypandoc-binary"), _tool("typst", "typst")

    def to(form: str, *options: str) -> str:
        text = pandoc.convert_text(markdown, form, format=READER, extra_args=list(options))
        return str(text)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "style.html").write_text(STYLE, encoding="utf-8")
        (folder / "style.typ").write_text(TYPST, encoding="utf-8")
        (folder / "page.yaml").write_text(PAGE, encoding="utf-8")
        page = to(
            "html", "--standalone", "--mathml", "-H", str(folder / "style.html"), "-V", "lang=en"
        )
        page = re.sub(r'<meta name="generator"[^>]*>\n?', "", page)
        source = to(
            "typst", "--standalone", "-H", str(folder / "style.typ"),
            "--metadata-file", str(folder / "page.yaml"),
        )  # fmt: skip
        (folder / "appendix.typ").write_text(source, encoding="utf-8")
        pdf = typst.compile(str(folder / "appendix.typ"))
    body = to("latex")
    return {
        "appendix.md": markdown.encode(),
        "appendix.html": page.encode(),
        "appendix.tex": _tex(body).encode(),
        "appendix.pdf": pdf,
    }


def _tex(body: str) -> str:
    """The TeX file: a document of its own, or a part of another that takes it in."""
    used = sorted({c for c in body if ord(c) > 127})
    known = {c: rf"\ensuremath{{{symbol}}}" for c, symbol in SYMBOLS.items()} | LETTERS
    unknown = [c for c in used if c not in known]
    if unknown:
        raise InputError(f"the document holds {unknown[0]!r}, which has no LaTeX in the table")
    body = body.replace(r"\begin{longtable}", r"\footnotesize\begin{longtable}")
    body = re.sub(r"\\texttt\{[^{}]*\}", lambda code: _breakable(code.group()), body)
    return (
        TEX_HEAD
        + body.translate({ord(c): latex for c, latex in known.items()})
        + "\n\\symgradend\n"
    )


def _breakable(code: str) -> str:
    """The same code, which may be broken where a name or an argument ends."""
    return re.sub(r"(\\_|[.,(=])", r"\1\\allowbreak{}", code)


def _tool(module: str, package: str) -> ModuleType:
    """A converter's Python package.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(
            f"the appendix needs {package}: pip install 'symgrad[appendix]'"
        ) from error

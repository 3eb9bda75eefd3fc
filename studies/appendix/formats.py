"""The document as PDF (by Typst), TeX and HTML, by Pandoc; the same bytes for the same Markdown."""

from __future__ import annotations

import importlib
import re
import tempfile
from pathlib import Path
from types import ModuleType

from symgrad.court.errors import InputError
from symgrad.studies.appendix.references import BIB, SOFTWARE, read

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
    "ĭ": r"\u{\i}", "é": r"\'e", "ö": r"\"o",
    "…": r"\ldots{}", "–": "--", "—": "---", "“": "``", "”": "''",
}  # fmt: skip
LAYOUT = Path(__file__).with_name("layout")


def convert(markdown: str) -> dict[str, bytes]:
    """The files of the document by name.

    Raises:
        InputError: Pandoc or Typst is not installed, or a character has no LaTeX.
    """
    pandoc, typst = _tool("pypandoc", "pypandoc-binary"), _tool("typst", "typst")

    def to(form: str, *options: str) -> str:
        options = ("--standalone", f"--lua-filter={LAYOUT / 'environments.lua'}", *options)
        text = pandoc.convert_text(markdown, form, format=READER, extra_args=list(options))
        return str(text)

    page = to(
        "html", "--toc", "--mathml", "-H", str(LAYOUT / "style.html"), "-V", "document-css=false"
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        source = to(
            "typst", "--toc", "-H", str(LAYOUT / "style.typ"),
            "--metadata-file", str(LAYOUT / "page.yaml"),
        )  # fmt: skip
        (Path(name) / "appendix.typ").write_text(source, encoding="utf-8")
        pdf = typst.compile(str(Path(name) / "appendix.typ"))
    cited = re.findall(r"\{#ref:(\w+)\}", markdown)
    works = read()
    listed = "\n".join(["\\begin{thebibliography}{99}", *(works[key].tex() for key in cited)])
    listed += "\n\\end{thebibliography}"
    body = to("latex", f"--template={LAYOUT / 'page.tex'}", "-V", f"references={listed}")
    return {
        "appendix.md": markdown.encode(),
        "appendix.html": re.sub(r'<meta name="generator"[^>]*>\n?', "", page).encode(),
        "appendix.tex": _tex(body).encode(),
        "appendix.pdf": pdf,
        "references.bib": BIB.read_bytes() + SOFTWARE.encode(),
    }


def _tex(body: str) -> str:
    """The TeX file: a document of its own, or a part of another that takes it in."""
    used = sorted({c for c in body if ord(c) > 127})
    known = {c: rf"\ensuremath{{{symbol}}}" for c, symbol in SYMBOLS.items()} | LETTERS
    unknown = [c for c in used if c not in known]
    if unknown:
        raise InputError(f"the document holds {unknown[0]!r}, which has no LaTeX in the table")
    body = body.replace(r"\begin{longtable}", r"\footnotesize\begin{longtable}")
    # the sign that a proof ends with is to stand on its last line
    body = re.sub(r"\n+(\\end\{(?:proof|symgrad\w+)\})", r"\n\1", body)
    body = re.sub(r"\\texttt\{[^{}]*\}", lambda code: _breakable(code.group()), body)
    return body.translate({ord(c): latex for c, latex in known.items()})


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

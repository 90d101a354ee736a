"""Formulas as MathML, which browsers draw themselves: no script, no internet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

_SPELLINGS = {
    # Of the large brackets docutils knows those with a side.
    r"\\([bB]igg?)(?![a-zA-Z])": r"\\\1l",
    # An index would stand under a letter with an accent; braced, it stands beside it.
    r"\\(bar|hat|tilde) ?(\\[a-zA-Z]+|\w)": r"{{}\\\1 \2}",
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer under the name that conf.py gives."""
    app.add_html_math_renderer("mathml", (_in_line, None), (_displayed, None))
    return {"parallel_read_safe": True}


def _in_line(page: HTML5Translator, node: Element) -> None:
    page.body.append(_mathml(node, as_block=False))
    raise SkipNode


def _displayed(page: HTML5Translator, node: Element) -> None:
    page.body.append(f'<div class="math">{_mathml(node, as_block=True)}</div>')
    raise SkipNode


def _mathml(node: Element, *, as_block: bool) -> str:
    """Translate a formula, spelt as docutils needs it."""
    formula = node.astext()
    for spelling, better in _SPELLINGS.items():
        formula = re.sub(spelling, better, formula)
    return tex2mathml(formula, as_block=as_block)

"""How the draw can be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.document import Chapter, Column, Facts, Table, Text

if TYPE_CHECKING:
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication


def certificate(publication: Publication, words: Language) -> Chapter | None:
    """Return the chapter of hashes; None where nothing was drawn."""
    if not publication.certificates:
        return None
    last = publication.certificates[-1]
    facts = {
        "certificate.plan": publication.plan,
        "certificate.seed": last.seed,
        "certificate.seed_source": last.seed_source,
        "certificate.version": last.evalkit,
    }
    pairs = tuple((words.text(key), value) for key, value in facts.items() if value)
    return Chapter(
        name="certificate",
        title=words.text("chapter.certificate"),
        blocks=(
            Text(words.text("certificate.lead")),
            Facts(pairs),
            _draws(publication, words),
        ),
    )


def _draws(publication: Publication, words: Language) -> Table:
    """Return a row for each certificate: its hash stands in the next one."""
    rows = tuple(
        (
            words.month(one.month),
            float(one.drawn),
            float(one.frame),
            one.sha256,
        )
        for one in publication.certificates
    )
    return Table(
        name="draws",
        caption=words.text("certificate.draws"),
        columns=(
            Column(words.text("table.month")),
            Column(words.text("certificate.drawn"), "count"),
            Column(words.text("certificate.frame"), "count"),
            Column(words.text("certificate.hash")),
        ),
        rows=rows,
    )

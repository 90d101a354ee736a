"""The verdict in words, with what stands behind it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evalkit.evaluation.verdict import Verdict
from evalkit.report.gate_text import (
    check_reason,
    covariate_name,
    decimals_apart,
    relevant_points,
)
from evalkit.report.language.catalogue import read_language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.evaluation.evaluation import Evaluation
    from evalkit.report.language.catalogue import Language

_DESCRIBED = {"not_comparable", "too_small", "comparability_unknown"}
_WITHOUT_INTERVAL = {"interim", "cannot_tell"}


def verdict_text(found: Verdict | Evaluation, language: str = "fi") -> str:
    """Say in sentences what a study says, and what it does not.

    Parameters
    ----------
    found
        A verdict, or an evaluation with one.
    language
        ``fi``, ``sv`` or ``en``.

    Returns
    -------
    str
        The verdict; for one that is withheld the reasons, and what would open the way;
        the smallest difference that the study could have shown; the hidden selection
        that would overturn it; and that a random sample is not a random assignment.
        Where the gate is closed no word reads a difference as the pilot's doing.

    Raises
    ------
    EvalkitError
        If evalkit does not speak the language.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.evaluation.evaluation import evaluate
    >>> people = pd.DataFrame({"treat": [1] * 20 + [0] * 80, "y": [1, 0] * 50})
    >>> found = evaluate(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> print(verdict_text(found, "en").split(";")[0])
    The study is too small for a conclusion: people in the pilot group: 20 (at least 30
    allowed)
    """
    caution = read_language(language).text("verdict.caution")
    return " ".join([*verdict_sentences(found, language), caution])


def verdict_sentences(found: Verdict | Evaluation, language: str = "fi") -> list[str]:
    """Return the verdict and what stands behind it, without the general caution.

    Parameters
    ----------
    found, language
        As in `verdict_text`.

    Returns
    -------
    list of str
        The first one (the second of synthetic data) is the verdict itself.
    """
    verdict = found if isinstance(found, Verdict) else found.verdict
    return list(_sentences(verdict, read_language(language)))


def _sentences(verdict: Verdict, words: Language) -> Iterator[str]:
    if verdict.synthetic:
        yield words.text("data.synthetic") + "."
    yield _main(verdict, words)
    known = not math.isnan(verdict.ci_low)
    if verdict.code in _DESCRIBED and known:
        yield words.text("verdict.described", **_interval(verdict, words))
    if verdict.reasons:
        yield words.text("verdict.remedy", remedies=_remedies(verdict, words))
    if verdict.code == "cannot_tell" and not math.isnan(verdict.n_more):
        number, relevant = _about(verdict.n_more, words), _relevant(verdict, words)
        yield words.text("verdict.more", number=number, relevant=relevant)
    if not math.isnan(verdict.detectable) and verdict.code != "data_unsound":
        detectable = words.points(verdict.detectable).removeprefix("+")
        yield words.text("verdict.detectable", detectable=detectable)
    yield from _tipping(verdict, words)


def _main(verdict: Verdict, words: Language) -> str:
    """Return the sentence of the code."""
    key: str = verdict.code
    if verdict.code in _WITHOUT_INTERVAL and math.isnan(verdict.ci_low):
        key += "_without_interval"
    reasons = "; ".join(check_reason(check, words) for check in verdict.reasons)
    return words.text(
        f"verdict.{key}",
        **_interval(verdict, words),
        relevant=_relevant(verdict, words),
        strict=words.points(verdict.strict),
        month=words.month(verdict.next_look),
        reasons=reasons,
    )


def _interval(verdict: Verdict, words: Language) -> dict[str, str]:
    """Return the ends of the interval that the verdict rests on, and its level."""
    low, high, level = verdict.ci_low, verdict.ci_high, verdict.level
    if verdict.code == "no_difference_larger_than_d":
        low, high = verdict.narrow_low, verdict.narrow_high
        level = 2 * verdict.level - 1
    relevant = verdict.relevant_difference
    marks = [0.0, 100 * relevant, -100 * relevant]
    decimals = max(decimals_apart(100 * end, marks) for end in (low, high))
    return {
        "low": words.number(100 * low, decimals=decimals, signed=True),
        "high": words.number(100 * high, decimals=decimals, signed=True),
        "level": words.percent(level),
    }


def _relevant(verdict: Verdict, words: Language) -> str:
    return relevant_points(verdict.relevant_difference, words)


def _about(number: float, words: Language) -> str:
    """Return a number of people, rounded up to two digits."""
    unit = 10 ** max(math.floor(math.log10(max(number, 1))) - 1, 0)
    return words.number(math.ceil(number / unit) * unit)


def _remedies(verdict: Verdict, words: Language) -> str:
    """Return what would open the way, each remedy once."""
    remedies = dict.fromkeys(check.remedy for check in verdict.reasons)
    return "; ".join(words.text(f"gate.{remedy}") for remedy in remedies)


def _tipping(verdict: Verdict, words: Language) -> Iterator[str]:
    """Say how much hidden selection would overturn the verdict, where that is known."""
    if math.isnan(verdict.robustness):
        return
    share = words.percent(verdict.robustness, decimals=1)
    yield words.text("verdict.tipping", robustness=share)
    if verdict.benchmark:
        yield words.text(
            "verdict.tipping_beside",
            times=words.number(verdict.benchmark_times, decimals=1),
            covariate=covariate_name(verdict.benchmark, words),
        )

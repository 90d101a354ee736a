"""The estimand card in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from evalkit.evaluation.card import GIVEN, estimand_rules
from evalkit.report.criterion_text import excluded_text
from evalkit.report.gate_text import covariate_name, relevant_points
from evalkit.report.language.catalogue import read_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.evaluation.card import EstimandCard
    from evalkit.report.language.catalogue import Language
    from evalkit.study.protocol import Protocol


Reading = Literal["outcome", "outcome_report"]


def card_rows(card: EstimandCard, language: str = "fi") -> list[tuple[str, str]]:
    """Return the card in words.

    Parameters
    ----------
    card
        What is estimated.
    language
        ``fi``, ``sv`` or ``en``.

    Returns
    -------
    list of (label, text)
        A pair for each item that the card has something to say of.

    Raises
    ------
    EvalkitError
        If evalkit does not speak the language.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.evaluation.evaluation import evaluate
    >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "y": [1, 0, 0, 1]})
    >>> card = evaluate(Cohort.from_frame(people, group="treat", outcome="y")).card
    >>> dict(card_rows(card, "en"))["Unknown outcomes"]
    'left out, and bounded both ways'
    """
    words = read_language(language)
    texts = {
        "title": card.title,
        "months": _months(card, words),
        "population": _coded("population", card.population, words),
        "weeks": _weeks(card, words),
        "exclude": ", ".join(excluded_text(name, words) for name in card.exclude),
        "offices": ", ".join(card.offices),
        "time_zero": _coded("time_zero", card.time_zero, words),
        "lag": _lag(card.lag, words),
        "outcome": _outcome(card.outcome, card.unemployed, words),
        "absent": _coded("absent", card.absent, words),
        "estimand": words.text(f"card.estimand_{card.estimand}"),
        "estimator": estimator_text(card, words),
        "covariates": "; ".join(covariate_name(n, words) for n in card.covariates),
        "pooling": _pooling(card, words),
        "return_rule": _coded("return_rule", card.return_rule, words),
        "contamination": words.text(f"card.contamination_{card.contamination}"),
        "unknowns": words.text(f"card.unknowns_{card.unknowns}"),
        "cluster": words.text(f"card.cluster_{card.cluster}"),
        "level": words.percent(card.level),
        "relevant_difference": relevant_points(card.relevant_difference, words),
        "looks": ", ".join(words.month(month) for month in card.looks),
    }
    return [(words.text(f"card.{key}"), text) for key, text in texts.items() if text]


def rules_line(
    protocol: Protocol,
    *,
    time_zero: str,
    outcome: Reading | None = "outcome",
    language: str = "fi",
) -> str:
    """Return the card in short, for figures that are seen alone.

    Parameters
    ----------
    protocol
        The study's plan.
    time_zero
        ``aligned`` or ``report``: where follow-up begins in the figure.
    outcome
        Which reading of the outcome is shown; None for durations, which have neither
        outcome nor lag.
    language
        ``fi``, ``sv`` or ``en``.

    Examples
    --------
    >>> from evalkit.examples.satakunta import example_plan
    >>> line = rules_line(example_plan(), time_zero="aligned", outcome=None)
    >>> line.split("; ")[0], line.split(". ")[1]
    ('Seurannan alku: ohjaus', 'Synteettinen aineisto.')
    """
    words, rules = read_language(language), estimand_rules(protocol)
    said = {"time_zero": _coded("time_zero", time_zero, words)}
    if outcome is not None:
        said["lag"] = _lag(rules["lag"], words)
        said["outcome"] = (
            words.text("reading.report_rule")
            if outcome == "outcome_report"
            else _outcome(rules["outcome"], rules["unemployed"], words)
        )
    parts = [
        f"{words.text(f'card.{key}')}: {text.rstrip('.')}."
        for key, text in said.items()
    ]
    if protocol.study.synthetic:
        parts.append(f"{words.text('data.synthetic')}.")
    return " ".join(parts)


def _coded(item: str, code: str, words: Language) -> str:
    """Return the words for a code; what has no plan is as its maker has it."""
    if code == GIVEN:
        return words.text("card.given")
    return words.text(f"card.{item}_{code}")


def _months(card: EstimandCard, words: Language) -> str:
    first, last = words.month(card.months[0]), words.month(card.months[-1])
    if first == last:
        return first
    number = words.number(len(card.months))
    return words.text("card.month_range", first=first, last=last, number=number)


def _weeks(card: EstimandCard, words: Language) -> str:
    if not card.weeks:
        return ""
    low, high = card.weeks
    return words.text("card.week_range", low=low, high=high)


def _lag(lag: str, words: Language) -> str:
    if not lag:
        return words.text("card.given")
    number, unit = lag.split("_")
    return words.text(f"card.lag_{unit}", number=number)


def _outcome(rule: str, unemployed: Sequence[str], words: Language) -> str:
    if rule == GIVEN:
        return words.text("card.given")
    return words.text(f"card.outcome_{rule}", codes=", ".join(unemployed))


def estimator_text(card: EstimandCard, words: Language) -> str:
    """Return the pre-declared estimator in words."""
    if card.estimand == "unadjusted":
        return words.text("card.estimator_unadjusted")
    return words.text(f"specification.{card.estimator}")


def _pooling(card: EstimandCard, words: Language) -> str:
    by_both = card.pooling == "mantel-haenszel"
    return words.text("card.pooling_both" if by_both else "card.pooling_pilot")

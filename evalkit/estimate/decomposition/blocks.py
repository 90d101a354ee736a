"""Covariates that belong together, as a reader would name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.sample import MONTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_BLOCKS = 9
KNOWN_BLOCKS = {
    "duration": ("weeks_before", "weeks_group"),
    "laid_off": ("laid_off",),
    "history": ("months_unemployed_24", "spells_24", "services_24"),
    "age": ("age", "age_group", "birth_year"),
    "sex": ("sex",),
    "education": ("education",),
    "occupation": ("occupation",),
    "place": ("municipality", "sub_region", "region", "office"),
}
BROAD_BLOCKS = {
    "unemployment": ("duration", "laid_off", "history"),
    "person": ("age", "sex"),
    "schooling": ("education", "occupation"),
    "place": ("place",),
}
_HOMES = {covariate: name for name, own in KNOWN_BLOCKS.items() for covariate in own}


def blocks_of(
    terms: Sequence[str], blocks: Mapping[str, Sequence[str]] | None = None
) -> dict[str, tuple[str, ...]]:
    """Sort terms into blocks: the given ones, else evalkit's; the rest stand alone.

    Parameters
    ----------
    terms
        Covariates, and ``month`` where there are several.
    blocks
        Covariates of each block. None: blocks by the usual names of covariates.

    Returns
    -------
    dict
        Terms by block, in the order of the terms.

    Raises
    ------
    EstimationError
        If a covariate stands in two blocks or is not there, or if the blocks are too
        many: each more doubles the work.

    Examples
    --------
    >>> blocks_of(["weeks_before", "age", "office", "municipality", "month"])
    {'duration': ('weeks_before',), 'age': ('age',),
     'place': ('office', 'municipality'), 'month': ('month',)}
    """
    homes = _HOMES if blocks is None else _given_homes(terms, blocks)
    found: dict[str, tuple[str, ...]] = {}
    for term in dict.fromkeys(terms):
        name = homes.get(term, term)
        found[name] = (*found.get(name, ()), term)
    if len(found) > MOST_BLOCKS:
        raise EstimationError(
            f"There are {len(found)} blocks of covariates; {MOST_BLOCKS} are the most.",
            hint="Put covariates that belong together into one block: "
            'blocks={"health": ["sick_days", "visits"], ...}.',
        )
    return found


def broad_blocks(covariates: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Sort covariates into few and broad blocks, as a report shows them.

    Examples
    --------
    >>> broad_blocks(["weeks_before", "age", "sex", "services_24", "wage"])
    {'unemployment': ('weeks_before', 'services_24'), 'person': ('age', 'sex')}
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, parts in BROAD_BLOCKS.items():
        homes = {covariate for part in parts for covariate in KNOWN_BLOCKS[part]}
        if own := tuple(c for c in dict.fromkeys(covariates) if c in homes):
            found[name] = own
    return found


def _given_homes(
    terms: Sequence[str], blocks: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    named = [covariate for own in blocks.values() for covariate in own]
    if unknown := sorted(set(named) - {*terms, MONTH}):
        raise EstimationError(
            f"`blocks` names what is not adjusted for: {', '.join(unknown)}.",
            hint=f"Adjusted for are: {', '.join(dict.fromkeys(terms))}.",
        )
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise EstimationError(
            f"`blocks` names a covariate twice: {', '.join(twice)}.",
            hint="Each covariate belongs to one block.",
        )
    return {covariate: name for name, own in blocks.items() for covariate in own}

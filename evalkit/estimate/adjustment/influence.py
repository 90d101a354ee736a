"""What each row contributes to the error of an estimate, and the standard error of it.

An estimate that solves estimating equations errs, in large samples, by a sum over rows
of their influence [1]_. Equations that are stacked on those of estimated models, such
as weights and predictions, are solved block by block: the influence of a row is its
own part, and what it does through each model. This is the sandwich of the whole stack,
without ever building the stack.

References
----------
.. [1] Stefanski LA, Boos DD (2002). The calculus of M-estimation. The American
   Statistician 56, 29-38.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.groups.gram import gram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_FEW_CLUSTERS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    r"""A model with linear predictor :math:`\eta = x'\gamma`, fitted to some rows.

    Attributes
    ----------
    x
        Design, the constant first: n x k.
    fitted
        What the estimate uses of the model: a value for each row.
    slope
        Derivative of `fitted` by :math:`\eta`.
    residual
        Factor of x in each row's estimating equation; zero for rows outside the fit.
    curvature
        Minus the derivative of `residual` by :math:`\eta`.
    note
        What should be known about the fit; empty when there is nothing.
    """

    x: Array
    fitted: Array
    slope: Array
    residual: Array
    curvature: Array
    note: str = ""

    def influence(self, sensitivity: Array) -> Array:
        """Return what each row does to an estimate through this model.

        `sensitivity` is the derivative of the estimate by each row's fitted value.
        """
        gradient = self.x.T @ (sensitivity * self.slope)
        bread = gram(self.x, self.curvature)
        return np.asarray(self.residual * (self.x @ solved(bread, gradient)))


def solved(bread: Array, gradient: Array) -> Array:
    """Solve in units in which each column counts alike; rank may be short."""
    if not bread.size:
        return gradient
    unit = np.sqrt(np.diag(bread))
    unit = np.where(unit > 0, unit, 1.0)
    scaled = bread / unit[:, None] / unit
    return np.asarray(np.linalg.lstsq(scaled, gradient / unit, rcond=None)[0] / unit)


def clustered_covariance(influence: Array, cluster: NDArray[np.intp]) -> Array:
    """Return the covariance matrix of estimates whose influences are the columns.

    The influences of the rows of a cluster are summed, so that they may depend on each
    other in any way; G clusters give the factor G / (G - 1). NaN for one cluster.
    """
    columns = influence.reshape(len(influence), -1)
    _, code = np.unique(cluster, return_inverse=True)
    n_clusters = int(code.max()) + 1 if code.size else 0
    if n_clusters < 2:  # noqa: PLR2004  (one cluster says nothing about variation)
        return np.full((columns.shape[1],) * 2, math.nan)
    sums = np.stack([np.bincount(code, weights=column) for column in columns.T])
    return np.asarray(n_clusters / (n_clusters - 1) * sums @ sums.T)


def clustered_se(influence: Array, cluster: NDArray[np.intp]) -> float:
    """Return the standard error of one estimate, clustered."""
    return math.sqrt(clustered_covariance(influence, cluster)[0, 0])


def few_clusters_note(cluster: NDArray[np.intp]) -> str:
    """Warn of a standard error from a handful of clusters."""
    n_clusters = np.unique(cluster).size
    if n_clusters < _FEW_CLUSTERS:
        return f"only {n_clusters} clusters: the interval may be too narrow"
    return ""

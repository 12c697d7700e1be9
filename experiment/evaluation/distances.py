"""How far one set of images is from another: statistics of their features, (n, D) and (m, D).

SciPy is imported where it is used: it takes a second, for which commands that draw pictures need not wait.
"""
import numpy as np

NEIGHBOURS = 3        # k of the manifolds, as Kynkäänniemi et al. have it


def frechet(a, b):
    """Fréchet distance between the Gaussians with the means and covariances of two sets (Heusel et al. 2017).

    |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)).
    """
    from scipy.linalg import eigh, eigvalsh
    cov_a, cov_b = (np.cov(x.astype(np.float64), rowvar=False) for x in (a, b))
    values, vectors = eigh(cov_a)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    # A B and A^(1/2) B A^(1/2), which is symmetric, have the same eigenvalues.
    cross = np.sqrt(np.maximum(eigvalsh(root @ cov_b @ root), 0)).sum()
    apart = a.mean(0, dtype=np.float64) - b.mean(0, dtype=np.float64)
    return float(apart @ apart + np.trace(cov_a) + np.trace(cov_b) - 2 * cross)


def kernel_distance(a, b):
    """Squared maximum mean discrepancy with the kernel (x . y / D + 1)^3, unbiased: about 0 for two samples
    of one distribution, and as often below (Binkowski et al. 2018)."""
    a, b = a.astype(np.float64), b.astype(np.float64)

    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    def among(x):
        k, n = kernel(x, x), len(x)
        return (k.sum() - np.trace(k)) / (n * (n - 1))

    return float(among(a) + among(b) - 2 * kernel(a, b).mean())


def precision_recall(real, generated, k=NEIGHBOURS):
    """(precision, recall): the share of `generated` inside the manifold of `real`, and the other way round.

    A set's manifold: the balls around its points that reach the k-th nearest other point of the set
    (Kynkäänniemi et al. 2019).
    """
    from scipy.spatial.distance import cdist
    apart = cdist(real, generated)
    precision = (apart <= _reach(real, k)[:, None]).any(0).mean()
    recall = (apart <= _reach(generated, k)).any(1).mean()
    return float(precision), float(recall)


def _reach(points, k):
    from scipy.spatial.distance import cdist
    k = min(k, len(points) - 1)
    return np.partition(cdist(points, points), k, axis=1)[:, k]         # 0: the point itself


def above(a, b):
    """Probability that one of `a` is above one of `b`, ties counted half: the area under the ROC curve."""
    from scipy.stats import mannwhitneyu
    return float(mannwhitneyu(a, b, method="asymptotic").statistic / (len(a) * len(b)))

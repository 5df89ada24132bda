"""From scored pairs to groups of records of one person: average linkage, one-to-one odds, mutual best; and the figures of what came out."""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

Pairs = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


def linked(pairs: Pairs, scores: Floats, size: int, unseen: float, least: float, most: float = 12.0) -> tuple[Pairs, Floats]:
    """Joins groups by the mean score of all pairs between them, the best first, down to ``least``: all pairs within groups, and at which mean.

    A pair that was not scored counts as ``unseen`` bits; no single pair counts for more than ``most``.
    """
    near: list[dict[int, tuple[float, int]]] = [{} for _ in range(size)]
    heap = []
    for (a, b), score in zip(pairs.tolist(), np.minimum(scores, most).tolist(), strict=True):
        near[a][b] = near[b][a] = (score, 1)
        if score >= least:
            heap.append((-score, a, b, 1, 1))
    heapq.heapify(heap)
    members: list[list[int]] = [[n] for n in range(size)]
    joined = []
    while heap:
        height, a, b, size_a, size_b = heapq.heappop(heap)
        if len(members[a]) != size_a or len(members[b]) != size_b:
            continue
        if len(near[a]) < len(near[b]):
            a, b = b, a
        joined.append((-height, members[a], members[b]))
        members[a], members[b] = members[a] + members[b], []
        _take_over(near, a, b)
        for c, (total, count) in near[a].items():
            full = len(members[a]) * len(members[c])
            mean = (total + (full - count) * unseen) / full
            if mean >= least:
                heapq.heappush(heap, (-mean, a, c, len(members[a]), len(members[c])))
    return _between(joined)


def _take_over(near: list[dict[int, tuple[float, int]]], a: int, b: int) -> None:
    """What stood beside ``b`` stands beside ``a``."""
    near[a].pop(b, None)
    for c, (total, count) in near[b].items():
        if c != a:
            more, further = near[a].get(c, (0.0, 0))
            near[a][c] = near[c][a] = (total + more, count + further)
            near[c].pop(b, None)
    near[b] = {}


def _between(joined: list[tuple[float, list[int], list[int]]]) -> tuple[Pairs, Floats]:
    pairs = [np.stack([np.repeat(one, len(other)), np.tile(other, len(one))], axis=1) for _, one, other in joined]
    heights = [np.full(len(one) * len(other), height) for height, one, other in joined]
    return np.concatenate(pairs).astype(np.int32), np.concatenate(heights)


def one_to_one(pairs: Pairs, scores: Floats) -> Floats:
    """Bits for each pair against every rival of either side, where nobody stands twice in a file."""
    odds = np.exp2(np.clip(scores, -60, 200))
    rivals = [np.bincount(pairs[:, side], weights=odds)[pairs[:, side]] - odds for side in (0, 1)]
    return np.asarray(np.log2(odds) - np.log2(1 + np.maximum(rivals[0], 0) + np.maximum(rivals[1], 0)))


def mutual(pairs: Pairs, scores: Floats) -> npt.NDArray[np.bool_]:
    """Whether each pair is the best one of both its records."""
    fine = np.ones(len(pairs), bool)
    for side in (0, 1):
        best = np.full(int(pairs[:, side].max()) + 1, -np.inf)
        np.maximum.at(best, pairs[:, side], scores)
        fine &= scores == best[pairs[:, side]]
    return fine


def figures(scores: Floats, right: npt.NDArray[np.bool_], true: int) -> str:
    """Best F1, and recall at the best threshold with precision .99 and .999; both thresholds chosen afterwards with the labels."""
    hits = np.cumsum(right[np.argsort(-scores, kind="stable")])
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / true
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    n = int(f1.argmax())
    at = {p: float(recall[precision >= p].max()) if (precision >= p).any() else 0.0 for p in (0.99, 0.999)}
    return f"best F1 {f1[n]:.4f} (P {precision[n]:.4f} R {recall[n]:.4f}), R@P.99 {at[0.99]:.4f}, R@P.999 {at[0.999]:.4f}, found {recall[-1]:.4f}"


def f1_at(scores: Floats, right: npt.NDArray[np.bool_], true: int, least: float) -> str:
    """Precision, recall and F1 of all pairs from ``least`` on: a threshold that no label chose."""
    chosen = right[scores >= least]
    precision, recall = chosen.mean(), chosen.sum() / true
    return f"from {least:g} bits: F1 {2 * precision * recall / (precision + recall):.4f} (P {precision:.4f} R {recall:.4f})"

"""The limit of the processor: the products of a model alone, by torch and by numpy."""

import time

import numpy as np
import torch


def versions():
    return {"numpy": np.__version__}


def products(shapes, times, threads):
    """Seconds for all products, each (rows, inner, columns) with a matrix of its own, one after the other: the fewest of
    `times` runs, by the faster of the two."""
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(1)
    random = lambda *shape: torch.randn(*shape, generator=generator)
    rows = {(rows, inner): random(rows, inner) for rows, inner, _ in shapes}
    work = []
    for count, inner, columns in shapes:
        # Weights lie as a layer of torch has them.
        work.append((rows[count, inner], random(columns, inner), torch.empty(count, columns)))

    def by_torch():
        for left, right, result in work:
            torch.mm(left, right.t(), out=result)

    arrays = [(left.numpy(), right.numpy(), result.numpy()) for left, right, result in work]

    def by_numpy():
        for left, right, result in arrays:
            np.matmul(left, right.T, out=result)

    found = {}
    for name, run in (("torch", by_torch), ("numpy", by_numpy)):
        found[name] = float("inf")
        for _ in range(times + 1):
            start = time.perf_counter()
            run()
            found[name] = min(found[name], time.perf_counter() - start)
    by = min(found, key=found.get)
    return {"seconds": found[by], "by": by}

"""Golden numbers of observations put together, by NumPy alone: what the test in src/engine/observations.rs expects.

    pip install numpy
    python tests/golden/observations.py

Prints, for three observations of a picture, the mean of their percentiles, and the percentile of that mean.
"""

import numpy as np

at = np.arange(300)
REFERENCE = np.sin((at * at % 97) * 0.37 + at * 0.011).reshape(100, 3)
PERCENT = np.arange(101)


def percentile(population, value):
    """Interpolated between the population's own percentiles; 0 below all of them, 100 from the last on."""
    return np.interp(value, np.percentile(population, PERCENT), PERCENT)


def combine(logits, reference):
    mean = lambda row: np.mean([percentile(column, value) for column, value in zip(reference.T, row)])
    return mean(logits), percentile([mean(row) for row in reference], mean(logits))


for logits in [0.5, 0.9, -0.2], [-0.95, -0.9, 0.1], [2.0, 2.0, 2.0]:
    print(logits, *(f"{value:.4f}" for value in combine(np.array(logits), REFERENCE)))

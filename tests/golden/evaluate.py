"""Golden figures of an evaluation, computed by scikit-learn.

    pip install numpy scikit-learn
    python tests/golden/evaluate.py tests/fixtures/evaluate

Writes scores.csv and labels.csv, of 120 images with ties and unknown labels, and expected.json.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

FOLDER = Path(sys.argv[1])
FINDINGS = {"Pneumothorax": 0.12, "Pleural Effusion": 0.4, "Cardiomegaly": 0.25}


def write(name, header, rows):
    with open(FOLDER / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def figures(labels, scores):
    """All figures of one finding; the threshold is the highest with the best F1."""
    steps = sorted(set(scores), reverse=True)
    threshold = max(steps, key=lambda step: (metrics.f1_score(labels, scores >= step), step))
    called = scores >= threshold
    fpr, tpr, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    low, high = scores.min(), scores.max()  # probabilities, as scikit-learn wants them, in the same order
    share, mean = calibration_curve(labels, (scores - low) / (high - low), n_bins=10, strategy="quantile")
    return {
        "positives": int(labels.sum()),
        "auroc": metrics.roc_auc_score(labels, scores),
        "average_precision": metrics.average_precision_score(labels, scores),
        "threshold": threshold,
        "f1": metrics.f1_score(labels, called),
        "mcc": metrics.matthews_corrcoef(labels, called),
        "sensitivity": metrics.recall_score(labels, called),
        "specificity": metrics.recall_score(labels, called, pos_label=0),
        "roc": list(zip(fpr, tpr)),
        # From the highest score on, without the point that scikit-learn adds at recall 0.
        "precision_recall": list(zip(recall, precision))[-2::-1],
        "reliability": list(zip(mean * (high - low) + low, share)),
    }


def main():
    random = np.random.default_rng(7)
    scores, labels, expected = {}, {}, {}
    for name, prevalence in FINDINGS.items():
        present = (random.random(120) < prevalence).astype(int)
        scores[name] = np.round(random.normal(1.1 * present - 0.5), 1)
        known = random.random(120) > 0.1
        labels[name] = np.where(known, present, -1)
        expected[name] = figures(present[known], scores[name][known])
    images = [f"image {n:03}.png" for n in range(120)]
    write("scores.csv", ["image", *scores], zip(images, *scores.values()))
    patients = [f"p{n // 2}" for n in range(120)]
    views = ["AP" if n % 3 else "PA" for n in range(120)]
    cells = [["" if label < 0 else label for label in column] for column in labels.values()]
    write("labels.csv", ["file", "patient", "view", *labels], zip(images, patients, views, *cells))
    (FOLDER / "expected.json").write_text(json.dumps(expected) + "\n")


main()

"""Golden figures of a reader study, computed by scikit-learn and SciPy from their definitions.

    pip install numpy scikit-learn scipy
    python tests/golden/study.py tests/fixtures/study

Writes study.json, of three readers who read 60 cases without and with a model, and expected.json.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.stats import binom, f as fisher, t as student
from sklearn.metrics import cohen_kappa_score, recall_score, roc_auc_score

FOLDER = Path(sys.argv[1])
FINDINGS, CASES, READERS = ["Pneumothorax", "Lung Nodule"], 60, 3
FROM = 3


def readings(random, truth, scores, with_model):
    """Confidence by finding and case, and whether the marked place is the finding's (-1: no mark)."""
    confidence, marks = [], []
    for present, score in zip(truth, scores):
        seen = random.normal(1.3 * (present == 1) + (0.6 * score if with_model else 0), 1)
        steps = 1 + np.digitize(seen, [-0.6, 0.2, 0.9, 1.6])
        marked = random.random(CASES) < 0.25 * (steps - 1)
        hit = (random.random(CASES) < 0.8) & (present == 1)
        confidence.append(steps)
        marks.append(np.where(marked, hit.astype(int), -1))
    seconds = np.round(random.gamma(4, 5 - with_model, CASES), 1)
    return {"seconds": seconds, "confidence": np.array(confidence), "marks": np.array(marks)}


def covariances(merits):
    """Jackknife covariances of figures of merit, [cases left out, readers, conditions]."""
    off = merits - merits.mean(axis=0)
    count = len(merits)
    full = np.einsum("kra,ksb->rasb", off, off) * (count - 1) / count
    readers = merits.shape[1]
    others = [(r, s) for r in range(readers) for s in range(readers) if r != s]
    cov2 = np.mean([full[r, a, s, a] for r, s in others for a in (0, 1)])
    cov3 = np.mean([full[r, a, s, 1 - a] for r, s in others for a in (0, 1)])
    return cov2, cov3


def mrmc(merit, cases):
    """Obuchowski and Rockette's analysis; `merit` maps cases that are kept to [readers, conditions]."""
    table = merit(np.ones(cases, bool))
    left_out = np.array([merit(np.arange(cases) != case) for case in range(cases)])
    cov2, cov3 = covariances(left_out)
    readers = len(table)
    grand, by_condition, by_reader = table.mean(), table.mean(axis=0), table.mean(axis=1)
    condition = readers * np.sum((by_condition - grand) ** 2)
    rest = table - by_condition - by_reader[:, None] + grand
    interaction = np.sum(rest**2) / (readers - 1)
    denominator = interaction + max(readers * (cov2 - cov3), 0)
    df = denominator**2 / (interaction**2 / (readers - 1))
    ratio = condition / denominator
    apart = by_condition[1] - by_condition[0]
    reach = student.ppf(0.975, df) * np.sqrt(2 / readers * denominator)
    return {"difference": apart, "interval": [apart - reach, apart + reach], "f": ratio, "df": df, "p": fisher.sf(ratio, 1, df)}


def share(values):
    return float(np.mean(values)) if len(values) else None


def figures(truth, scores, called, readers, finding):
    """A finding's figures without the model, with it, and of the model, as means over readers."""
    present, known = truth[finding], truth[finding] >= 0
    y = present[known]
    decided = [[read["confidence"][finding] >= FROM for read in both] for both in readers]

    def over(what):
        return [float(np.mean([what(both[side]) for both in readers])) for side in (0, 1)]

    def recall(positive):
        own = [np.mean([recall_score(y, both[side][known], pos_label=positive) for both in decided]) for side in (0, 1)]
        return own + [recall_score(y, called[finding][known], pos_label=positive)]

    def found(read):
        marks, rating = read["marks"][finding], read["confidence"][finding]
        score = np.where((marks < 0) | ((marks == 0) & (present == 1)), 0, rating)
        return roc_auc_score(y, score[known])

    def kappas(pairs):
        return float(np.mean([cohen_kappa_score(one, two) for one, two in pairs]))

    def won_over(model_right):
        shares = []
        for without, with_model in decided:
            right = called[finding] == (present == 1)
            asked = known & (right == model_right) & (without != called[finding])
            shares.append(share(with_model[asked] == called[finding][asked]))
        return float(np.mean([each for each in shares if each is not None]))

    pairs = [(a, b) for a in range(READERS) for b in range(a)]
    return {
        "sensitivity": recall(1),
        "specificity": recall(0),
        "auroc": over(lambda read: roc_auc_score(y, read["confidence"][finding][known]))
        + [roc_auc_score(y, scores[finding][known])],
        "afroc": over(found) + [None],
        "kappaModel": [kappas([(both[side], called[finding]) for both in decided]) for side in (0, 1)] + [None],
        "kappaReaders": [kappas([(decided[a][side], decided[b][side]) for a, b in pairs]) for side in (0, 1)] + [None],
        "misled": [None, won_over(False), None],
        "helped": [None, won_over(True), None],
    }


def changed(truth, reader, finding, present):
    """Decisions that only one condition has right, and the mid-p of McNemar's test from the binomial distribution."""
    cases = truth[finding] == present
    right = [(read["confidence"][finding][cases] >= FROM) == (present == 1) for read in reader]
    gained, lost = int(np.sum(~right[0] & right[1])), int(np.sum(right[0] & ~right[1]))
    least, total = min(gained, lost), gained + lost
    p = min(1.0, 2 * binom.cdf(least, total, 0.5)) if gained != lost else 1.0
    return {"gained": gained, "lost": lost, "p": p - (binom.pmf(least, total, 0.5) if gained != lost else 0)}


def main():
    random = np.random.default_rng(11)
    truth = np.array([(random.random(CASES) < share).astype(int) for share in (0.35, 0.5)])
    truth[1, random.random(CASES) < 0.1] = -1
    scores = np.round(random.normal(1.4 * (truth == 1)), 2)
    called = scores > 0.8
    readers = [[readings(random, truth, scores, side) for side in (0, 1)] for _ in range(READERS)]

    def merit(findings):
        def of(kept):
            def auroc(read, finding):
                rows = kept & (truth[finding] >= 0)
                return roc_auc_score(truth[finding][rows], read["confidence"][finding][rows])

            return np.array([[np.mean([auroc(read, each) for each in findings]) for read in both] for both in readers])

        return of

    parts = [figures(truth, scores, called, readers, finding) for finding in range(len(FINDINGS))]
    expected = {
        "parts": parts,
        "seconds": [float(np.mean([both[side]["seconds"] for both in readers])) for side in (0, 1)],
        "mrmc": [mrmc(merit(each), CASES) for each in ([0, 1], [0], [1])],
        "changed": [[changed(truth, readers[0], finding, present) for present in (1, 0)] for finding in (0, 1)],
    }
    yes_no = lambda table: [[None if value < 0 else bool(value) for value in row] for row in table]
    study = {
        "findings": FINDINGS,
        "truth": yes_no(truth),
        "places": yes_no(truth),
        "scores": scores.tolist(),
        "called": called.tolist(),
        "readers": [
            [
                {"seconds": read["seconds"].tolist(), "confidence": read["confidence"].tolist(), "marks": yes_no(read["marks"])}
                for read in both
            ]
            for both in readers
        ],
        "presentFrom": FROM,
        "seed": 1,
        "resamples": 0,
    }
    for name, value in {"study.json": study, "expected.json": expected}.items():
        (FOLDER / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

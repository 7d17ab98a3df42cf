//! Multi-reader multi-case (MRMC) analysis: several readers read the same cases without and with the model. It is the
//! analysis of variance by Obuchowski and Rockette (Communications in Statistics 1995), with the degrees of freedom of
//! the denominator by Hillis (Statistics in Medicine 2007). Readers and cases are both random effects.

use serde::Serialize;

/// The test for a difference between two conditions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mrmc {
    /// The figure of merit in the second condition minus that in the first.
    pub difference: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
    /// The F statistic, a ratio of mean squares with 1 and `df` degrees of freedom.
    pub f: f64,
    pub df: f64,
    /// The two-sided p value of the hypothesis that there is no difference.
    pub p: f64,
}

/// Covariances between the errors of two figures of merit, numbered as by Obuchowski and Rockette.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Covariances {
    /// Covariance of different readers in the same condition.
    pub cov2: f64,
    /// Covariance of different readers in different conditions.
    pub cov3: f64,
}

/// Analyses the figures of merit in both conditions, one row for each reader. `None` for fewer than two readers, or
/// without any variance.
pub fn analyse(merits: &[[f64; 2]], Covariances { cov2, cov3 }: Covariances) -> Option<Mrmc> {
    let readers = merits.len() as f64;
    if merits.len() < 2 {
        return None;
    }
    let apart: Vec<f64> = merits.iter().map(|[without, with]| with - without).collect();
    let difference = apart.iter().sum::<f64>() / readers;
    // With only two conditions, the mean squares can be computed from the differences.
    let condition = readers * difference * difference / 2.0;
    let interaction =
        apart.iter().map(|each| (each - difference).powi(2)).sum::<f64>() / 2.0 / (readers - 1.0);
    let denominator = interaction + (readers * (cov2 - cov3)).max(0.0);
    if denominator <= 0.0 {
        return None;
    }
    let f = condition / denominator;
    let df = if interaction > 0.0 {
        (readers - 1.0) * (denominator / interaction).powi(2)
    } else {
        f64::INFINITY
    };
    let reach = quantile(df) * (2.0 * denominator / readers).sqrt();
    let interval = [difference - reach, difference + reach];
    Some(Mrmc { difference, interval, f, df, p: two_sided(f.sqrt(), df) })
}

/// The covariances by the jackknife. `merits` has an entry for each case that is left out, with a row for each reader
/// that holds both conditions.
pub fn jackknife(merits: &[Vec<[f64; 2]>]) -> Covariances {
    let cases = merits.len() as f64;
    let readers = merits.first().map_or(0, Vec::len);
    let mean = |reader: usize, condition: usize| {
        merits.iter().map(|row| row[reader][condition]).sum::<f64>() / cases
    };
    let means: Vec<[f64; 2]> = (0..readers).map(|reader| [0, 1].map(|c| mean(reader, c))).collect();
    let covariance = |one: (usize, usize), two: (usize, usize)| {
        let off = |row: &[[f64; 2]], (reader, c): (usize, usize)| row[reader][c] - means[reader][c];
        merits.iter().map(|row| off(row, one) * off(row, two)).sum::<f64>() * (cases - 1.0) / cases
    };
    let over_pairs = |conditions: [(usize, usize); 2]| {
        let mut sum = 0.0;
        for (one, two) in (0..readers).flat_map(|one| (0..one).map(move |two| (one, two))) {
            for (a, b) in conditions {
                sum += covariance((one, a), (two, b));
            }
        }
        sum / (readers * readers.saturating_sub(1)) as f64
    };
    Covariances { cov2: over_pairs([(0, 0), (1, 1)]), cov3: over_pairs([(0, 1), (1, 0)]) }
}

/// The probability that the absolute value of Student's t is at least `|t|`.
fn two_sided(t: f64, df: f64) -> f64 {
    if df.is_infinite() || df > 1e6 {
        return super::compare::two_sided(t);
    }
    beta_share(df / (df + t * t), df / 2.0, 0.5)
}

/// The 97.5th percentile of Student's t distribution.
fn quantile(df: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e3);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        let beyond = two_sided(middle, df) > 0.05;
        *(if beyond { &mut low } else { &mut high }) = middle;
    }
    low
}

/// The regularised incomplete beta function, by its continued fraction (Abramowitz and Stegun, 26.5.8).
fn beta_share(x: f64, a: f64, b: f64) -> f64 {
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_share(1.0 - x, b, a);
    }
    let front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln();
    let fraction = (1..200).rev().fold(1.0, |below, n| {
        let m = f64::from(n / 2);
        let part = if n % 2 == 0 {
            m * (b - m) / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        1.0 + part * x / below
    });
    front.exp() / a / fraction
}

/// The logarithm of the gamma function, by Stirling's series, which is precise enough from 10 on.
pub fn ln_gamma(x: f64) -> f64 {
    if x < 10.0 {
        return ln_gamma(x + 1.0) - x.ln();
    }
    let square = x * x;
    let series = [1.0 / 1188.0, -1.0 / 1680.0, 1.0 / 1260.0, -1.0 / 360.0, 1.0 / 12.0];
    let rest = series.iter().fold(0.0, |rest, term| rest / square + term) / x;
    (x - 0.5) * x.ln() - x + (2.0 * std::f64::consts::PI).ln() / 2.0 + rest
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The figures that R's package MRMCaov gives in its README for the data of Van Dyke et al. (five readers who read
    /// 114 cases on two kinds of magnetic resonance images).
    #[test]
    fn the_published_example_is_met() {
        let merits = [
            [0.919_645_7, 0.947_826_1],
            [0.858_776_2, 0.905_314_0],
            [0.903_864_7, 0.921_739_1],
            [0.973_107_9, 0.999_355_9],
            [0.829_790_7, 0.929_951_7],
        ];
        let covariances = Covariances { cov2: 0.000_344_074_8, cov3: 0.000_239_028_4 };
        let found = analyse(&merits, covariances).unwrap();
        let near = |one: f64, two: f64| assert!((one / two - 1.0).abs() < 2e-5, "{one} {two}");
        near(found.difference, 0.043_800_32);
        near(found.f, 4.456_319);
        near(found.df, 15.259_67);
        near(found.p, 0.051_665_69);
        near(found.interval[1], 0.087_959_498_6);
        assert!((found.interval[0] + 0.000_358_854_4).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn tails_of_student_are_those_of_scipy() {
        for (t, df, p) in [
            (0.5, 1.0, 0.704_832_764_699_133_5),
            (2.0, 3.7, 0.121_817_201_905_233_98),
            (2.110_999, 15.259_67, 0.051_665_735_411_569_67),
            (4.0, 120.0, 0.000_109_943_842_624_216_59),
        ] {
            let found = two_sided(t, df);
            assert!((found / p - 1.0).abs() < 1e-9, "{t} {df}: {found} {p}");
        }
        assert!((quantile(f64::INFINITY) - 1.959_963_985).abs() < 1e-8);
        assert!((quantile(4.0) - 2.776_445_105_2).abs() < 1e-8);
        assert!((ln_gamma(0.5) - std::f64::consts::PI.ln() / 2.0).abs() < 1e-12);
    }

    #[test]
    fn one_reader_or_no_variance_is_no_analysis() {
        let none = Covariances { cov2: 0.0, cov3: 0.0 };
        assert_eq!(analyse(&[[0.5, 0.6]], none), None);
        assert_eq!(analyse(&[[0.5, 0.5], [0.7, 0.7]], none), None);
    }
}

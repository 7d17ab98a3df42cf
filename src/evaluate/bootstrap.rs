//! Patient-level bootstrap, which gives 95 % confidence intervals by the percentile method.
//!
//! A resample draws as many patients as there are, with replacement, and each row is weighted by how often its patient
//! was drawn. Statistics take these weights instead of copied rows, so nothing has to be sorted again.

use std::collections::HashMap;

use serde::Serialize;

/// Steele, Lea and Flood's SplitMix64 (OOPSLA 2014): small, quick, and the same on every machine.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// Starts the sequence for this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    #[allow(clippy::should_implement_trait)] // it never ends, so it is no iterator
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit` (by multiplication; the bias is below `limit / 2^64`).
    fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }
}

/// How many resamples are computed between two reports of the progress.
const TOLD_EVERY: usize = 20;

/// The value of a statistic on all rows, with its interval from the resamples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The value on all rows.
    pub value: f64,
    /// 2.5th and 97.5th percentile of the resamples; absent where there are none, or fewer than half of them have a
    /// value.
    pub interval: Option<[f64; 2]>,
}

/// Which rows stay together, and how often to resample.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    group_of_row: Vec<usize>,
    groups: usize,
    seed: u64,
    resamples: usize,
}

impl Bootstrap {
    /// Rows with the same name form one group (a patient).
    pub fn new(row_groups: &[impl AsRef<str>], seed: u64, resamples: usize) -> Self {
        let mut numbers = HashMap::new();
        let mut group_of_row = Vec::new();
        for name in row_groups {
            let next = numbers.len();
            group_of_row.push(*numbers.entry(name.as_ref()).or_insert(next));
        }
        Self { group_of_row, groups: numbers.len(), seed, resamples }
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Estimates all statistics at once. `statistics` maps the weights of the rows to a list of fixed length, with
    /// `None` for a statistic that has no value under these weights. `progress` is given how many resamples are done,
    /// and how many there are.
    pub fn estimate(
        &self,
        statistics: &dyn Fn(&[u32]) -> Vec<Option<f64>>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Vec<Option<Estimate>> {
        let values = statistics(&vec![1; self.group_of_row.len()]);
        let mut samples = vec![Vec::new(); values.len()];
        let mut random = SplitMix64::new(self.seed);
        let resamples = if self.groups > 1 { self.resamples } else { 0 };
        for done in 0..resamples {
            if done % TOLD_EVERY == 0 {
                progress(done, resamples);
            }
            let mut drawn = vec![0u32; self.groups];
            for _ in 0..self.groups {
                drawn[random.below(self.groups)] += 1;
            }
            let weights: Vec<u32> = self.group_of_row.iter().map(|&group| drawn[group]).collect();
            for (sample, value) in samples.iter_mut().zip(statistics(&weights)) {
                sample.extend(value);
            }
        }
        let estimate = |(value, mut sample): (Option<f64>, Vec<f64>)| {
            sample.sort_by(f64::total_cmp);
            let enough = !sample.is_empty() && 2 * sample.len() >= resamples;
            let interval = enough.then(|| [quantile(&sample, 0.025), quantile(&sample, 0.975)]);
            Some(Estimate { value: value?, interval })
        };
        values.into_iter().zip(samples).map(estimate).collect()
    }
}

/// A quantile of sorted values, interpolated linearly (NumPy's default).
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let low = position as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (sorted[high] - sorted[low]) * (position - low as f64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mean(values: &[f64], weights: &[u32]) -> Option<f64> {
        let total: u32 = weights.iter().sum();
        let sum: f64 =
            values.iter().zip(weights).map(|(value, &weight)| value * f64::from(weight)).sum();
        (total > 0).then(|| sum / f64::from(total))
    }

    fn interval_of_mean(names: &[String], values: &[f64], seed: u64) -> [f64; 2] {
        let bootstrap = Bootstrap::new(names, seed, 1000);
        bootstrap.estimate(&|weights| vec![mean(values, weights)], &mut |_, _| {})[0]
            .unwrap()
            .interval
            .unwrap()
    }

    #[test]
    fn splitmix_reference_values() {
        let mut random = SplitMix64::new(1234567); // as in the published reference implementation
        assert_eq!([random.next(), random.next()], [6457827717110365317, 3203168211198807973]);
    }

    #[test]
    fn repeats_by_seed_and_matches_theory() {
        let values: Vec<f64> = (0..200).map(|index| f64::from(index % 2)).collect();
        let rows: Vec<String> = (0..200).map(|row| row.to_string()).collect();
        let [low, high] = interval_of_mean(&rows, &values, 1);
        assert_eq!([low, high], interval_of_mean(&rows, &values, 1));
        assert_ne!([low, high], interval_of_mean(&rows, &values, 2));
        // The mean of 200 coin flips has a standard error of 0.5 / sqrt(200).
        let expected = 2.0 * 1.96 * 0.5 / 200f64.sqrt();
        assert!(((high - low) / expected - 1.0).abs() < 0.12, "{low} {high}");
        assert!(low < 0.5 && 0.5 < high);
    }

    #[test]
    fn rows_of_one_patient_widen_the_interval() {
        let values: Vec<f64> = (0..400).map(|row| f64::from(row / 4 % 2)).collect();
        let rows: Vec<String> = (0..400).map(|row| row.to_string()).collect();
        let patients: Vec<String> = (0..400).map(|row| (row / 4).to_string()).collect();
        let width = |[low, high]: [f64; 2]| high - low;
        let ratio = width(interval_of_mean(&patients, &values, 3))
            / width(interval_of_mean(&rows, &values, 3));
        assert!((1.7..2.3).contains(&ratio), "{ratio}");
    }

    #[test]
    fn no_interval_without_variety() {
        let one_patient = Bootstrap::new(&["a", "a"], 0, 100);
        let rare = Bootstrap::new(&["a", "b", "c"], 0, 100);
        let none = Estimate { value: 1.0, interval: None };
        assert_eq!(one_patient.estimate(&|_| vec![Some(1.0)], &mut |_, _| {}), [Some(none)]);
        assert_eq!(
            rare.estimate(
                &|weights| vec![(weights == [1, 1, 1]).then_some(1.0), None],
                &mut |_, _| {}
            ),
            [Some(none), None]
        );
    }

    #[test]
    fn quantiles_are_linear() {
        assert_eq!(
            [0.0, 0.25, 0.5, 1.0].map(|q| quantile(&[1.0, 2.0, 4.0], q)),
            [1.0, 1.5, 2.0, 4.0]
        );
    }
}

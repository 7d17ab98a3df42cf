//! Random phantoms, for training, for measuring, and for practice.

use super::arithmetic::*;
use super::chest::Chest;
use super::params::{Body, Nodule, Phantom};

/// Radius from which a nodule counts as a mass: 3 cm in diameter, if the image is 38 cm wide.
pub const MASS: f32 = 0.04;

impl Phantom {
    /// A different phantom for each seed, with random build, inspiration, pose, exposure and combinations of findings.
    /// About a third have an enlarged heart, a quarter an effusion, a quarter a pneumothorax, a sixth a nodule or mass.
    /// Findings that are hard to see are drawn less often: a model that cannot see one would learn only how frequent it
    /// is in these drawings, and report it on all of them.
    pub fn random(seed: u64) -> Self {
        let rng = &mut SplitMix(seed ^ 0x7068_616E_746F_6D21);
        let small = rng.between(0.83, 1.04);
        let mut phantom = Self {
            heart: if rng.chance(0.35) { rng.between(0.51, 0.68) } else { rng.between(0.40, 0.49) },
            body: Body {
                width: small * rng.between(0.95, 1.05),
                height: small * rng.between(0.92, 1.06),
                girth: rng.between(0.75, 1.3),
                breasts: if rng.chance(0.5) {
                    rng.between(0.5, 2.5)
                } else {
                    rng.between(0.0, 1.0)
                },
                inspiration: rng.between(-0.06, 0.03),
            },
            exposure: rng.between(-0.9, 0.9),
            rotation: if rng.chance(0.7) {
                rng.between(-6.0, 6.0)
            } else {
                rng.between(-14.0, 14.0)
            },
            seed,
            ..Self::default()
        };
        if rng.chance(0.2) {
            return phantom;
        }
        if rng.chance(0.3) {
            let right = rng.chance(0.6);
            phantom.effusion = if right { rng.between(0.12, 0.9) } else { 0.0 };
            let left = !right || rng.chance(0.3);
            phantom.left_effusion = if left { rng.between(0.12, 0.9) } else { 0.0 };
        }
        if rng.chance(0.3) {
            let lost = rng.between(0.12, 0.9);
            let left = rng.chance(0.6);
            [phantom.pneumothorax, phantom.right_pneumothorax] =
                if left { [lost, 0.0] } else { [0.0, lost] };
        }
        if rng.chance(0.15) {
            phantom.consolidation = rng.between(0.35, 1.0);
            phantom.consolidation_centre = phantom.place_in_lung(rng);
        }
        if rng.chance(0.2) {
            let radius =
                if rng.chance(0.7) { rng.between(0.018, MASS) } else { rng.between(MASS, 0.08) };
            let centre = Chest::new(&phantom.clamped()).pose.to_image(phantom.place_in_lung(rng));
            phantom.nodule = Some(Nodule { x: centre[0], y: centre[1], radius });
        }
        phantom
    }

    /// A chest for practice, different for each seed: about three in ten are normal, and the others show one or two
    /// findings. `difficulty` goes from 0, obvious, to 1, subtle. It makes findings smaller (an effusion of 0.65 to
    /// 0.16 of its range, a heart of 0.66 to 0.53, a pneumothorax of 0.7 to 0.15, a nodule with a radius of 0.04 to
    /// 0.014) or reduces their contrast (a consolidation with a density of 1 to 0.4), and lets exposure and rotation
    /// vary more.
    pub fn case(seed: u64, difficulty: f32) -> Self {
        let hard = if difficulty.is_nan() { 0.0 } else { difficulty.clamp(0.0, 1.0) };
        let rng = &mut SplitMix(seed ^ 0x7265_6164_6572_7321);
        let (light, turn) = (0.2 + 0.6 * hard, 2.0 + 6.0 * hard);
        let mut phantom = Self {
            heart: rng.between(0.42, 0.48),
            exposure: light * rng.signed(),
            rotation: turn * rng.signed(),
            ..Self { body: Self::random(seed).body, seed, ..Self::default() }
        };
        let normal = rng.chance(0.3);
        let first = rng.between(0.0, 5.0) as usize;
        phantom.show(first, hard, rng, !normal);
        let second = (first + rng.between(1.0, 5.0) as usize) % 5;
        let two = !normal && rng.chance(0.25);
        phantom.show(second, hard, rng, two);
        phantom
    }

    /// Adds one of the five findings if `there` is true.
    fn show(&mut self, finding: usize, hard: f32, rng: &mut SplitMix, there: bool) {
        let at = (hard + 0.1 * rng.signed()).clamp(0.0, 1.0);
        let extent = |plain: f32, subtle: f32| plain + (subtle - plain) * at;
        let left = rng.chance(0.5);
        let sides = |value: f32| if left { [0.0, value] } else { [value, 0.0] };
        match finding {
            _ if !there => {}
            0 => [self.effusion, self.left_effusion] = sides(extent(0.65, 0.16)),
            1 => self.heart = extent(0.66, 0.53),
            2 => [self.right_pneumothorax, self.pneumothorax] = sides(extent(0.7, 0.15)),
            3 => {
                self.consolidation_centre = self.place_in_lung(rng);
                self.consolidation = extent(1.0, 0.4);
            }
            _ => {
                let centre = Chest::new(&self.clamped()).pose.to_image(self.place_in_lung(rng));
                let radius = extent(0.04, 0.014);
                self.nodule = Some(Nodule { x: centre[0], y: centre[1], radius });
            }
        }
    }

    /// A point in the unrotated image where the beam crosses enough aerated lung.
    fn place_in_lung(&self, rng: &mut SplitMix) -> Point {
        let chest = Chest::new(&self.clamped());
        for _ in 0..200 {
            let p = [rng.between(0.14, 0.86), rng.between(0.17, 0.70)];
            if chest.aerated_depth(p) > 0.15 {
                return p;
            }
        }
        self.consolidation_centre
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_phantoms_repeat_and_show_every_finding() {
        assert_eq!(Phantom::random(5), Phantom::random(5));
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..200 {
            let truth = Phantom::random(seed).truth();
            for finding in
                truth.iter().map(|truth| truth.finding).chain(truth.is_empty().then_some("none"))
            {
                *counts.entry(finding).or_insert(0) += 1;
            }
        }
        assert_eq!(counts.len(), 6, "{counts:?}");
        assert!(counts.values().all(|count| (8..100).contains(count)), "{counts:?}");
    }

    #[test]
    fn cases_repeat_and_show_what_is_drawn_plain_or_subtle() {
        assert_eq!(Phantom::case(5, 0.5), Phantom::case(5, 0.5));
        let cases = |difficulty: f32| (0..150).map(move |seed| Phantom::case(seed, difficulty));
        for difficulty in [0.0, 1.0] {
            let mut counts = std::collections::BTreeMap::new();
            for case in cases(difficulty) {
                let drawn = usize::from(case.effusion + case.left_effusion > 0.0)
                    + usize::from(case.heart > 0.5)
                    + usize::from(case.pneumothorax + case.right_pneumothorax > 0.0)
                    + usize::from(case.consolidation > 0.0)
                    + usize::from(case.nodule.is_some());
                let truth = case.truth();
                assert_eq!(truth.len(), drawn, "{case:?}");
                *counts.entry(drawn).or_insert(0) += 1;
                for truth in truth {
                    *counts.entry(truth.finding.len()).or_insert(0) += 1;
                }
            }
            assert!(counts.values().all(|count| *count > 10), "{counts:?}");
        }
        let extent = |difficulty: f32, of: fn(&Phantom) -> f32| {
            let shown: Vec<f32> =
                cases(difficulty).map(|case| of(&case)).filter(|size| *size > 0.0).collect();
            shown.iter().sum::<f32>() / shown.len() as f32
        };
        let sizes: [fn(&Phantom) -> f32; 5] = [
            |case| case.effusion,
            |case| positive(case.heart - 0.5),
            |case| case.pneumothorax,
            |case| case.consolidation,
            |case| case.nodule.map_or(0.0, |nodule| nodule.radius),
        ];
        for of in sizes {
            assert!(
                extent(0.0, of) > 1.2 * extent(0.5, of) && extent(0.5, of) > 1.2 * extent(1.0, of)
            );
        }
        assert_eq!(Phantom::case(1, f32::NAN), Phantom::case(1, -1.0));
    }

    #[test]
    fn a_random_nodule_lies_in_aerated_lung() {
        let nodules = (0..100).filter_map(|seed| {
            let phantom = Phantom::random(seed);
            phantom.nodule.map(|nodule| (phantom, nodule))
        });
        for (phantom, nodule) in nodules {
            let without = Phantom { nodule: None, ..phantom.clone() };
            let at = |phantom: &Phantom| {
                let image = phantom.render(128);
                let pixel = |share: f32| (share * 128.0) as usize;
                i32::from(image[pixel(nodule.y) * 128 + pixel(nodule.x)])
            };
            assert!(at(&phantom) >= at(&without), "{phantom:?}");
        }
    }
}

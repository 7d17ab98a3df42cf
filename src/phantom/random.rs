//! Random phantoms, for training and measuring.

use super::arithmetic::*;
use super::chest::Chest;
use super::params::{Body, Nodule, Phantom};

/// Radius from which a nodule is called a mass: 3 cm across, at 38 cm to the image's width.
pub const MASS: f32 = 0.04;

impl Phantom {
    /// A phantom of its own for each seed: build, breathing, pose, exposure, and findings in
    /// combination. About a third have an enlarged heart, a quarter an effusion, a quarter a
    /// pneumothorax, a sixth a nodule or mass. What is hard to see is drawn less often: a model
    /// that cannot see it would learn only how frequent it is in drawings, and report it on all of
    /// them.
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

    /// A place in the unrotated image where the beam crosses enough lung.
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

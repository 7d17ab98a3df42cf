//! Pictures that are no frontal chest radiographs, made here, and what `models/default` says of them.

mod support;

use std::f32::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use carzero::package::{CONFIG, FileEntry, MANIFEST};
use carzero::phantom::{Example, Phantom};
use carzero::{Engine, Picture, Verdict};
use image::{GrayImage, Luma};
use serde_json::Value;
use support::{carzero, convert_micro, load};

const SIDE: u32 = 320;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/default")
}

/// A picture from a grey value at each place, both from -1 to 1 and 0 to 1.
fn drawn(grey: impl Fn(f32, f32) -> f32) -> GrayImage {
    let at = |pixel: u32| (2.0 * pixel as f32 + 1.0) / SIDE as f32 - 1.0;
    GrayImage::from_fn(SIDE, SIDE, |column, row| {
        Luma([(255.0 * grey(at(column), at(row)).clamp(0.0, 1.0)) as u8])
    })
}

fn ellipse(x: f32, y: f32, [cx, cy, rx, ry]: [f32; 4]) -> bool {
    ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2) < 1.0
}

/// How far a place lies from a line between two others.
fn from_line(x: f32, y: f32, [ax, ay, bx, by]: [f32; 4]) -> f32 {
    let (dx, dy) = (bx - ax, by - ay);
    let along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (x - ax - along * dx).hypot(y - ay - along * dy)
}

/// Always the same for the same place.
fn noise(x: f32, y: f32, seed: u32) -> f32 {
    let mut bits = x.to_bits() ^ y.to_bits().rotate_left(13) ^ seed.wrapping_mul(0x9e37_79b9);
    for _ in 0..3 {
        bits = (bits ^ (bits >> 15)).wrapping_mul(0x2c1b_3c6d);
    }
    (bits >> 8) as f32 / (1 << 24) as f32
}

/// Lines of strokes, as wide as words are.
fn page(x: f32, y: f32, seed: u32) -> f32 {
    let line = ((y + 1.0) * 14.0).floor();
    let word = ((x + 1.0) * 9.0 + line * 0.37).floor();
    let inked = (y + 1.0) * 14.0 - line > 0.45 && noise(word, line, seed) > 0.25 && x.abs() < 0.85;
    let stroke = noise((x * 70.0).floor(), (y * 90.0).floor(), seed) > 0.4;
    if inked && stroke { 0.1 } else { 0.97 }
}

fn cat(x: f32, y: f32, fur: f32, ground: f32) -> f32 {
    let ears = [-0.42, 0.42].iter().any(|ear| {
        let height = (y + 0.85) / 0.5;
        (0.0..1.0).contains(&height) && (x - ear).abs() < 0.22 * height
    });
    let eyes = [-0.25, 0.25].map(|eye| [eye, -0.05, 0.13, 0.1]);
    let pupils = [-0.25, 0.25].map(|eye| [eye, -0.05, 0.04, 0.09]);
    let whisker = |side: f32, slope: f32| [side * 0.15, 0.25, side * 0.8, 0.25 + slope];
    let whiskers =
        [-1.0, 1.0].iter().flat_map(|side| [-0.12, 0.0, 0.12].map(|s| whisker(*side, s)));
    if pupils.iter().any(|&pupil| ellipse(x, y, pupil)) {
        0.02
    } else if eyes.iter().any(|&eye| ellipse(x, y, eye)) {
        0.95
    } else if ellipse(x, y, [0.0, 0.2, 0.06, 0.05])
        || whiskers.into_iter().any(|w| from_line(x, y, w) < 0.01)
    {
        0.3
    } else if ears || ellipse(x, y, [0.0, 0.1, 0.6, 0.55]) {
        fur
    } else {
        ground
    }
}

/// A slice through a trunk: two lungs, or a liver and a spleen; vertebra and ribs.
fn slice(x: f32, y: f32, lungs: bool) -> f32 {
    let rib = (0..12).any(|rib| {
        let angle = TAU * rib as f32 / 12.0;
        ellipse(x, y, [0.78 * angle.cos(), 0.53 * angle.sin(), 0.05, 0.025])
    });
    if rib || ellipse(x, y, [0.0, 0.36, 0.1, 0.1]) {
        0.95
    } else if lungs && [-0.42, 0.42].iter().any(|&lung| ellipse(x, y, [lung, 0.0, 0.3, 0.42])) {
        if noise((x * 40.0).floor(), (y * 40.0).floor(), 1) > 0.93 { 0.5 } else { 0.05 }
    } else if !lungs
        && (ellipse(x, y, [-0.35, 0.0, 0.35, 0.35]) || ellipse(x, y, [0.45, 0.1, 0.15, 0.2]))
    {
        0.6
    } else if ellipse(x, y, [0.0, 0.0, 0.86, 0.6]) {
        0.45
    } else {
        0.0
    }
}

fn hand(x: f32, y: f32, spread: f32) -> f32 {
    let fingers = [-2.2f32, -0.9, -0.1, 0.7, 1.5].map(|finger| {
        let (angle, length) = (0.25 * spread * finger, if finger < -2.0 { 0.55 } else { 0.85 });
        let (ax, ay) = (0.16 * finger, if finger < -2.0 { 0.15 } else { -0.05 });
        [ax, ay, ax + length * angle.sin(), ay - length * angle.cos()]
    });
    let near = fingers.iter().map(|&finger| from_line(x, y, finger)).fold(9.0, f32::min);
    let wrist = from_line(x, y, [0.0, 0.3, 0.0, 1.2]);
    let palm =
        fingers.iter().map(|f| from_line(x, y, [0.3 * f[0], 0.45, f[0], f[1]])).fold(9.0, f32::min);
    let joint = ((y + 1.0) * 4.2).fract() < 0.12;
    let bone =
        (near < 0.035 && !joint) || palm < 0.035 || (wrist < 0.12 && wrist > 0.02 && y > 0.5);
    let soft = near < 0.085 || palm < 0.1 || (wrist < 0.22 && y > 0.2);
    0.03 + if bone {
        0.75
    } else if soft {
        0.3
    } else {
        0.0
    }
}

/// A chest from the side: one lung field between sternum and spine, with heart, domes and arms.
fn lateral(x: f32, y: f32, turn: f32) -> f32 {
    let x = x * turn.signum();
    let spine = 0.45 + 0.12 * (1.6 * y).sin();
    let vertebra = (x - spine).abs() < 0.09 && ((y + 1.0) * 5.0).fract() > 0.14;
    let rib = (0..9).any(|rib| {
        let at = 0.2 * rib as f32 - 0.85;
        (y - at - 0.25 * (spine - x)).abs() < 0.014 && x > -0.5 && x < spine
    });
    let trunk = x > -0.72 - 0.08 * y && x < spine + 0.28;
    let dome = y > 0.45 + 0.5 * (x + 0.05).powi(2) - 0.12 * turn.abs();
    let lung = ellipse(x, y, [-0.08, -0.12, 0.52, 0.75]) && !dome;
    let heart = ellipse(x, y, [-0.32, 0.28, 0.28, 0.27]);
    let hilum = ellipse(x, y, [0.0, -0.12, 0.11, 0.13]);
    let sternum = (x + 0.6 + 0.1 * y).abs() < 0.035 && (-0.65..0.25).contains(&y);
    let arm = y < -0.6 && from_line(x, y, [-0.2, -0.62, -0.5, -1.1]) < 0.15;
    let soft = if !trunk && !arm {
        0.04
    } else if lung && !heart {
        0.24 + if hilum { 0.22 } else { 0.0 }
    } else {
        0.62
    };
    soft + if vertebra { 0.16 } else { 0.0 }
        + if rib && trunk { 0.07 } else { 0.0 }
        + if sternum { 0.14 } else { 0.0 }
        + if arm { 0.1 } else { 0.0 }
        + 0.03 * (noise(x, y, 7) - 0.5)
}

/// Sky, hills and houses.
fn scene(x: f32, y: f32, seed: u32) -> f32 {
    let hills = 0.1 * (x * (4.0 + seed as f32)).sin() + 0.05 * (x * 11.0).sin();
    let house = (0..5).find(|&house| {
        let left = 1.6 * noise(house as f32, 1.0, seed) - 0.9;
        (left..left + 0.25).contains(&x) && (-0.2..0.2).contains(&y)
    });
    match house {
        Some(_) if (x * 14.0).fract().abs() < 0.3 && (y * 14.0).fract().abs() < 0.4 => 0.15,
        Some(house) => 0.3 + 0.6 * noise(house as f32, 2.0, seed),
        None if y > hills => 0.35 + 0.2 * noise((x * 60.0).floor(), (y * 60.0).floor(), seed),
        None => 0.75 - 0.15 * y,
    }
}

fn others() -> Vec<(&'static str, Vec<GrayImage>)> {
    let three = |draw: &dyn Fn(u32) -> GrayImage| (0..3).map(draw).collect::<Vec<_>>();
    vec![
        ("blank", three(&|i| drawn(|_, _| i as f32 / 2.0))),
        ("nearly blank", three(&|i| drawn(|x, y| 0.2 + 0.3 * i as f32 + 0.02 * noise(x, y, i)))),
        ("gradient", three(&|i| drawn(|x, y| 0.5 + 0.25 * (x * (i as f32 - 1.0) + y)))),
        ("noise", three(&|i| drawn(|x, y| noise(x, y, i)))),
        ("page", three(&|i| drawn(|x, y| page(x, y, i)))),
        ("page, white on black", three(&|i| drawn(|x, y| 1.0 - page(x, y, i)))),
        (
            "cat",
            three(&|i| {
                drawn(|x, y| cat(x, y, [0.5, 0.8, 0.1][i as usize], [0.95, 0.2, 0.6][i as usize]))
            }),
        ),
        ("slice", three(&|i| drawn(|x, y| slice(x * (1.0 + 0.1 * i as f32), y, i != 1)))),
        ("hand", three(&|i| drawn(|x, y| hand(x, y, 0.7 + 0.3 * i as f32)))),
        ("lateral chest", three(&|i| drawn(|x, y| lateral(x, y, [1.0, -0.6, 0.4][i as usize])))),
        ("scene", three(&|i| drawn(|x, y| scene(x, y, i)))),
    ]
}

fn verdicts(engine: &Engine, images: &[GrayImage]) -> Vec<Verdict> {
    let pictures: Vec<Picture> = images
        .iter()
        .map(|image| {
            Picture::from_grey(image.width(), image.height(), image.as_raw().clone()).unwrap()
        })
        .collect();
    let pictures: Vec<&Picture> = pictures.iter().collect();
    let images = engine.encode_images(&pictures);
    let looks = pollster::block_on(engine.ood_check(&pictures, &images)).unwrap().unwrap();
    looks.into_iter().map(|(_, verdict)| verdict).collect()
}

#[test]
fn what_is_no_radiograph_is_unfamiliar() {
    let engine = Engine::new(load(&folder()), Device::flex());
    for (name, images) in others() {
        assert_eq!(verdicts(&engine, &images), [Verdict::Unfamiliar; 3], "{name}");
    }
}

/// A close-up by the discriminant alone, where no distance is too large; with more around the film, by both.
#[test]
fn a_photograph_of_a_familiar_picture_is_unfamiliar() {
    let work = tempfile::tempdir().unwrap();
    let model = work.path().join("model");
    fs::create_dir(&model).unwrap();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, model.join(path.file_name().unwrap())).unwrap();
    }
    let json = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(model.join(name)).unwrap()).unwrap()
    };
    let (mut config, mut manifest) = (json(CONFIG), json(MANIFEST));
    config["familiarity"]["doubt"] = 1e6.into();
    config["familiarity"]["limit"] = 1e6.into();
    let config = serde_json::to_vec(&config).unwrap();
    let files = manifest["files"].as_array_mut().unwrap();
    let entry = files.iter_mut().find(|file| file["path"] == CONFIG).unwrap();
    *entry = serde_json::to_value(FileEntry::new(CONFIG, &config)).unwrap();
    fs::write(model.join(CONFIG), config).unwrap();
    fs::write(model.join(MANIFEST), manifest.to_string()).unwrap();

    let films: Vec<PathBuf> = ["normal", "effusion", "cardiomegaly", "pneumothorax"]
        .map(|name| {
            let path = work.path().join(name).with_extension("png");
            carzero(["phantom", name, "--size", "512", "--out", path.to_str().unwrap()]);
            path
        })
        .into();
    let measured = |model: PathBuf| {
        let mut args = vec!["familiarity".into(), "--model".into(), model, "--altered".into()];
        args.extend(films.clone());
        String::from_utf8_lossy(&carzero(args).stderr).into_owned()
    };
    let (alone, shipped) = (measured(model), measured(folder()));
    for (said, line) in [
        (&alone, "4 images: 4 familiar,"),
        (&shipped, "4 bedside films: 4 familiar,"),
        (&shipped, "4 photographs: 0 familiar, 0 unusual, 4 unfamiliar,"),
    ] {
        assert!(said.contains(line), "{said}");
    }
    // Close-ups are the hardest: the model card says how many of real films are told.
    let most = ["4 close-ups: 0 familiar, 0 unusual, 4", "4 close-ups: 1 familiar, 0 unusual, 3"];
    assert!(most.iter().any(|line| alone.contains(line)), "{alone}");
}

#[test]
fn the_pages_own_drawings_are_judged_and_familiar() {
    let engine = Engine::new(load(&folder()), Device::flex());
    for Example { name, params, .. } in Phantom::EXAMPLES {
        let image = GrayImage::from_raw(512, 512, params.render(512)).unwrap();
        assert_eq!(verdicts(&engine, &[image]), [Verdict::Familiar], "{name}");
    }
}

#[test]
fn a_negative_is_noticed_where_its_picture_is_familiar() {
    let engine = Engine::new(load(&folder()), Device::flex());
    let grey = Phantom::default().render(512);
    let picture = Picture::from_grey(512, 512, grey.clone()).unwrap();
    let negative = picture.negative();
    assert_eq!(negative.negative().grey().as_raw(), &grey);
    let images = [picture.grey().clone(), negative.grey().clone()];
    assert_eq!(verdicts(&engine, &images), [Verdict::Familiar, Verdict::Inverted]);

    // A file that says that it shows no chest is no negative of one.
    let dicom = |part: &str| {
        let element = |group: u16, number: u16, vr: &str, value: &[u8]| {
            let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
            bytes.extend(vr.as_bytes());
            match vr {
                "OB" => bytes.extend([&[0; 2][..], &(value.len() as u32).to_le_bytes()].concat()),
                _ => bytes.extend((value.len() as u16).to_le_bytes()),
            }
            [&bytes, value].concat()
        };
        let number = |number, value: u16| element(0x0028, number, "US", &value.to_le_bytes());
        [
            b"DICM".to_vec(),
            element(0x0002, 0x0010, "UI", b"1.2.840.10008.1.2.1\0"),
            element(0x0018, 0x0015, "CS", part.as_bytes()),
            number(0x0002, 1),
            element(0x0028, 0x0004, "CS", b"MONOCHROME2 "),
            number(0x0010, 512),
            number(0x0011, 512),
            number(0x0100, 8),
            number(0x0101, 8),
            number(0x0102, 7),
            number(0x0103, 0),
            element(0x7fe0, 0x0010, "OB", negative.grey().as_raw()),
        ]
        .concat()
    };
    for (part, wanted) in [("CHEST ", Verdict::Inverted), ("HIP ", Verdict::Unfamiliar)] {
        let picture = Picture::decode(&dicom(part)).unwrap();
        let images = engine.encode_images(&[&picture]);
        let looks = pollster::block_on(engine.ood_check(&[&picture], &images)).unwrap().unwrap();
        assert_eq!(looks[0].1, wanted, "{part}");
    }
}

#[test]
fn scoring_warns() {
    let work = tempfile::tempdir().unwrap();
    let path = work.path().join("page.png");
    drawn(|x, y| page(x, y, 0)).save(&path).unwrap();
    let score = |model: &Path| {
        carzero([
            "score".as_ref(),
            "--model".as_ref(),
            model.as_os_str(),
            "--prompt".as_ref(),
            "There is pneumothorax".as_ref(),
            path.as_os_str(),
        ])
    };
    let warned = score(&folder());
    let (out, said) =
        (String::from_utf8_lossy(&warned.stdout), String::from_utf8_lossy(&warned.stderr));
    assert!(said.contains("does not look like a frontal chest radiograph"), "{said}");
    assert!(out.contains(r#""verdict":"unfamiliar""#), "{out}");

    convert_micro(&work.path().join("micro"), "f32");
    let silent = score(&work.path().join("micro"));
    assert!(
        silent.stderr.is_empty() && !String::from_utf8_lossy(&silent.stdout).contains("verdict")
    );
}

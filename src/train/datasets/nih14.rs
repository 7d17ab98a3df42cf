//! ChestX-ray14 (Wang et al., CVPR 2017): `Data_Entry_2017.csv`; the images in `images_001/images` to
//! `images_012/images`, in `images`, or in any of these inside of `images`; and optionally `test_list.txt` and
//! `BBox_List_2017.csv`. The names under which the NIH distributes these tables now are read, too.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::folder::{find, required};
use super::split::{Projection, Split};
use super::table;
use super::writer::{Row, Writer};
use crate::labels::nih14::{BOX_COLUMNS, of_box, statements};
use crate::train::error::{Result, TrainError};

pub const ENTRIES: [&str; 2] = ["Data_Entry_2017.csv", "Data_Entry_2017_v2020.csv"];
const BOXES: [&str; 2] = ["BBox_List_2017.csv", "BBox_List_2017_Official_NIH.csv"];
const TEST: [&str; 2] = ["test_list.txt", "test_list_NIH.txt"];
const REMEDY: &str = "Download it from https://nihcc.app.box.com/v/ChestXray-NIHCC and give the \
                      folder that has it as --root";

/// Reads the dataset.
pub fn read(root: &Path, writer: &mut Writer) -> Result<()> {
    let entries = required(root, "ChestX-ray14", &ENTRIES, REMEDY)?;
    let images = images(root)?;
    let test = test_images(root)?;
    let columns = ["Image Index", "Finding Labels", "Patient ID", "View Position"];
    table::for_each(&entries, columns, |[name, labels, patient, view]| {
        let statements = statements(labels, &mut writer.vocabulary);
        writer.push(Row {
            image: images.get(name).cloned(),
            patient: patient.to_string(),
            split: test.contains(name).then_some(Split::Test),
            view: Projection::new(view),
            statements,
            report: String::new(),
        })
    })?;
    match BOXES.iter().map(|name| root.join(name)).find(|path| path.is_file()) {
        Some(boxes) => read_boxes(&boxes, &images, writer),
        None => Ok(()),
    }
}

/// The depth at which images can be, as in `images/images_001/images`.
const DEPTH: usize = 3;

/// The path of each image, relative to the root.
fn images(root: &Path) -> Result<HashMap<String, PathBuf>> {
    let mut images = HashMap::new();
    let mut folders = vec![PathBuf::new()];
    for _ in 0..=DEPTH {
        for folder in std::mem::take(&mut folders) {
            for name in names(&root.join(&folder))? {
                let path = folder.join(&name);
                if name.ends_with(".png") {
                    images.insert(name, path);
                } else if name.starts_with("images") && root.join(&path).is_dir() {
                    folders.push(path);
                }
            }
        }
    }
    Ok(images)
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let fail = |source| TrainError::Io { path: folder.to_path_buf(), source };
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    fs::read_dir(folder).and_then(|entries| entries.map(name).collect()).map_err(fail)
}

/// The official test images. They include all images of their patients.
fn test_images(root: &Path) -> Result<HashSet<String>> {
    let Some(path) = find(root, &TEST) else { return Ok(HashSet::new()) };
    let list = fs::read_to_string(&path).map_err(|source| TrainError::Io { path, source })?;
    Ok(list.lines().map(|line| line.trim().to_string()).collect())
}

fn read_boxes(path: &Path, images: &HashMap<String, PathBuf>, writer: &mut Writer) -> Result<()> {
    let mut boxes = Vec::new();
    table::for_each(path, BOX_COLUMNS, |[name, label, x, y, w, h]| {
        if let (Some(image), Some(finding)) =
            (images.get(name), writer.vocabulary.finding(label, of_box))
        {
            boxes.push((image.clone(), finding, [x, y, w, h].map(str::to_string)));
        }
        Ok(())
    })?;
    writer.write_boxes(&boxes)
}

//! Public datasets as a few made rows each: the manifest they become, and what training reads of it.
#![cfg(feature = "train")]

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use carzero::radiograph::preprocess::ImageConfig;
use carzero::train::config::DataConfig;
use carzero::train::samples::{Sample, Samples};
use flate2::{Compression, write::GzEncoder};
use image::{GrayImage, Luma};
use serde_json::json;
use support::carzero;
use tempfile::TempDir;

const COLUMNS: &str = "path,split,patient,source,labels,absent,uncertain,view,report\n";
/// The fourteen findings of ChestX-ray14 but for those that a row has.
const FOURTEEN: [&str; 14] = [
    "Atelectasis",
    "Cardiomegaly",
    "Pleural Effusion",
    "Pulmonary Infiltration",
    "Pulmonary Mass",
    "Lung Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Pulmonary Consolidation",
    "Pulmonary Edema",
    "Pulmonary Emphysema",
    "Fibrosis",
    "Pleural Thickening",
    "Hernia",
];

/// A dataset's folder inside the manifest's.
struct Dataset {
    folder: TempDir,
    layout: &'static str,
}

impl Dataset {
    fn new(layout: &'static str, files: &[(&str, &str)], images: &[&str]) -> Self {
        let dataset = Self { folder: TempDir::new().unwrap(), layout };
        for (name, text) in files {
            dataset.write(name, text.as_bytes());
        }
        let grey = GrayImage::from_fn(80, 80, |x, y| Luma([(x + y) as u8]));
        for name in images {
            let path = dataset.prepare(name);
            grey.save(path).unwrap();
        }
        dataset
    }

    fn prepare(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join("data").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.prepare(name), bytes).unwrap();
    }

    fn manifest_path(&self) -> PathBuf {
        self.folder.path().join("manifest.csv")
    }

    /// Runs the command and returns what it says.
    fn run(&self, more: &[&str]) -> Result<String, String> {
        let (root, out) = (self.folder.path().join("data"), self.manifest_path());
        let mut args = vec!["dataset", self.layout, "--root", root.to_str().unwrap()];
        args.extend(["--out", out.to_str().unwrap()]);
        args.extend(more);
        let output = carzero(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(said) } else { Err(said) }
    }

    fn manifest(&self) -> String {
        fs::read_to_string(self.manifest_path()).unwrap()
    }

    /// What training makes of it, where the config knows nothing of what the labels leave open.
    fn samples(&self, findings: &[&str]) -> Samples {
        let findings: Vec<_> =
            findings.iter().map(|name| json!({"name": name, "labels": []})).collect();
        let boxes = self.folder.path().join("boxes.csv").is_file().then_some("boxes.csv");
        let data: DataConfig = serde_json::from_value(json!({
            "findings": findings, "validate": self.layout, "teacher": null, "boxes": boxes,
            "sources": {self.layout: {"knows": [], "per_epoch": null}}
        }))
        .unwrap();
        let image: ImageConfig = serde_json::from_value(json!({
            "resize": "centre_square", "size": 72, "crop": 64, "mean": 0.5, "std": 0.5
        }))
        .unwrap();
        Samples::read(&[self.manifest_path()], &data, &image, None).unwrap()
    }
}

/// All of the fourteen but some.
fn fourteen_but(findings: &[&str]) -> String {
    let rest: Vec<_> = FOURTEEN.into_iter().filter(|name| !findings.contains(name)).collect();
    rest.join(";")
}

fn sample<'a>(samples: &'a Samples, end: &str) -> &'a Sample {
    let mut all = samples.train.iter().chain(&samples.val);
    all.find(|sample| sample.path.ends_with(end)).unwrap()
}

fn nih14() -> Dataset {
    let header = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,\
                  View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\n";
    let row = |name: &str, labels: &str, patient: &str, view: &str| {
        format!("{name},{labels},0,{patient},58,M,{view},2682,2749,0.143,0.143,\n")
    };
    let entries = [
        row("00000001_000.png", "Cardiomegaly|Emphysema", "1", "PA"),
        row("00000001_001.png", "No Finding", "1", "AP"),
        row("00000002_000.png", "Pleural_Thickening|Oddity", "2", "PA"),
        row("00000003_000.png", "Hernia", "3", "PA"),
        row("00000004_000.png", "Infiltration", "4", "PA"),
    ];
    let boxes = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n\
                 00000004_000.png,Infiltrate,20.5,10,30,40,,,\n\
                 00000009_000.png,Mass,1,2,3,4,,,\n";
    Dataset::new(
        "nih14",
        &[
            ("Data_Entry_2017.csv", &(header.to_string() + &entries.concat())),
            ("train_val_list.txt", "00000001_000.png\n00000001_001.png\n00000004_000.png\n"),
            ("test_list.txt", "00000002_000.png\n00000003_000.png"),
            ("BBox_List_2017.csv", boxes),
        ],
        &[
            "images_001/images/00000001_000.png",
            "images_001/images/00000001_001.png",
            "images_002/images/00000002_000.png",
            "images_002/images/00000004_000.png",
        ],
    )
}

#[test]
fn chestxray14_has_all_labels_or_has_them_not() {
    let dataset = nih14();
    let said = dataset.run(&[]).unwrap();
    assert!(said.contains("4 images: 1 test, 3 train\n"), "{said}");
    assert!(said.contains("1 images are not there") && said.contains("oddity (1)"), "{said}");
    let expected = [
        format!(
            "data/images_001/images/00000001_000.png,train,nih14-1,nih14,\
             Cardiomegaly;Pulmonary Emphysema,{},,PA,\n",
            fourteen_but(&["Cardiomegaly", "Pulmonary Emphysema"])
        ),
        format!(
            "data/images_001/images/00000001_001.png,train,nih14-1,nih14,,{},,AP,\n",
            fourteen_but(&[])
        ),
        format!(
            "data/images_002/images/00000002_000.png,test,nih14-2,nih14,Pleural Thickening,{},,PA,\n",
            fourteen_but(&["Pleural Thickening"])
        ),
        format!(
            "data/images_002/images/00000004_000.png,train,nih14-4,nih14,\
             Pulmonary Infiltration,{},,PA,\n",
            fourteen_but(&["Pulmonary Infiltration"])
        ),
    ];
    assert_eq!(dataset.manifest(), COLUMNS.to_string() + &expected.concat());
    let boxes = fs::read_to_string(dataset.folder.path().join("boxes.csv")).unwrap();
    let expected = "data/images_002/images/00000004_000.png,Pulmonary Infiltration,20.5,10,30,40\n";
    assert_eq!(boxes, "path,finding,x,y,w,h\n".to_string() + expected);

    let samples = dataset.samples(&["Cardiomegaly", "Pulmonary Infiltration", "Lung Opacity"]);
    assert_eq!(samples.train.len(), 3, "the test image is left alone");
    assert_eq!(sample(&samples, "1_000.png").labels, [Some(1.0), Some(0.0), None]);
    let boxed = sample(&samples, "4_000.png");
    assert_eq!(boxed.labels, [Some(0.0), Some(1.0), None]);
    assert_eq!(boxed.boxes.len(), 1);
}

const FOURTEEN_COLUMNS: &str = "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,\
     Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,\
     Pleural Other,Fracture,Support Devices";

#[test]
fn chexpert_keeps_what_is_blank_or_uncertain_apart() {
    let header = format!("Path,Sex,Age,Frontal/Lateral,AP/PA,{FOURTEEN_COLUMNS}\n");
    let small = "CheXpert-v1.0-small";
    let train = [
        header.clone(),
        format!(
            "{small}/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,,,1.0,,0.0,-1.0,,,,,-1.0,1.0,,1.0\n"
        ),
        format!(
            "{small}/train/patient00001/study1/view2_lateral.jpg,Female,68,Lateral,,,,1.0,,0.0,-1.0,,,,,-1.0,1.0,,1.0\n"
        ),
        format!(
            "{small}/train/patient00002/study1/view1_frontal.jpg,Male,40,Frontal,PA,1.0,,,,,,,,,0.0,,,,\n"
        ),
        format!(
            "{small}/train/patient00003/study1/view1_frontal.jpg,Male,40,Frontal,PA,1.0,,,,,,,,,0.0,,,,\n"
        ),
    ];
    let valid = header.clone()
        + &format!(
            "{small}/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,AP,0.0,1.0,1.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\n"
        );
    let dataset = Dataset::new(
        "chexpert",
        &[("train.csv", &train.concat()), ("valid.csv", &valid)],
        &[
            "train/patient00001/study1/view1_frontal.jpg",
            "train/patient00001/study1/view2_lateral.jpg",
            "train/patient00002/study1/view1_frontal.jpg",
            "valid/patient64541/study1/view1_frontal.jpg",
        ],
    );
    let said = dataset.run(&[]).unwrap();
    assert!(
        said.starts_with("3 images: 2 train, 1 val\n1 images are not there\n1 images of other"),
        "{said}"
    );
    let first = "data/train/patient00001/study1/view1_frontal.jpg,train,chexpert-patient00001,\
                 chexpert,Cardiomegaly,Abnormal Lesion,Pulmonary Edema;Pleural Effusion,AP,\n";
    let others = "data/train/patient00002/study1/view1_frontal.jpg,train,chexpert-patient00002,\
        chexpert,,Pneumothorax;Mediastinal Enlargement;Cardiomegaly;Lung Opacity;Abnormal Lesion;\
        Pulmonary Edema;Pulmonary Consolidation;Pneumonia;Atelectasis;Pleural Effusion;\
        Bone Fracture,,PA,\n\
        data/valid/patient64541/study1/view1_frontal.jpg,val,chexpert-patient64541,chexpert,\
        Mediastinal Enlargement;Cardiomegaly;Lung Opacity,Abnormal Lesion;Pulmonary Edema;\
        Pulmonary Consolidation;Pneumonia;Atelectasis;Pneumothorax;Pleural Effusion;Bone Fracture,\
        ,AP,\n";
    assert_eq!(dataset.manifest(), [COLUMNS, first, others].concat());

    let samples = dataset.samples(&["Cardiomegaly", "Pulmonary Edema", "Pneumonia", "Hernia"]);
    let labels = |end| &sample(&samples, end).labels;
    assert_eq!(labels("01/study1/view1_frontal.jpg"), &[Some(1.0), None, None, None]);
    assert_eq!(labels("02/study1/view1_frontal.jpg"), &[Some(0.0), Some(0.0), Some(0.0), None]);

    dataset.run(&["--lateral"]).unwrap();
    let lateral = first.replace("view1_frontal", "view2_lateral").replace(",AP,", ",lateral,");
    assert_eq!(dataset.manifest(), [COLUMNS, first, &lateral, others].concat());
}

#[test]
fn chexpert_is_read_as_its_download_unpacks() {
    let header = format!("Path,Sex,Age,Frontal/Lateral,AP/PA,{FOURTEEN_COLUMNS}\n");
    let row = |split: &str, patient: &str| {
        format!(
            "CheXpert-v1.0/{split}/{patient}/study1/view1_frontal.jpg,Male,40,Frontal,PA,1.0{}\n",
            ",".repeat(13)
        )
    };
    let train = ["patient00001", "patient00002", "patient21514", "patient43018"];
    let train = header.clone() + &train.map(|patient| row("train", patient)).concat();
    let valid = header + &row("valid", "patient64541");
    let batches = [1, 2, 3, 4].map(|number| {
        let what = ["validate & csv", "train 1", "train 2", "train 3"][number - 1];
        format!("CheXpert-v1.0 batch {number} ({what})")
    });
    let [first, second, third, fourth] = &batches;
    let tables = [format!("{first}/train.csv"), format!("{first}/valid.csv")];
    let view = "study1/view1_frontal.jpg";
    // The last as if its archive had a folder `train`, and as a program unpacks that makes a folder
    // for every archive.
    let images = [
        format!("{first}/valid/patient64541/{view}"),
        format!("{second}/patient00001/{view}"),
        format!("{second}/patient00002/{view}"),
        format!("{third}/train/patient21514/{view}"),
        format!("{fourth}/{fourth}/patient43018/{view}"),
    ];
    let files = [(tables[0].as_str(), train.as_str()), (tables[1].as_str(), valid.as_str())];
    let dataset = Dataset::new("chexpert", &files, &images.each_ref().map(String::as_str));
    let said = dataset.run(&[]).unwrap();
    assert!(said.starts_with("5 images: 4 train, 1 val\n"), "{said}");
    for image in &images {
        assert!(dataset.manifest().contains(&format!("data/{image},")), "{image}");
    }
    // The first batch is where the tables are, and may well be taken for the root.
    let root = dataset.folder.path().join("data").join(first);
    let (root, out) = (root.to_str().unwrap(), dataset.manifest_path());
    let output = carzero(["dataset", "chexpert", "--root", root, "--out", out.to_str().unwrap()]);
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("5 images: 4 train, 1 val\n"), "{said}");
}

#[test]
fn a_dataset_without_most_of_its_images_is_an_error() {
    let dataset = nih14();
    for folder in ["images_001", "images_002"] {
        fs::remove_dir_all(dataset.folder.path().join("data").join(folder)).unwrap();
    }
    let image = GrayImage::from_pixel(80, 80, Luma([9]));
    image.save(dataset.prepare("images/images_001/images/00000002_000.png")).unwrap();
    let error = dataset.run(&[]).unwrap_err();
    assert!(error.contains("1 of its images are there, 4 missing"), "{error}");
    assert!(error.contains("Unpack the images") && error.contains("--partial"), "{error}");
    assert!(!dataset.manifest_path().is_file());
    let said = dataset.run(&["--partial"]).unwrap();
    assert!(said.starts_with("1 images: 1 test\n4 images are not there\n"), "{said}");
}

#[test]
fn tables_are_found_below_what_a_downloader_made() {
    let table = "ImageID,ImageDir,PatientID,Projection,Labels\na.png,0,p1,PA,['normal']\n";
    let name = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv";
    for place in ["", "BIMCV/PadChest/"] {
        for image in ["0/a.png", "images/0/a.png", "image_zips/0/a.png", "images/a.png"] {
            let (table_path, image) = (format!("{place}{name}"), format!("{place}{image}"));
            let dataset = Dataset::new("padchest", &[(&table_path, table)], &[&image]);
            dataset.run(&[]).unwrap();
            assert!(dataset.manifest().contains(&format!("data/{image},")), "{image}");
        }
    }
    // The names that the NIH gives its lists now.
    let dataset = nih14();
    let file = |name: &str| dataset.folder.path().join("data").join(name);
    fs::rename(file("test_list.txt"), file("test_list_NIH.txt")).unwrap();
    fs::rename(file("Data_Entry_2017.csv"), file("Data_Entry_2017_v2020.csv")).unwrap();
    assert!(dataset.run(&[]).unwrap().contains("4 images: 1 test, 3 train\n"));
}

#[test]
fn padchest_lists_findings_and_normal_images_have_none() {
    let table = "\
,ImageID,ImageDir,StudyDate_DICOM,PatientID,Projection,Report,MethodLabel,Labels,Localizations
0,a.png,0,20140915,p1,PA,sin hallazg,Physician,\"['laminar atelectasis', ' NSG tube', 'mystery']\",[]
1,b.png,0,20140915,p2,AP_horizontal,,RNN_model,['normal'],[]
2,c.png,1,20140915,p3,L,,Physician,['normal'],[]
3,d.png,1,20140915,p4,PA,,Physician,\"['exclude', 'cardiomegaly']\",[]
4,e.png,1,20140915,p5,COSTAL,,Physician,['rib fracture'],[]
5,f.png,1,20140915,p6,PA,,Physician,,
";
    let dataset = Dataset::new(
        "padchest",
        &[("PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv", table)],
        &["0/a.png", "0/b.png", "1/c.png", "1/d.png", "1/e.png", "f.png"],
    );
    let said = dataset.run(&[]).unwrap();
    assert!(said.contains("3 images of other views") && said.contains("mystery (1)"), "{said}");
    let expected = format!(
        "data/0/a.png,train,padchest-p1,padchest,Laminar Atelectasis;Nasogastric Tube,,,PA,\n\
         data/0/b.png,train,padchest-p2,padchest,,{},,AP,\n\
         data/f.png,train,padchest-p6,padchest,,,,PA,\n",
        fourteen_but(&[])
    );
    assert_eq!(dataset.manifest(), COLUMNS.to_string() + &expected);
    let samples = dataset.samples(&["Laminar Atelectasis", "Atelectasis"]);
    assert_eq!(sample(&samples, "a.png").labels, [Some(1.0), None]);
    assert_eq!(sample(&samples, "b.png").labels, [None, Some(0.0)]);
}

#[test]
fn open_i_joins_projections_with_index_terms_and_reports() {
    let reports = "\
uid,MeSH,Problems,image,indication,comparison,findings,impression
1,normal,normal,Xray Chest PA and Lateral,Positive TB test,None.,Lungs are clear.,Normal chest.
2,Cardiomegaly/borderline;Pulmonary Atelectasis/base/left;Calcinosis/lung,Cardiomegaly,Chest,Preop,None.,No pneumothorax. Possible pneumonia.,
3,No Indexing,No Indexing,Chest,Pain,None.,,
";
    let projections = "\
uid,filename,projection
1,1_IM-0001-4001.dcm.png,Frontal
1,1_IM-0001-3001.dcm.png,Lateral
2,2_IM-0652-1001.dcm.png,Frontal
3,3_IM-1384-1001.dcm.png,Frontal
";
    let dataset = Dataset::new(
        "openi",
        &[("indiana_reports.csv", reports), ("indiana_projections.csv", projections)],
        &[
            "images/images_normalized/1_IM-0001-4001.dcm.png",
            "images/images_normalized/1_IM-0001-3001.dcm.png",
            "images/images_normalized/2_IM-0652-1001.dcm.png",
        ],
    );
    let said = dataset.run(&[]).unwrap();
    assert!(said.contains("1 labels are no finding: calcinosis (1)"), "{said}");
    let expected = "\
        data/images/images_normalized/1_IM-0001-4001.dcm.png,train,openi-1,openi,,\
        Atelectasis;Cardiomegaly;Pleural Effusion;Pulmonary Infiltration;Pulmonary Mass;\
        Lung Nodule;Pneumonia;Pneumothorax;Pulmonary Edema;Pulmonary Emphysema;Fibrosis;\
        Pleural Thickening;Hernia;Bone Fracture;Lung Opacity;Abnormal Lesion;Calcified Granuloma;\
        Lung Granuloma,,frontal,\"Lungs are clear.\nNormal chest.\"\n\
        data/images/images_normalized/2_IM-0652-1001.dcm.png,val,openi-2,openi,Atelectasis,,\
        Cardiomegaly,frontal,No pneumothorax. Possible pneumonia.\n";
    assert_eq!(dataset.manifest(), COLUMNS.to_string() + expected);
    let findings = ["Atelectasis", "Cardiomegaly", "Pneumothorax", "Pneumonia", "Hernia"];
    let samples = dataset.samples(&findings);
    let labels = &sample(&samples, "2_IM-0652-1001.dcm.png").labels;
    assert_eq!(labels, &[Some(1.0), None, Some(0.0), None, None], "labels and report together");
}

fn mimic_cxr() -> Dataset {
    let labels = format!(
        "subject_id,study_id,{FOURTEEN_COLUMNS}\n\
         10000032,50414267,,,1.0,,,-1.0,,0.0,,,,,,\n\
         10000764,57375967,1.0,,,,,,,,,,,,,\n"
    );
    let metadata = "\
dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows
02aa804e,10000032,50414267,CHEST (PA AND LAT),PA,3056
174413ec,10000032,50414267,CHEST (PA AND LAT),LATERAL,3056
096052b7,10000764,57375967,CHEST (PA AND LAT),AP,3056
dcfeeac4,10000764,57375967,CHEST (PA AND LAT),,3056
b79e55c3,10000898,50771383,CHEST (PA AND LAT),PA,3056
";
    let splits = "\
dicom_id,study_id,subject_id,split
02aa804e,50414267,10000032,train
174413ec,50414267,10000032,train
096052b7,57375967,10000764,validate
b79e55c3,50771383,10000898,test
";
    Dataset::new(
        "mimic-cxr",
        &[
            ("mimic-cxr-2.0.0-chexpert.csv", &labels),
            ("mimic-cxr-2.0.0-metadata.csv", metadata),
            ("mimic-cxr-2.0.0-split.csv", splits),
            (
                "mimic-cxr-reports/files/p10/p10000032/s50414267.txt",
                "FINDINGS:\nNo effusion, the \"heart\" is enlarged.\n",
            ),
        ],
        &[
            "files/p10/p10000032/s50414267/02aa804e.jpg",
            "files/p10/p10000764/s57375967/096052b7.jpg",
            "files/p10/p10000898/s50771383/b79e55c3.jpg",
        ],
    )
}

#[test]
fn mimic_cxr_joins_its_tables_and_reports() {
    let dataset = mimic_cxr();
    let said = dataset.run(&[]).unwrap();
    assert!(said.starts_with("3 images: 1 test, 1 train, 1 val\n2 images of other"), "{said}");
    let expected = "\
        data/files/p10/p10000032/s50414267/02aa804e.jpg,train,mimic-cxr-10000032,mimic-cxr,\
        Cardiomegaly,Pneumonia,Pulmonary Edema,PA,\
        \"FINDINGS:\nNo effusion, the \"\"heart\"\" is enlarged.\"\n\
        data/files/p10/p10000764/s57375967/096052b7.jpg,val,mimic-cxr-10000764,mimic-cxr,,\
        Mediastinal Enlargement;Cardiomegaly;Lung Opacity;Abnormal Lesion;Pulmonary Edema;\
        Pulmonary Consolidation;Pneumonia;Atelectasis;Pneumothorax;Pleural Effusion;Bone Fracture,\
        ,AP,\n\
        data/files/p10/p10000898/s50771383/b79e55c3.jpg,test,mimic-cxr-10000898,mimic-cxr,,,,PA,\n";
    assert_eq!(dataset.manifest(), COLUMNS.to_string() + expected);
    let findings = ["Cardiomegaly", "Pneumonia", "Pulmonary Edema", "Pleural Effusion", "Hernia"];
    let samples = dataset.samples(&findings);
    let labels = &sample(&samples, "02aa804e.jpg").labels;
    assert_eq!(labels, &[Some(1.0), Some(0.0), None, Some(0.0), None]);
}

#[test]
fn a_table_may_be_packed_as_it_is_published() {
    let dataset = mimic_cxr();
    dataset.run(&[]).unwrap();
    let plain = dataset.manifest();
    for part in ["chexpert", "metadata", "split"] {
        let path = dataset.prepare(&format!("mimic-cxr-2.0.0-{part}.csv"));
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&fs::read(&path).unwrap()).unwrap();
        dataset.write(&format!("mimic-cxr-2.0.0-{part}.csv.gz"), &packed.finish().unwrap());
        fs::remove_file(path).unwrap();
    }
    dataset.run(&[]).unwrap();
    assert_eq!(dataset.manifest(), plain);
}

#[test]
fn a_patient_whom_the_official_split_divides_is_refused() {
    let dataset = mimic_cxr();
    let metadata = fs::read_to_string(dataset.prepare("mimic-cxr-2.0.0-metadata.csv")).unwrap();
    dataset.write(
        "mimic-cxr-2.0.0-metadata.csv",
        metadata.replace("b79e55c3,10000898", "b79e55c3,10000032").as_bytes(),
    );
    let moved = "files/p10/p10000032/s50771383/b79e55c3.jpg";
    let image = dataset.prepare("files/p10/p10000898/s50771383/b79e55c3.jpg");
    fs::copy(image, dataset.prepare(moved)).unwrap();
    let error = dataset.run(&[]).unwrap_err();
    assert!(error.contains("10000032` has images in both `train` and `test`"), "{error}");
    assert!(!dataset.manifest_path().exists(), "no half manifest");
}

#[test]
fn a_folder_without_its_table_or_images_is_refused_with_the_remedy() {
    for (layout, table) in [
        ("nih14", "Data_Entry_2017.csv"),
        ("chexpert", "train.csv"),
        ("padchest", "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv"),
        ("openi", "indiana_projections.csv"),
        ("mimic-cxr", "mimic-cxr-2.0.0-metadata.csv"),
    ] {
        let error = Dataset::new(layout, &[("readme.txt", "")], &[]).run(&[]).unwrap_err();
        assert!(error.contains(table) && error.contains("Download it from"), "{error}");
    }
    let table = "ImageID,ImageDir,PatientID,Projection,Labels\na.png,0,p1,PA,['normal']\n";
    let name = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv";
    let error = Dataset::new("padchest", &[(name, table)], &[]).run(&[]).unwrap_err();
    assert!(error.contains("1 missing") && error.contains("Unpack the images"), "{error}");
    let table = table.replace("PatientID", "Patient");
    let error = Dataset::new("padchest", &[(name, &table)], &[]).run(&[]).unwrap_err();
    assert!(error.contains("no column `PatientID`") && error.contains(name), "{error}");
}

#[test]
fn a_manifest_elsewhere_has_absolute_paths() {
    let (dataset, elsewhere) = (nih14(), TempDir::new().unwrap());
    let out = elsewhere.path().join("new/manifest.csv");
    let root = dataset.folder.path().join("data");
    let args = ["dataset", "nih14", "--root"].map(Path::new);
    let output = carzero(args.into_iter().chain([&*root, Path::new("--out"), &*out]));
    assert!(output.status.success());
    let manifest = fs::read_to_string(out).unwrap();
    let image = root.canonicalize().unwrap().join("images_001/images/00000001_000.png");
    assert!(manifest.contains(&format!("\n{},train,", image.display())), "{manifest}");
}

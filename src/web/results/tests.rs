//! Checks that the objects that the module gets agree with `types.d.ts`.

use serde_json::{Value, json};

use super::super::tests::Declarations;
use super::input::{Input, Map, source_of};
use crate::results::{Results, Source};

fn example() -> Value {
    json!({
        "model": {"title": "Small", "version": "1.0", "sha256": "00ff"},
        "population": "1000 radiographs",
        "warnings": [
            {"code": "modality", "modality": "CT"},
            {"code": "body-part", "part": "KNEE"},
            {"code": "lateral"},
            {"code": "oblique"},
            {"code": "frames", "count": 3},
            {"code": "not-square"},
            {"code": "coloured"},
            {"code": "damaged", "share": 0.95},
            {"code": "unusual"},
            {"code": "unfamiliar"},
            {"code": "inverted"},
            {"code": "drawing"},
            {"code": "negative"},
        ],
        "scores": [
            {"sentence": "There is Mass", "logit": 1.5, "percentile": 90.0, "wording": {"standing": "learnt", "finding": "Pulmonary Mass"}},
            {"sentence": "There is Tumour", "logit": 1.5, "wording": {"standing": "related", "finding": "Pulmonary Mass"}},
            {"sentence": "There is gold", "logit": 1.5, "wording": {"standing": "unknown"}},
        ],
        "source": {"class": "1.2", "instance": "1.3", "study": "1.4", "series": "1.5"},
    })
}

#[test]
fn objects_are_what_typescript_is_told_and_every_warning_has_its_words() {
    let declared = Declarations::read(include_str!("types.d.ts"));
    declared.check("Results", &example());
    let results: Results = serde_json::from_value::<Input>(example()).unwrap().into();
    assert_eq!(results.warnings.len(), 13, "{:#?}", results.warnings);
    let knows = "frontal chest radiographs only";
    assert!(results.warnings[..4].iter().all(|text| text.contains(knows)));
    assert!(results.warnings[8].contains("unlike most"));
    assert!(results.warnings[11].contains("a drawing"));
    assert!(results.warnings[12].contains("exchanged"));
    let map = json!({
        "kind": "attention",
        "view": {"x": 0.0, "y": 0.0, "width": 4.0, "height": 2.0},
        "palette": "viridis",
        "spacing": {"rows": 0.5, "columns": 0.25, "atDetector": true},
    });
    declared.check("ResultMap", &map);
    let map: Map = serde_json::from_value(map).unwrap();
    let capture = map.over(&[0.0, 0.0, 0.0, 1.0], 4, vec![100; 8]).unwrap();
    assert_eq!((capture.columns, capture.rows, capture.rgb.len()), (4, 2, 24));
    assert_eq!((capture.map, capture.palette), ("attention", "viridis"));
    assert!(map.over(&[0.0], 3, vec![0; 8]).is_none(), "eight pixels are no rows of three");
    assert!(map.over(&[0.0], 0, Vec::new()).is_none());
    let source: Source = results.source.unwrap();
    declared.check("SourceUids", &source);
    assert!(source_of(b"\x89PNG, and no DICOM").unwrap().is_none());
    declared.all_met();
}

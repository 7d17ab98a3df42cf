//! FHIR R5 (5.0.0): a Bundle with one DiagnosticReport, an Observation for each sentence, and the model as a Device. R5
//! is used because its ImagingSelection can refer to an image by identifiers without naming a patient.

use serde_json::{Map, Value, json};

use super::codes::{self, Code};
use super::content::{MAKER, PURPOSE, READING, Results, Score, VERSION};
use super::data_set::device_uid;
use super::stamp::Stamp;

/// The scores of an image as a FHIR Bundle in JSON.
pub fn write(results: &Results, stamp: &Stamp) -> String {
    let device = ("device", device(results));
    let selection = results.source.as_ref().map(|source| {
        let class =
            json!({"system": "urn:ietf:rfc:3986", "code": format!("urn:oid:{}", source.class)});
        let image = json!({
            "resourceType": "ImagingSelection",
            "status": "available",
            "code": {"text": "The image that was scored"},
            "studyUid": source.study,
            "seriesUid": source.series,
            "instance": [{"uid": source.instance, "sopClass": class}],
        });
        ("image", image)
    });
    let observations: Vec<(String, Value)> = results
        .scores
        .iter()
        .enumerate()
        .map(|(at, score)| (format!("score {at}"), observation(results, score, stamp)))
        .collect();
    let report = ("report", report(results, stamp, observations.iter().map(|(name, _)| name)));
    let named = [report, device].into_iter().chain(selection);
    let all = named.map(|(name, resource)| (name.to_string(), resource)).chain(observations);
    let entries: Vec<Value> = all
        .map(|(name, mut resource)| {
            let url = stamp.urn(&name);
            let id = url.strip_prefix("urn:uuid:").unwrap_or_default();
            resource["id"] = json!(id);
            json!({"fullUrl": url, "resource": resource})
        })
        .collect();
    let bundle = json!({
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": stamp.instant(),
        "entry": entries,
    });
    format!("{bundle:#}\n")
}

/// A coded concept, with its text.
fn concept(code: &Code, text: &str) -> Value {
    json!({"coding": [code.coding()], "text": text})
}

/// Annotations without an author.
fn notes(texts: impl IntoIterator<Item = String>) -> Value {
    texts.into_iter().map(|text| json!({"text": text})).collect()
}

fn reference(stamp: &Stamp, what: &str) -> Value {
    json!({"reference": stamp.urn(what)})
}

fn report<'a>(
    results: &Results,
    stamp: &Stamp,
    observations: impl Iterator<Item = &'a String>,
) -> Value {
    let scores: Vec<Value> = observations.map(|name| reference(stamp, name)).collect();
    let title = "Research only: scores of CARZero for a radiograph";
    let mut report = json!({
        "resourceType": "DiagnosticReport",
        "status": "preliminary",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v2-0074",
            "code": "RAD",
            "display": "Radiology",
        }]}],
        "code": concept(&codes::document(), title),
        "issued": stamp.instant(),
        "result": scores,
        "conclusion": PURPOSE,
        "note": notes(results.remarks()),
        "text": narrative(results, title),
    });
    if let Some(source) = &results.source {
        let study =
            json!({"system": "urn:dicom:uid", "value": format!("urn:oid:{}", source.study)});
        report["study"] = json!([{"type": "ImagingStudy", "identifier": study}]);
    }
    report
}

fn device(results: &Results) -> Value {
    let model = &results.model;
    json!({
        "resourceType": "Device",
        "identifier": [
            {"system": "urn:dicom:uid", "value": format!("urn:oid:{}", device_uid(results))},
            {"type": {"text": "SHA-256 of the model's files"}, "value": model.sha256},
        ],
        "manufacturer": MAKER,
        "modelNumber": model.title,
        "name": [{"value": results.model(), "type": "user-friendly-name"}],
        "version": [
            {"type": {"text": "Model"}, "value": model.version},
            {"type": {"text": MAKER}, "value": VERSION},
        ],
        "note": notes([PURPOSE.to_string()]),
    })
}

fn observation(results: &Results, score: &Score, stamp: &Stamp) -> Value {
    let text = format!("Research only: score of the sentence “{}”", score.sentence);
    let population = results.population.as_ref();
    let among = population.map(|population| format!("Percentiles are among: {population}."));
    let found = codes::of(score.standard_name());
    let absent = score.remarks().into_iter().next();
    let components = [
        json!({
            "code": concept(&codes::finding(), "What the sentence asks for; no statement that it is there"),
            "valueCodeableConcept": concept(&found, score.finding()),
        }),
        component(&codes::percentile(), score.percentile(), "%", absent.as_deref()),
        component(&codes::logit(), score.logit(), "1", None),
    ];
    let mut observation = json!({
        "resourceType": "Observation",
        "status": "preliminary",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "imaging",
            "display": "Imaging",
        }]}],
        "code": concept(&codes::score(), &text),
        "issued": stamp.instant(),
        "device": reference(stamp, "device"),
        "component": components,
        "note": notes([PURPOSE.to_string()].into_iter().chain(score.remarks()).chain(among).chain(results.warnings.clone())),
    });
    if results.source.is_some() {
        observation["derivedFrom"] = json!([reference(stamp, "image")]);
    }
    observation
}

/// A measurement, or the reason for its absence.
fn component(code: &Code, value: Option<String>, unit: &str, absent: Option<&str>) -> Value {
    let mut of = Map::new();
    of.insert("code".to_string(), concept(code, &code.meaning));
    // It was written with few decimals, so parsing it as a number again loses nothing.
    match value.and_then(|value| value.parse::<f64>().ok()) {
        Some(value) => of.insert(
            "valueQuantity".to_string(),
            json!({"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}),
        ),
        None => of.insert(
            "dataAbsentReason".to_string(),
            json!({
                "coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
                    "code": "not-applicable",
                    "display": "Not Applicable",
                }],
                "text": absent.unwrap_or("It is no number."),
            }),
        ),
    };
    Value::Object(of)
}

/// The same content for people, in XHTML.
fn narrative(results: &Results, title: &str) -> Value {
    let rows: String = results
        .scores
        .iter()
        .map(|score| {
            let cells = [
                score.sentence.clone(),
                score.percentile().unwrap_or_else(|| "–".to_string()),
                score.logit().unwrap_or_else(|| "–".to_string()),
                score.remarks().join(" "),
            ];
            let cells: String =
                cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
            format!("<tr>{cells}</tr>")
        })
        .collect();
    let population = results.population.as_deref().unwrap_or("no reference images");
    let lines = [
        format!("<b>{}</b>", escaped(title)),
        escaped(PURPOSE),
        escaped(READING),
        escaped(&format!("Model: {}. Percentiles among: {population}.", results.model())),
    ];
    let paragraphs = lines.into_iter().chain(results.warnings.iter().map(|text| escaped(text)));
    let paragraphs: String = paragraphs.map(|line| format!("<p>{line}</p>")).collect();
    let head = "<tr><th>Sentence</th><th>Percentile</th><th>Logit</th><th>Remarks</th></tr>";
    let table = format!("<table><thead>{head}</thead><tbody>{rows}</tbody></table>");
    let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{paragraphs}{table}</div>");
    json!({"status": "generated", "div": div})
}

/// Escapes a text for XHTML.
fn escaped(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

//! A DICOM Structured Report: Enhanced SR (PS3.3 section A.35.2), whose content items are sufficient for measurements
//! of a whole image, by the template TID 1500, Measurement Report (PS3.16). Each sentence is a measurement group (TID
//! 1501).

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};

use super::codes::{self, Code};
use super::content::{MAKER, PURPOSE, Results, Score};
use super::data_set::{DataSet, device_uid};
use super::stamp::Stamp;

/// Writes the scores of an image.
pub fn write(results: &Results, stamp: &Stamp) -> Vec<u8> {
    let class = uids::ENHANCED_SR_STORAGE;
    let mut object = DataSet::object(results, stamp, class, "report")
        .with(tags::MODALITY, VR::CS, "SR")
        .with(tags::SERIES_NUMBER, VR::IS, "1")
        .with(tags::INSTANCE_NUMBER, VR::IS, "1")
        .with(tags::SERIES_DESCRIPTION, VR::LO, "RESEARCH ONLY, not for diagnosis: CARZero scores")
        .items(tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, [])
        .with(tags::COMPLETION_FLAG, VR::CS, "COMPLETE")
        .with(tags::COMPLETION_FLAG_DESCRIPTION, VR::LO, "Research only, not for clinical use")
        .with(tags::VERIFICATION_FLAG, VR::CS, "UNVERIFIED")
        .with(tags::PRELIMINARY_FLAG, VR::CS, "PRELIMINARY")
        .items(tags::PERFORMED_PROCEDURE_CODE_SEQUENCE, []);
    if let Some(source) = &results.source {
        let series = DataSet::new().with(tags::SERIES_INSTANCE_UID, VR::UI, &source.series).items(
            tags::REFERENCED_SOP_SEQUENCE,
            [DataSet::reference(&source.class, &source.instance)],
        );
        let study = DataSet::new()
            .with(tags::STUDY_INSTANCE_UID, VR::UI, &source.study)
            .items(tags::REFERENCED_SERIES_SEQUENCE, [series]);
        object = object.items(tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE, [study]);
    }
    object.and(root(results, stamp).into_data_set()).file()
}

/// The relationship of a content item to the one that contains it.
const CONTAINS: &str = "CONTAINS";
const CONTEXT: &str = "HAS OBS CONTEXT";
const MODIFIER: &str = "HAS CONCEPT MOD";
const PROPERTIES: &str = "HAS PROPERTIES";

/// A content item (PS3.3 section C.17.3).
struct Item {
    element: DataSet,
    children: Vec<(&'static str, Item)>,
}

impl Item {
    fn new(kind: &str, name: &Code) -> Self {
        let element = DataSet::new()
            .with(tags::VALUE_TYPE, VR::CS, kind)
            .items(tags::CONCEPT_NAME_CODE_SEQUENCE, [DataSet::code(name)]);
        Self { element, children: Vec::new() }
    }

    fn container(name: &Code) -> Self {
        let Self { element, children } = Self::new("CONTAINER", name);
        Self { element: element.with(tags::CONTINUITY_OF_CONTENT, VR::CS, "SEPARATE"), children }
    }

    /// A container that follows a template of PS3.16.
    fn template(name: &Code, template: &str) -> Self {
        let Self { element, children } = Self::container(name);
        let resource = DataSet::new().with(tags::MAPPING_RESOURCE, VR::CS, "DCMR").with(
            tags::TEMPLATE_IDENTIFIER,
            VR::CS,
            template,
        );
        Self { element: element.items(tags::CONTENT_TEMPLATE_SEQUENCE, [resource]), children }
    }

    fn text(name: &Code, text: &str) -> Self {
        let Self { element, children } = Self::new("TEXT", name);
        Self { element: element.with(tags::TEXT_VALUE, VR::UT, text), children }
    }

    fn uid(name: &Code, uid: &str) -> Self {
        let Self { element, children } = Self::new("UIDREF", name);
        Self { element: element.with(tags::UID, VR::UI, uid), children }
    }

    fn code(name: &Code, code: &Code) -> Self {
        let Self { element, children } = Self::new("CODE", name);
        let element = element.items(tags::CONCEPT_CODE_SEQUENCE, [DataSet::code(code)]);
        Self { element, children }
    }

    fn image(name: &Code, class: &str, instance: &str) -> Self {
        let Self { element, children } = Self::new("IMAGE", name);
        let image = DataSet::reference(class, instance);
        Self { element: element.items(tags::REFERENCED_SOP_SEQUENCE, [image]), children }
    }

    fn number(name: &Code, value: &str, unit: &Code) -> Self {
        let Self { element, children } = Self::new("NUM", name);
        let measured = DataSet::new()
            .items(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, [DataSet::code(unit)])
            .with(tags::NUMERIC_VALUE, VR::DS, value);
        Self { element: element.items(tags::MEASURED_VALUE_SEQUENCE, [measured]), children }
    }

    fn and(mut self, relation: &'static str, item: Self) -> Self {
        self.children.push((relation, item));
        self
    }

    fn and_all(mut self, relation: &'static str, items: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(items.into_iter().map(|item| (relation, item)));
        self
    }

    /// The item with all of its children, as a data set.
    fn into_data_set(self) -> DataSet {
        let Self { element, children } = self;
        if children.is_empty() {
            return element;
        }
        let items = children.into_iter().map(|(relation, item)| {
            item.into_data_set().with(tags::RELATIONSHIP_TYPE, VR::CS, relation)
        });
        element.items(tags::CONTENT_SEQUENCE, items)
    }
}

/// The whole document.
fn root(results: &Results, stamp: &Stamp) -> Item {
    let comment = Code::dcm("121106", "Comment");
    let comments = results.remarks().into_iter().map(|text| Item::text(&comment, &text));
    let groups = results
        .scores
        .iter()
        .enumerate()
        .map(|(at, score)| group(results, score, &stamp.uid(&format!("score {at}"))));
    Item::template(&codes::document(), "1500")
        .and(
            MODIFIER,
            Item::code(
                &Code::dcm("121049", "Language of Content Item and Descendants"),
                &codes::english(),
            ),
        )
        .and_all(CONTEXT, observer(results))
        .and(MODIFIER, Item::code(&Code::dcm("121058", "Procedure reported"), &codes::procedure()))
        .and_all(CONTAINS, comments)
        .and(
            CONTAINS,
            Item::container(&Code::dcm("126010", "Imaging Measurements")).and_all(CONTAINS, groups),
        )
}

/// The observer, which is a device (TID 1002 and 1004).
fn observer(results: &Results) -> [Item; 6] {
    let device = Code::dcm("121007", "Device");
    let name = format!("{} ({PURPOSE})", results.model());
    [
        Item::code(&Code::dcm("121005", "Observer Type"), &device),
        Item::uid(&Code::dcm("121012", "Device Observer UID"), &device_uid(results)),
        Item::text(&Code::dcm("121013", "Device Observer Name"), &name),
        Item::text(&Code::dcm("121014", "Device Observer Manufacturer"), MAKER),
        Item::text(&Code::dcm("121015", "Device Observer Model Name"), &results.model()),
        Item::text(&Code::dcm("121016", "Device Observer Serial Number"), &results.model.sha256),
    ]
}

/// The measurement group for the score of a sentence.
fn group(results: &Results, score: &Score, tracking: &str) -> Item {
    let comment = Code::dcm("121106", "Comment");
    let asked = format!("How the image stands for the sentence “{}”. {PURPOSE}", score.sentence);
    let remarks = [asked].into_iter().chain(score.remarks());
    let percentile = score.percentile().map(|value| {
        let number = Item::number(&codes::percentile(), &value, &codes::percent());
        let population = results.population.as_deref().unwrap_or("the model's reference images");
        number
            .and(PROPERTIES, Item::text(&Code::dcm("121405", "Population description"), population))
    });
    let logit = score.logit().map(|value| Item::number(&codes::logit(), &value, &codes::unity()));
    let source = results.source.as_ref().map(|source| {
        let name = Code::dcm("121112", "Source of Measurement");
        Item::image(&name, &source.class, &source.instance)
    });
    Item::template(&Code::dcm("125007", "Measurement Group"), "1501")
        .and(CONTEXT, Item::text(&Code::dcm("112039", "Tracking Identifier"), &score.sentence))
        .and(CONTEXT, Item::uid(&Code::dcm("112040", "Tracking Unique Identifier"), tracking))
        .and(CONTAINS, Item::code(&codes::finding(), &codes::of(score.standard_name())))
        .and_all(MODIFIER, algorithm(results))
        .and_all(CONTAINS, source)
        .and_all(CONTAINS, percentile)
        .and_all(CONTAINS, logit)
        .and_all(CONTAINS, remarks.map(|text| Item::text(&comment, &text)))
}

/// The algorithm that computed the score (TID 4019).
fn algorithm(results: &Results) -> [Item; 3] {
    let files = format!("SHA-256 of the model's files: {}", results.model.sha256);
    [
        Item::text(&Code::dcm("111001", "Algorithm Name"), &results.model.title),
        Item::text(&Code::dcm("111003", "Algorithm Version"), &results.model.version),
        Item::text(&Code::dcm("111002", "Algorithm Parameters"), &files),
    ]
}

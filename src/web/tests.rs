//! Checks that objects agree with `types.d.ts`: examples of every object fit its declaration, and every declared
//! property, alternative and code occurs in an example.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::objects::{
    DeviceInfo, EncodedText, Explanation, Labelled, ModelInfo, Observed, Palette, ProgramError,
    Ranked, Rewriting, Score, Seen, Shown, Thumbnail, TypedArray, WithStandings,
};
use crate::engine::Standing;
use crate::engine::ablation::{Ablated, Part};
use crate::engine::audit::{Conclusion, Report};
use crate::engine::cover::Cover;
use crate::engine::curves;
use crate::engine::explanation::{self, Piece};
use crate::engine::heads::BothHeads;
use crate::engine::observations::Combined;
use crate::engine::ood::Verdict;
use crate::engine::sensitivity::{Reworded, Sensitivity, Spread};
use crate::engine::sides::{Mirrored, Side};
use crate::engine::wording::Wording;
use crate::error::{Cause, Error, Reason};
use crate::package::config::{Credit, Measured, Preset};
use crate::package::{FileEntry, Precision};
use crate::phantom::{Nodule, Phantom};
use crate::radiograph::dicom::{Fact, Groups, Spacing, Window};
use crate::radiograph::note::Note;
use crate::radiograph::preprocess::{ImageConfig, Resize, View};
use crate::radiograph::warning::Warning;
use crate::text::align::paraphrases::{Change, Paraphrase};
use crate::text::align::reading::{self, Reading};
use crate::text::align::typed::typed;
use crate::text::align::{align, complete};

const TYPES: &str = include_str!("types.d.ts");

/// A type of TypeScript, as far as `types.d.ts` uses such types.
#[derive(Debug, Clone, PartialEq)]
enum Type {
    /// A type by its name: one of TypeScript's own, or a declared one.
    Named(String),
    /// A string literal.
    Text(String),
    Array(Box<Type>),
    Tuple(Vec<Type>),
    Record(Box<Type>),
    Object(Vec<Property>),
    Union(Vec<Type>),
}

#[derive(Debug, Clone, PartialEq)]
struct Property {
    name: String,
    optional: bool,
    of: Type,
}

/// The declarations, and which parts of them have occurred in examples.
pub struct Declarations {
    types: BTreeMap<String, Type>,
    parts: BTreeSet<String>,
    met: RefCell<BTreeSet<String>>,
}

/// Parses a source that was split into words and signs.
struct Parser<'a>(&'a [String]);

impl Parser<'_> {
    fn next(&mut self) -> Option<String> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first.clone())
    }

    fn take(&mut self, sign: &str) -> bool {
        let is_next = self.0.first().is_some_and(|token| token == sign);
        if is_next {
            self.next();
        }
        is_next
    }

    fn expect(&mut self, sign: &str) {
        assert!(self.take(sign), "{sign} expected before {:?}", &self.0[..self.0.len().min(5)]);
    }

    fn union(&mut self) -> Type {
        self.take("|");
        let mut all = vec![self.array()];
        while self.take("|") {
            all.push(self.array());
        }
        if all.len() == 1 { all.remove(0) } else { Type::Union(all) }
    }

    fn array(&mut self) -> Type {
        let mut of = self.single();
        while self.take("[") {
            self.expect("]");
            of = Type::Array(Box::new(of));
        }
        of
    }

    fn single(&mut self) -> Type {
        if self.take("[") {
            let mut all = vec![self.union()];
            while self.take(",") {
                all.push(self.union());
            }
            self.expect("]");
            return Type::Tuple(all);
        }
        if self.take("{") {
            return Type::Object(self.properties());
        }
        let name = self.next().unwrap();
        if let Some(text) = name.strip_prefix('\'') {
            return Type::Text(text.to_string());
        }
        if name == "Record" {
            self.expect("<");
            self.expect("string");
            self.expect(",");
            let of = self.union();
            self.expect(">");
            return Type::Record(Box::new(of));
        }
        Type::Named(name)
    }

    /// The properties up to the closing brace; methods are left out.
    fn properties(&mut self) -> Vec<Property> {
        let mut all = Vec::new();
        while !self.take("}") {
            let name = self.next().unwrap();
            let optional = self.take("?");
            if self.take("(") {
                while self.next().unwrap() != ";" {}
                continue;
            }
            self.expect(":");
            all.push(Property { name, optional, of: self.union() });
            self.take(";");
        }
        all
    }
}

/// The words, strings (beginning with a quote, without the closing one) and signs of a source; comments are left out.
fn tokens(source: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("/*") {
            rest.find("*/").unwrap() + 2
        } else if first == '\'' {
            let length = rest[1..].find('\'').unwrap() + 2;
            tokens.push(rest[..length - 1].to_string());
            length
        } else {
            let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            tokens.push(rest[..word.max(first.len_utf8())].to_string());
            word.max(first.len_utf8())
        };
        rest = rest[length..].trim_start();
    }
    tokens
}

impl Declarations {
    /// Reads a file of declarations.
    pub fn read(source: &str) -> Self {
        let tokens = tokens(source);
        let mut parser = Parser(&tokens);
        let mut types = BTreeMap::new();
        while let Some(word) = parser.next() {
            match word.as_str() {
                "interface" => {
                    let name = parser.next().unwrap();
                    while parser.next().unwrap() != "{" {}
                    types.insert(name, Type::Object(parser.properties()));
                }
                "type" => {
                    let name = parser.next().unwrap();
                    parser.expect("=");
                    types.insert(name, parser.union());
                    parser.expect(";");
                }
                other => assert_eq!(other, "export"),
            }
        }
        let mut parts = BTreeSet::new();
        for (name, of) in &types {
            list_parts(of, name, &mut parts);
        }
        Self { types, parts, met: RefCell::default() }
    }

    /// Checks that a value fits a type; otherwise returns the reason.
    fn fit(&self, value: &Value, of: &Type, at: &str) -> Result<(), String> {
        let fail = || Err(format!("{at}: {value} is no {of:?}"));
        let all = |values: &[Value], of: &Type| {
            values.iter().try_for_each(|value| self.fit(value, of, at))
        };
        match (of, value) {
            (Type::Named(name), value) => match (name.as_str(), value) {
                ("string", Value::String(_))
                | ("number", Value::Number(_))
                | ("boolean", Value::Bool(_))
                | ("object", Value::Object(_)) => Ok(()),
                ("null", Value::Null) => Ok(()),
                (array, Value::Array(values)) if array.ends_with("Array") => {
                    all(values, &Type::Named("number".into()))
                }
                _ => match self.types.get(name) {
                    Some(declared) => self.fit(value, declared, name),
                    None => fail(),
                },
            },
            (Type::Text(text), Value::String(value)) if text == value => {
                self.met.borrow_mut().insert(format!("{at} {text}"));
                Ok(())
            }
            (Type::Array(of), Value::Array(values)) => all(values, of),
            (Type::Tuple(types), Value::Array(values)) if types.len() == values.len() => {
                types.iter().zip(values).try_for_each(|(of, value)| self.fit(value, of, at))
            }
            (Type::Record(of), Value::Object(values)) => {
                values.values().try_for_each(|value| self.fit(value, of, at))
            }
            (Type::Union(types), value) => {
                let tried: Vec<_> = types.iter().map(|of| self.fit(value, of, at)).collect();
                if tried.iter().any(Result::is_ok) { Ok(()) } else { fail() }
            }
            (Type::Object(properties), Value::Object(values)) => {
                let unknown = |name: &&String| properties.iter().all(|it| it.name != **name);
                if let Some(name) = values.keys().find(unknown) {
                    return Err(format!("{at} declares no {name}"));
                }
                // The code is checked first, because it determines the other properties.
                for Property { name, optional, of } in properties {
                    match values.get(name) {
                        None | Some(Value::Null) if *optional => continue,
                        None => return Err(format!("{at}: no {name}")),
                        Some(value) => self.fit(value, of, at)?,
                    }
                    self.met.borrow_mut().insert(format!("{at}.{name}"));
                }
                Ok(())
            }
            _ => fail(),
        }
    }

    /// Checks that an example fits its declaration.
    pub fn check(&self, name: &str, example: &impl Serialize) {
        let value = serde_json::to_value(example).unwrap();
        self.fit(&value, &Type::Named(name.to_string()), name)
            .unwrap_or_else(|why| panic!("{why}"));
    }
}

impl Declarations {
    /// Checks that every declared part occurs in some example.
    pub fn all_met(&self) {
        let unmet: Vec<_> = self.parts.difference(&self.met.borrow()).cloned().collect();
        assert!(unmet.is_empty(), "declared, and met by no example: {unmet:#?}");
    }
}

/// Lists every property and every string literal of a declared type, in the same form as `fit` records them.
fn list_parts(of: &Type, at: &str, parts: &mut BTreeSet<String>) {
    match of {
        Type::Text(text) => drop(parts.insert(format!("{at} {text}"))),
        Type::Object(properties) => {
            for property in properties {
                parts.insert(format!("{at}.{}", property.name));
                list_parts(&property.of, at, parts);
            }
        }
        Type::Union(types) | Type::Tuple(types) => {
            types.iter().for_each(|of| list_parts(of, at, parts));
        }
        Type::Array(of) | Type::Record(of) => list_parts(of, at, parts),
        Type::Named(_) => {}
    }
}

/// One value of each variant. If the library gets another variant, this does not compile until it is listed here.
macro_rules! each {
    ($type:ident: $($variant:ident $({ $($named:tt)* })? $(($($value:expr),*))?),* $(,)?) => {{
        let _ = |known: $type| match known { $($type::$variant { .. } => (),)* };
        [$($type::$variant $({ $($named)* })? $(($($value),*))?),*]
    }};
}

fn reasons() -> impl IntoIterator<Item = Reason> {
    let text = || "text".to_string();
    each![Reason:
        NoTransferSyntax, NotDeflated, CutOff, NoPixels, PixelsCutOff, NotCompressed, OtherSize,
        NoPalette, NoArea { rows: 0, columns: 1 }, BitsStored { stored: 1, allocated: 2 },
        Broken { codec: "JPEG", what: text() }, FloatingPoint, OneBit, Bits { allocated: 32 },
        Colours { colours: text(), samples: 2 }, SegmentedPalette, ColourJpegLs, DeepProgressive,
        HighThroughput, Stored { format: "JPIP", uid: text() }, Video { uid: text() },
        RetiredJpeg { uid: text() }, UnknownSyntax { uid: text() },
        Size { width: 1, height: 2 }, EndlessDeflate, Memory { what: text() },
    ]
}

fn errors() -> impl IntoIterator<Item = Error> {
    let text = || "text".to_string();
    let cause = || Cause::from("text");
    each![Error:
        Manifest(cause()), File { path: text(), reason: cause() }, Config(cause()),
        Population(cause()), OtherModel { theirs: text(), ours: text() },
        FewImages { images: 9, least: 50 },
        Weights(cause()), Tokenizer(cause()), Image(cause()), ImageUnsupported(text()), Damaged(Some(0.5)), Dicom(Reason::CutOff),
        NoPicture(text()), DicomUnsupported(Reason::OneBit), EmptyFile, Heic, Pdf, Archive("ZIP"),
        Dicomdir, ImageTooLarge(Reason::Size { width: 1, height: 2 }), Prompt(text()),
        Answer(cause()), Device(cause()), SelfTest(cause()),
    ]
}

fn check_pictures(declared: &Declarations) {
    let text = || "text".to_string();
    for note in each![Note:
        Depth { bits: 12 }, VoiLut, Window { center: 1.0, width: 2.0 },
        WindowFromValues { low: 0.0, high: 1.0 }, NoWindow, BrokenVoiLut, BrokenWindow,
        Compressed { codec: "JPEG", says: "RLE Lossless" }, NotCompressed { says: "RLE Lossless" },
    ] {
        declared.check("Note", &note);
    }
    for fact in each![Fact:
        Modality { value: text() }, BodyPart { value: text() }, View { value: text() },
        Laterality { value: text() },
        Spacing(Spacing { rows: 0.1, columns: 0.2, at_detector: true }),
        Matrix { columns: 1, rows: 2 }, Bits { stored: 12, allocated: 16, signed: false },
        Photometric { value: "MONOCHROME2" }, TransferSyntax { value: "RLE Lossless" },
    ] {
        declared.check("Fact", &fact);
    }
    for (view, sex, age) in [
        ("PA", "F", "0–17"),
        ("AP", "M", "18–39"),
        ("lateral", "O", "40–64"),
        ("oblique", "F", "65+"),
    ] {
        declared.check("Groups", &Groups { view: Some(view), sex: Some(sex), age: Some(age) });
    }
    for warning in each![Warning:
        Modality { modality: text() }, BodyPart { part: text() }, Lateral, Oblique,
        Frames { count: 2 }, NotSquare, Coloured, Damaged { share: 0.5 },
    ] {
        declared.check("Warning", &warning);
    }
    let window = Some(Window { center: 1.0, width: 2.0 });
    for values in [TypedArray::U8(&[1]), TypedArray::U16(&[1]), TypedArray::I16(&[-1])] {
        declared.check("Shown", &Shown { values, window, spacing: Some([0.1, 0.2]) });
    }
    declared.check("Palette", &Palette { name: "", ramp: TypedArray::Clamped(&[1, 2, 3, 4]) });
    let view = View { x: 0.0, y: 1.0, width: 2.0, height: 3.0 };
    declared.check("View", &view);
    for resize in [Resize::LongestSidePad, Resize::CentreSquare] {
        let config = ImageConfig { resize, size: 8, crop: 4, mean: 0.5, std: 0.5 };
        declared.check("ImageConfig", &config);
    }
    declared.check("Seen", &Seen { grey: TypedArray::U8(&[1]), view });
    let grey = TypedArray::Clamped(&[1]);
    declared.check("Thumbnail", &Thumbnail { grey, width: 1, height: 1 });
    for example in Phantom::EXAMPLES {
        declared.check("Example", &example);
        for truth in example.params.truth() {
            declared.check("Truth", &truth);
        }
    }
    let nodule = Some(Nodule { x: 0.1, y: 0.2, radius: 0.03 });
    declared.check("Phantom", &Phantom { nodule, ..Phantom::default() });
}

fn check_model(declared: &Declarations) {
    let text = || "text".to_string();
    declared.check("FileEntry", &FileEntry::new("config.json", b"{}"));
    for (precision, resize, kind) in [
        (Precision::F32, Resize::LongestSidePad, "cpu"),
        (Precision::F16, Resize::CentreSquare, "webgpu"),
        (Precision::Q8, Resize::CentreSquare, "cpu"),
    ] {
        declared.check(
            "ModelInfo",
            &ModelInfo {
                name: "",
                title: "",
                version: "",
                sha256: "",
                license: "",
                parameters: 1,
                bytes: 2,
                precision,
                device: &DeviceInfo { kind, name: text() },
                population: Some(""),
                own_images: Some(60),
                validation: Some(""),
                presets: &[Preset { id: text(), title: text(), findings: vec![text()] }],
                credits: &[Credit { what: text(), who: text(), license: text() }],
                map_side: 14,
                resize,
                margin: 0.06,
                cosine_head: true,
            },
        );
    }
    for verdict in each![Verdict: Familiar, Unusual, Unfamiliar, Inverted] {
        declared.check("Verdict", &verdict);
    }
    let pair = Some([0.25, 0.5]);
    let measured =
        Measured { positives: 1, negatives: 2, auroc: 0.5, interval: pair, undecided: pair };
    for wording in each![Wording:
        Learnt { finding: text() },
        Related { finding: text(), nearest: text(), cosine: Some(0.5) },
        Unknown { cosine: 0.1 },
    ] {
        let numbers = TypedArray::F32(&[0.5]);
        declared.check(
            "Score",
            &Score {
                finding: "",
                sentence: "",
                logit: 0.5,
                i2t: 0.5,
                t2i: 0.5,
                percentile: Some(50.0),
                cosine: Some(0.5),
                wording: Some(&wording),
                measured: Some(WithStandings { measured: measured.clone(), standings: pair }),
                attention: numbers,
                similarity: numbers,
                reference: Some(numbers),
            },
        );
    }
    let numbers = Some(TypedArray::F32(&[0.5]));
    let measured = Some(WithStandings { measured, standings: pair });
    declared.check("Ranked", &Ranked { percentiles: numbers, measured });
    let labelled = json!({
        "finding": "Edema", "positives": 20, "negatives": 40, "auroc": 0.91239,
        "interval": [0.8, 0.95], "undecided": [-1.5, 0.5],
    });
    declared.check("Labelled", &labelled);
    let labelled: Labelled = serde_json::from_value(labelled).unwrap();
    let kept = Measured::from(&labelled);
    assert_eq!((kept.auroc, kept.positives, kept.undecided), (0.9124, 20, Some([-1.5, 0.5])));
    let explanation = explanation::Explanation {
        words: vec![text()],
        pieces: vec![Piece { text: text(), word: 0 }],
        layers: 1,
        heads: 1,
        word_vectors: vec![0.5],
        text_vector: vec![0.5],
        image_vector: vec![0.5],
        patches: vec![0.5],
        attended_words: vec![0.5],
        attended_text: vec![0.5],
        word_patches: vec![0.5],
        fused: vec![0.5],
        hidden: vec![vec![0.5]],
        i2t: 0.5,
        t2i: 0.5,
        logit: 0.5,
    };
    declared.check("Explanation", &Explanation::from(&explanation));
    let (words, numbers) = ([text()], TypedArray::F32(&[0.5]));
    let text = EncodedText { sentence: "", words: &words, global: numbers, tokens: numbers };
    declared.check("EncodedText", &text);
}

fn check_experiments(declared: &Declarations) {
    for part in each![Part:
        Whole,
        Global,
        Local,
        ImageToText,
        TextToImage,
        WithoutLayer { layer: 1 },
        WithoutHead { layer: 1, head: 2 },
    ] {
        declared.check("Ablated", &Ablated { part, logit: 0.5, percentile: Some(50.0) });
    }
    let standing = Standing { logit: 0.5, percentile: Some(50.0) };
    declared.check("BothHeads", &BothHeads { cross_attention: standing, cosine: standing });
    for change in each![Change: Template, Name, Misspelling, Uncertainty, Side, Negation, Own] {
        let reworded = Reworded {
            paraphrase: Paraphrase { change, text: "x".into() },
            before: Some(standing),
            prompt: Some("x".into()),
            after: Some(standing),
        };
        let spread = Spread { wordings: 1, before: 2.0, after: 1.0, explained: Some(0.75) };
        declared
            .check("Sensitivity", &Sensitivity { wordings: vec![reworded], spread: Some(spread) });
    }
    let curves = curves::Report {
        deletion: vec![standing],
        insertion: vec![standing],
        deletion_area: 0.5,
        insertion_area: 0.5,
    };
    declared.check("CurvesReport", &curves);
    let combined = Some(Combined { observations: 2, mean: 0.5, percentile: 50.0 });
    declared.check("Observed", &Observed { observations: Vec::new(), combined });
    for side in each![Side: Neither, Left, Right] {
        let (prompt, as_is, mirrored) = ("x".into(), standing, standing);
        declared.check("Mirrored", &Mirrored { side, prompt, as_is, mirrored });
    }
    let covers = each![Cover: Mean, Blur, Mirror];
    for (cover, conclusion) in covers.into_iter().zip(each![Conclusion: Explains, Partly, NoReason])
    {
        declared.check(
            "AuditReport",
            &Report {
                cover,
                region: vec![1],
                whole: standing,
                covered: standing,
                controls: vec![standing],
                kept: standing,
                shuffled: standing,
                as_much: 0,
                conclusion,
                looks: Some(Verdict::Familiar),
            },
        );
    }
}

fn check_texts(declared: &Declarations) {
    for text in ["ptx", "pneumothroax", "effusion at the left base", "normal chest"] {
        declared.check("Typed", &typed(text));
    }
    declared.check(
        "Rewriting",
        &Rewriting { instructions: &reading::SYSTEM_PROMPT, schema: reading::schema() },
    );
    let statements = align("effusion at the left base");
    let unknown = vec!["text".to_string()];
    declared.check(
        "Reading",
        &Reading { statements, unknown_findings: unknown.clone(), unknown_places: unknown },
    );
    for completion in complete("pneu", 3) {
        declared.check("Completion", &completion);
    }
}

#[test]
fn objects_are_what_typescript_is_told() {
    let declared = Declarations::read(TYPES);
    for error in errors() {
        declared.check("ProgramError", &ProgramError::from(&error));
    }
    for reason in reasons() {
        declared.check("Reason", &reason);
    }
    check_pictures(&declared);
    check_model(&declared);
    check_experiments(&declared);
    check_texts(&declared);
    declared.all_met();
}

#[test]
fn what_does_not_fit_is_noticed() {
    let declared = Declarations::read(TYPES);
    let faults = |name: &str, value: Value| {
        declared.fit(&value, &Type::Named(name.into()), name).unwrap_err()
    };
    let nodule = json!({"x": 0.1, "y": 0.2, "radius": 0.03});
    assert!(declared.fit(&nodule, &Type::Named("Nodule".into()), "").is_ok());
    for (name, value, why) in [
        ("Nodule", json!({"x": 0.1, "y": 0.2}), "no radius"),
        ("Nodule", json!({"x": 0.1, "y": 0.2, "radius": 1, "z": 0}), "declares no z"),
        ("Nodule", json!({"x": null, "y": 0.2, "radius": 0.03}), "is no"),
        ("Verdict", json!("odd"), "is no"),
        ("Note", json!({"code": "depth", "bits": "12"}), "is no"),
        ("Truth", json!(3), "is no"),
    ] {
        assert!(faults(name, value).contains(why), "{name}: {why}");
    }
}

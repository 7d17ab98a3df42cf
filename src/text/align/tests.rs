use serde::Deserialize;

use super::*;

const CASES: &str = include_str!("../../../tests/align.json");

/// A little below what was measured, in the order of [`Tally::rates`].
const DEVELOPMENT: [f64; 8] = [0.98, 0.99, 0.98, 0.99, 0.98, 0.98, 0.98, 0.97];
const HELD_OUT: [f64; 8] = [0.96, 0.93, 0.95, 0.95, 0.82, 0.89, 0.85, 0.77];

/// Least F1 of findings, and of each state, over whole reports.
const REPORTS: [f64; 5] = [0.99; 5];
/// The same over reports by somebody who had not read the rules. When they were first read, findings
/// had .991, absence .964 and uncertainty .981; what was wrong then was told by its kind and mended.
const FRESH_EYES: [f64; 5] = [0.95, 0.95, 0.97, 0.97, 0.9];

/// A text with what it says: the statements with their places (`expected`), or the state of every
/// finding (`want`): + present, - absent, ? uncertain, h of the past, h0 of the past or not said.
/// Findings that people read differently (`either`) do not count.
#[derive(Deserialize)]
struct Case {
    split: String,
    text: String,
    #[serde(default)]
    expected: Vec<Expected>,
    want: Option<BTreeMap<String, String>>,
    #[serde(default)]
    either: Vec<String>,
}

#[derive(Deserialize)]
struct Expected {
    finding: String,
    negated: bool,
    location: Option<String>,
}

/// Counts over one half of the cases.
#[derive(Default)]
struct Tally {
    cases: usize,
    expected: usize,
    given: usize,
    found: usize,
    negation: usize,
    place_expected: usize,
    place_given: usize,
    place: usize,
    exact: usize,
}

impl Tally {
    fn new(cases: &[Case], split: &str) -> Self {
        let mut tally = Self::default();
        for case in cases.iter().filter(|case| case.split == split && case.want.is_none()) {
            let given = align(&case.text);
            let before = (tally.found, tally.negation, tally.place);
            tally.cases += 1;
            tally.expected += case.expected.len();
            tally.given += given.len();
            tally.place_given += given.iter().filter(|one| one.location.is_some()).count();
            let mut left = given.clone();
            for wanted in &case.expected {
                // The statement that agrees best, so that "right" and "left" are not swapped.
                let agreement = |one: &Aligned| {
                    (one.finding == wanted.finding).then_some(
                        1 + i32::from(one.negated == wanted.negated)
                            + 2 * i32::from(one.location == wanted.location),
                    )
                };
                tally.place_expected += usize::from(wanted.location.is_some());
                let best = (0..left.len())
                    .filter_map(|index| Some((agreement(&left[index])?, index)))
                    .max();
                let Some((_, index)) = best else { continue };
                let one = left.swap_remove(index);
                tally.found += 1;
                tally.negation += usize::from(one.negated == wanted.negated);
                tally.place +=
                    usize::from(one.location.is_some() && one.location == wanted.location);
            }
            let same = left.is_empty()
                && tally.found - before.0 == case.expected.len()
                && tally.negation - before.1 == case.expected.len()
                && tally.place - before.2
                    == case.expected.iter().filter(|one| one.location.is_some()).count()
                && given.iter().filter(|one| one.location.is_some()).count()
                    == tally.place - before.2;
            tally.exact += usize::from(same);
            if !same && std::env::var("ALIGN_SHOW").as_deref() == Ok(split) {
                println!("--- {}", case.text);
                given.iter().for_each(|one| {
                    println!("    {} {:?}", one.prompt, &case.text[one.start..one.end])
                });
            }
        }
        tally
    }

    /// Precision, recall and F1 of findings, accuracy of negation among those found, precision,
    /// recall and F1 of places (of found findings), share of cases without any error.
    fn rates(&self) -> [f64; 8] {
        let rate = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        let f1 = |p: f64, r: f64| 2.0 * p * r / (p + r).max(f64::MIN_POSITIVE);
        let (p, r) = (rate(self.found, self.given), rate(self.found, self.expected));
        let (lp, lr) = (rate(self.place, self.place_given), rate(self.place, self.place_expected));
        [
            p,
            r,
            f1(p, r),
            rate(self.negation, self.found),
            lp,
            lr,
            f1(lp, lr),
            rate(self.exact, self.cases),
        ]
    }
}

#[test]
fn reports_are_read_well_enough() {
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    println!("{:12} cases  findings P/R/F1    negation  places P/R/F1      whole case", "");
    for (split, floors) in [("development", DEVELOPMENT), ("held-out", HELD_OUT)] {
        let tally = Tally::new(&cases, split);
        let rates = tally.rates();
        let [p, r, f1, negation, lp, lr, lf1, whole] = rates;
        println!(
            "{split:12} {:5}  {p:.3} {r:.3} {f1:.3}  {negation:.3}     {lp:.3} {lr:.3} {lf1:.3}  {whole:.3}",
            tally.cases
        );
        assert!(
            rates.iter().zip(floors).all(|(rate, floor)| *rate >= floor),
            "{split}: {rates:?} below {floors:?}"
        );
    }
}

/// True and false positives, and false negatives.
#[derive(Default)]
struct Hits([usize; 3]);

impl Hits {
    fn f1(&self) -> f64 {
        let [hit, extra, missing] = self.0;
        if hit + extra + missing == 0 {
            1.0
        } else {
            2.0 * hit as f64 / (2 * hit + extra + missing) as f64
        }
    }
}

fn state(one: &Aligned) -> char {
    match (one.historical, one.negated, one.uncertain) {
        (true, ..) => 'h',
        (_, true, _) => '-',
        (.., true) => '?',
        _ => '+',
    }
}

/// Findings (`*`) and states of one text.
fn count(case: &Case, want: &BTreeMap<String, String>, hits: &mut BTreeMap<char, Hits>) {
    let text = &case.text;
    let mut given: BTreeMap<String, Vec<char>> = BTreeMap::new();
    for one in align(text) {
        given.entry(one.finding.clone()).or_default().push(state(&one));
    }
    given.retain(|finding, _| !case.either.contains(finding));
    let before = hits.values().map(|hits| hits.0[1] + hits.0[2]).sum::<usize>();
    let mut add = |kind: char, what: usize| hits.entry(kind).or_default().0[what] += 1;
    for (finding, states) in want {
        let found = given.remove(finding);
        if states == "h0" {
            if let Some(present) = found.iter().flatten().find(|state| **state != 'h') {
                add(*present, 1);
            }
            continue;
        }
        add('*', if found.is_some() { 0 } else { 2 });
        for wanted in states.chars() {
            match found.as_deref() {
                Some(found) if found.contains(&wanted) => add(wanted, 0),
                Some(found) => {
                    add(wanted, 2);
                    add(found[0], 1);
                }
                None => add(wanted, 2),
            }
        }
    }
    for found in given.values() {
        add('*', 1);
        add(found[0], 1);
    }
    if hits.values().map(|hits| hits.0[1] + hits.0[2]).sum::<usize>() > before {
        println!("--- {text}\n    {}", summary(text));
    }
}

#[test]
fn states_are_read_well_enough() {
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    let mut splits: BTreeMap<&str, BTreeMap<char, Hits>> = BTreeMap::new();
    for case in &cases {
        if let Some(want) = &case.want {
            count(case, want, splits.entry(&case.split).or_default());
        }
    }
    for (split, hits) in &splits {
        let of = |kind: char| hits.get(&kind).map_or(1.0, Hits::f1);
        let rates = ['*', '+', '-', '?', 'h'].map(of);
        println!(
            "{split:12} F1 of findings {:.3}  + {:.3}  - {:.3}  ? {:.3}  h {:.3}",
            rates[0], rates[1], rates[2], rates[3], rates[4]
        );
        let least = if *split == "fresh eyes" { FRESH_EYES } else { REPORTS };
        assert!(rates.iter().zip(least).all(|(rate, least)| *rate >= least), "{split}: {rates:?}");
    }
}

/// Statements in one line: `no Pneumonia?`, uncertain ones with `?`, historical ones with `^`.
fn summary(text: &str) -> String {
    let one = |one: &Aligned| {
        let no = if one.negated { "no " } else { "" };
        let flags = [(one.uncertain, "?"), (one.historical, "^")];
        let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
        let place = one.location.iter().map(|place| format!(" @{place}")).collect::<String>();
        format!("{no}{}{flags}{place}", one.finding)
    };
    align(text).iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn every_form_of_a_character_is_one() {
    // Unicode's compatibility forms (UAX #15): ligatures of PDF text, full and half width, composed
    // and decomposed accents and kana.
    for text in ["e\u{fb00}usion", "ｅｆｆｕｓｉｏｎ", "éffusion", "e\u{301}ffusion"] {
        let text = format!("small {text}.");
        let [one] = align(&text).try_into().unwrap();
        assert_eq!(one.finding, "Pleural Effusion", "{text}");
        assert_eq!(text[one.start..one.end], text["small ".len()..text.len() - 1]);
    }
    for text in ["ペースメーカー", "ﾍﾟｰｽﾒｰｶｰ", "ヘ\u{309a}ースメーカー"]
    {
        let [one] = align(text).try_into().unwrap();
        assert_eq!((one.finding.as_str(), one.start, one.end), ("Pacemaker", 0, text.len()));
    }
    // One character that stands for several letters is named whole.
    let [one] = align("no \u{fb01}brosis").try_into().unwrap();
    assert_eq!((one.start, one.end), (3, "no \u{fb01}brosis".len()));
}

fn check(cases: &[(&str, &str)]) {
    let read = cases.iter().map(|(text, right)| (text, summary(text), right));
    let wrong: Vec<_> = read.filter(|(_, read, right)| read != *right).collect();
    assert!(wrong.is_empty(), "text, what is read, what is right: {wrong:#?}");
}

#[test]
fn every_name_is_its_own_prompt() {
    let names: Vec<&String> =
        LEXICON.source.findings.keys().filter(|name| !name.contains(" + ")).collect();
    assert!(names.len() + LEXICON.source.same.len() >= 204, "none is lost");
    for name in names.into_iter().chain(LEXICON.source.same.keys()) {
        let finding = canonical(name);
        assert_eq!(summary(name), finding);
        for text in [format!("There is {finding}"), format!("There is no {finding}")] {
            let aligned = align(&text);
            assert_eq!(aligned.len(), 1, "{text}: {aligned:?}");
            assert_eq!(aligned[0].prompt, text);
        }
    }
}

#[test]
fn every_finding_has_a_name_of_its_own_in_japanese() {
    let names = japanese();
    let mut own: Vec<&str> = Vec::new();
    for finding in LEXICON.source.findings.keys().filter(|name| !name.contains(" + ")) {
        let name = names.get(finding.as_str()).map(String::as_str).unwrap_or_default();
        assert_eq!(
            super::finding(name),
            Some(finding.as_str()),
            "{finding} is {name:?} in Japanese"
        );
        own.push(name);
    }
    assert_eq!(own.iter().collect::<HashSet<_>>().len(), own.len());
    assert_eq!(names["Consolidation"], names["Pulmonary Consolidation"]);
    for (place, name) in
        [("right upper lobe", "右上葉"), ("left side", "左側"), ("both lung bases", "両肺底")]
    {
        assert_eq!(names[place], name);
    }
    for name in LEXICON.source.same.keys().chain(LEXICON.source.places.keys()) {
        assert!(names.contains_key(name.as_str()), "{name}");
    }
}

#[test]
fn what_is_no_disease_is_told_apart() {
    for (text, is_none) in [
        ("pulmonary embolism", true),
        ("pneumonectomy", true),
        ("CABG", true),
        ("pacemaker", true),
        ("lungs", true),
        ("the lungs", true),
        ("clear lungs", true),
        ("fluid in the lungs", false),
        ("fluid in the pleural cavity", false),
        ("pneumonia", false),
        ("pneumonia and a pacemaker", false),
        ("asdfgh", false),
        ("", false),
    ] {
        assert_eq!(super::names_no_disease(text), is_none, "{text}");
    }
}

#[test]
fn every_term_stands_for_its_finding() {
    for (name, terms) in &LEXICON.source.findings {
        for term in terms {
            let given: Vec<String> =
                align(term).into_iter().filter(|one| !one.negated).map(|one| one.finding).collect();
            assert_eq!(given, name.split(" + ").collect::<Vec<_>>(), "{term}");
        }
    }
}

#[test]
fn a_name_is_looked_up_in_any_form() {
    let cases = [
        ("Pleural Effusion", Some("Pleural Effusion")),
        ("EFFUSION", Some("Pleural Effusion")),
        ("consolidation", Some("Pulmonary Consolidation")),
        ("pulmonary oedema", Some("Pulmonary Edema")),
        (
            "non axial articular degenerative changes",
            Some("Non-Axial Articular Degenerative Changes"),
        ),
        ("no effusion", None),
        ("happiness", None),
        ("", None),
    ];
    for (name, expected) in cases {
        assert_eq!(finding(name), expected, "{name}");
    }
}

#[test]
fn negation_reaches_as_far_as_it_should() {
    check(&[
        (
            "no effusion, consolidation or pneumothorax",
            "no Pleural Effusion; no Pulmonary Consolidation; no Pneumothorax",
        ),
        ("neither effusion nor pneumonia", "no Pleural Effusion; no Pneumonia"),
        ("no effusion but pneumonia", "no Pleural Effusion; Pneumonia"),
        ("no effusion; pneumonia", "no Pleural Effusion; Pneumonia"),
        ("no effusion, small pneumothorax", "no Pleural Effusion; Pneumothorax"),
        ("no effusion with pneumonia", "no Pleural Effusion; Pneumonia"),
        (
            "no effusion or edema, cardiomegaly",
            "no Pleural Effusion; no Pulmonary Edema; Cardiomegaly",
        ),
        ("No effusion is seen, cardiomegaly is present", "no Pleural Effusion; Cardiomegaly"),
        ("no opacity suspicious for pneumonia", "no Lung Opacity; no Pneumonia"),
        ("effusion and pneumothorax are not seen", "no Pleural Effusion; no Pneumothorax"),
        ("edema is present, effusion is absent", "Pulmonary Edema; no Pleural Effusion"),
        (
            "Effusion: none. Edema: no. Pneumonia: yes",
            "no Pleural Effusion; no Pulmonary Edema; Pneumonia",
        ),
        ("the effusion has completely resolved", "no Pleural Effusion"),
        (
            "cardiomegaly (no effusion) and edema",
            "Cardiomegaly; no Pleural Effusion; Pulmonary Edema",
        ),
        ("no change in the effusion", "Pleural Effusion"),
        ("not only edema but effusion", "Pulmonary Edema; Pleural Effusion"),
        ("the pneumothorax has not resolved", "Pneumothorax"),
        ("brain tumor, mass in the liver. Pleural effusion", "Pleural Effusion"),
        ("no pleural or pericardial effusion", "no Pleural Effusion; no Pericardial Effusion"),
    ]);
}

#[test]
fn doubt_and_history_are_flags() {
    check(&[
        ("possible pneumonia, effusion", "Pneumonia?; Pleural Effusion"),
        ("?pneumonia", "Pneumonia?"),
        ("Pneumonia? Effusion.", "Pneumonia?; Pleural Effusion"),
        ("atelectasis versus pneumonia", "Atelectasis?; Pneumonia?"),
        ("pneumonia cannot be excluded", "Pneumonia?"),
        ("absence of effusion does not exclude pneumonia", "no Pleural Effusion; Pneumonia?"),
        ("pneumonia is unlikely", "no Pneumonia?"),
        ("history of pneumonia with effusion", "Pneumonia^; Pleural Effusion"),
        ("hx of CHF, eval for pneumonia", "Heart Insufficiency^; Pneumonia?"),
        ("history of possible pneumonia", "Pneumonia?^"),
        (
            "s/p sternotomy. Unchanged since the prior study: effusion",
            "Sternotomy; Pleural Effusion",
        ),
        ("INDICATION: r/o pneumonia. FINDINGS: Effusion.", "Pneumonia?^; Pleural Effusion"),
    ]);
}

#[test]
fn normal_organs_have_no_finding() {
    check(&[
        ("Heart size is within normal limits", "no Cardiomegaly"),
        (
            "Heart, mediastinum and hila are normal",
            "no Cardiomegaly; no Mediastinal Enlargement; no Hilar Enlargement",
        ),
        (
            "normal heart with clear lungs",
            "no Cardiomegaly; no Pulmonary Consolidation; no Lung Opacity",
        ),
        ("the lungs are not clear", ""),
        ("heart size at the upper limits of normal", "Cardiomegaly?"),
        ("trachea midline, bones intact", "no Tracheal Shift; no Bone Fracture"),
        ("No acute cardiopulmonary process", ""),
        ("soft tissues are normal", ""),
    ]);
}

#[test]
fn places_belong_to_findings() {
    check(&[
        (
            "RLL pneumonia and left effusion",
            "Pneumonia @right lower lobe; Pleural Effusion @left side",
        ),
        (
            "pneumonia in the lingula and right middle lobe",
            "Pneumonia @lingula and right middle lobe",
        ),
        (
            "consolidation and effusion at the left base",
            "Pulmonary Consolidation @left lung base; Pleural Effusion @left lung base",
        ),
        (
            "left base atelectasis or pneumonia",
            "Atelectasis? @left lung base; Pneumonia? @left lung base",
        ),
        ("In the right apex there is a cavity", "Cavitation @right apex"),
        (
            "mass in the hilum with left upper lobe collapse",
            "Pulmonary Mass @hilum; Lobar Atelectasis @left upper lobe",
        ),
        (
            "mediastinal shift to the left, basal atelectasis",
            "Mediastinal Shift; Basal Atelectasis",
        ),
        ("right-sided aortic arch", "Right-Sided Aortic Arch"),
        ("nodule in the lung", "Lung Nodule"),
    ]);
    let prompts = [
        ("left effusion", "There is Pleural Effusion on the left side"),
        ("no edema in both lungs", "There is no Pulmonary Edema in both lungs"),
    ];
    prompts.iter().for_each(|(text, prompt)| assert_eq!(align(text)[0].prompt, *prompt));
}

#[test]
fn words_are_recognised_in_many_forms() {
    check(&[
        ("pulmonary oedema, haemothorax", "Pulmonary Edema; Pleural Effusion"),
        (
            "pnuemothorax, plural efusions, cardiomegally",
            "Pneumothorax; Pleural Effusion; Cardiomegaly",
        ),
        ("infusion, diffusion, capacity, hearty, perfusion", ""),
        (
            "UIP pattern, no NSIP. Hypersensitivity pneumonitis? IABP in place, ECMO cannulas. Right pigtail. 大動脈内バルーンパンピング",
            "Usual Interstitial Pneumonia; no Nonspecific Interstitial Pneumonia; Pneumonitis?; Intra-Aortic Balloon Pump; \
             Extracorporeal Membrane Oxygenation Cannula; Chest Drain Tube @right side",
        ),
        ("PLEURAL EFFUSION", "Pleural Effusion"),
        ("PTX -, effusion -ve, hernia -", "no Pneumothorax; no Pleural Effusion; no Hernia"),
        (
            "0 nodules. ∅ effusion. 2.0 cm mass",
            "no Lung Nodule; no Pleural Effusion; Pulmonary Mass",
        ),
        ("No pneumothorax, effusion present", "no Pneumothorax; Pleural Effusion"),
        ("No effusion or pneumothorax present", "no Pleural Effusion; no Pneumothorax"),
        ("no effusion, + cardiomegaly", "no Pleural Effusion; Cardiomegaly"),
        ("no PTX, with effusion", "no Pneumothorax; Pleural Effusion"),
        ("sin neumotórax, con derrame", "no Pneumothorax; Pleural Effusion"),
        ("low likelihood of pneumonia, hernia or not", "Pneumonia?; Hernia?"),
        ("bone marrow edema, hernia of the disc, muscle fibrosis", ""),
        ("bilat pl eff", "Pleural Effusion @both sides"),
        ("The pleura is not thickened", "no Pleural Thickening"),
        ("Pneu\u{200B}mo\u{00AD}nia \u{202E}ＣＯＰＤ", "Pneumonia; COPD Signs"),
        (
            "longest match: calcified granuloma, pleural thickening",
            "Calcified Granuloma; Pleural Thickening",
        ),
        ("joint effusion, mass effect, PE", ""),
        ("small right PE", "Pleural Effusion @right side"),
        ("sin derrame pleural ni neumotórax", "no Pleural Effusion; no Pneumothorax"),
        (
            "右下肺野に浸潤影あり、胸水なし",
            "Pulmonary Infiltration @right lower zone; no Pleural Effusion",
        ),
        (
            "no focal consolidation, effusion or large\npneumothorax",
            "no Pulmonary Consolidation; no Pleural Effusion; no Pneumothorax",
        ),
        ("no effusion\ncardiomegaly", "no Pleural Effusion; Cardiomegaly"),
        ("nodule of 2.5 cm", "Lung Nodule"),
        ("Exclude pneumonia, unchanged", "Pneumonia"),
    ]);
}

#[test]
fn repetitions_are_merged() {
    check(&[
        ("effusion. Left effusion. Effusion", "Pleural Effusion @left side"),
        (
            "left effusion, right effusion",
            "Pleural Effusion @left side; Pleural Effusion @right side",
        ),
        ("possible pneumonia. Definite pneumonia.", "Pneumonia"),
        ("no effusion. Effusion.", "no Pleural Effusion; Pleural Effusion"),
    ]);
    let text = "Kein Erguß: 胸水 effusion";
    assert_eq!(
        align(text).iter().map(|one| &text[one.start..one.end]).collect::<Vec<_>>(),
        ["胸水"]
    );
}

#[test]
fn names_are_completed() {
    let offered = |prefix: &str| -> Vec<(String, String)> {
        complete(prefix, 3).into_iter().map(|one| (one.text, one.finding)).collect()
    };
    for (prefix, text, finding) in [
        ("pleural e", "Pleural Effusion", "Pleural Effusion"),
        ("PTX", "ptx", "Pneumothorax"),
        ("oede", "edema", "Pulmonary Edema"),
        ("consolidation", "Consolidation", "Pulmonary Consolidation"),
        ("気", "気胸", "Pneumothorax"),
        ("neumot", "neumotórax", "Pneumothorax"),
    ] {
        assert_eq!(offered(prefix).first(), Some(&(text.into(), finding.into())), "{prefix}");
    }
    assert_eq!(offered("").len() + offered("xyzzy").len() + complete("p", 0).len(), 0);
}

#[test]
fn hostile_texts_are_survived() {
    for piece in [
        "\0",
        "\u{200B}",
        "\u{202E}",
        "?",
        "(",
        ")",
        "no ",
        ", ",
        "or ",
        "'",
        "-",
        "１．",
        "Ａ\u{301}",
        "ﬁ",
        "İ",
        "🫁",
        "right ",
        "左",
        "\r\n",
        "pleural the ",
    ] {
        for text in
            [piece.into(), piece.repeat(20_000), format!("{piece}effusion{piece}").repeat(500)]
        {
            for one in align(&text) {
                assert!(
                    text.get(one.start..one.end).is_some_and(|word| !word.is_empty()),
                    "{piece:?}"
                );
            }
            complete(&text, 5);
        }
    }
    // Every prefix and suffix of a text, cut anywhere.
    let text = "INDICATION: ?肺炎 r/o TB.\nNo ﬀ effusion (left), 右胸水なし; heart normal – Ōedema in both lungs\u{0}.";
    for (at, _) in text.char_indices() {
        align(&text[..at]);
        align(&text[at..]);
    }
}

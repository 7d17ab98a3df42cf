//! One finding's ROC curve as a small SVG picture.

use std::fmt::Write;

use super::report::{FindingReport, plain};

const SIZE: f64 = 240.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 32.0;

/// Draws the curve with the AUROC and its interval as the caption.
pub fn svg(finding: &FindingReport) -> String {
    let name = escape(&finding.name);
    let (right, bottom) = (LEFT + SIZE, TOP + SIZE);
    let caption = match &finding.metrics.auroc {
        Some(auroc) => format!("AUROC {}", plain(auroc)),
        None => "no AUROC".to_string(),
    };
    let population = format!("{} present, {} absent", finding.positives, finding.negatives);
    let (middle, label_y, caption_y) = (LEFT + SIZE / 2.0, bottom + 32.0, bottom + 54.0);
    let mut ticks = String::new();
    for (share, label) in [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
        let (x, y) = (LEFT + share * SIZE, bottom - share * SIZE);
        // Writing to a String cannot fail.
        let _ = write!(
            ticks,
            r##"<path d="M{x} {TOP}V{bottom}M{LEFT} {y}H{right}" stroke="#ddd"/><text x="{x}" y="{tick_y}" text-anchor="middle">{label}</text><text x="{tick_x}" y="{text_y}" text-anchor="end">{label}</text>"##,
            tick_y = bottom + 15.0,
            tick_x = LEFT - 6.0,
            text_y = y + 4.0,
        );
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 350" width="320" height="350" role="img" font-family="sans-serif" font-size="11">
<title>ROC curve of {name}: {caption}</title>
<rect width="320" height="350" fill="#fff"/>
{ticks}
<text x="{middle}" y="20" text-anchor="middle" font-size="13" font-weight="bold">{name}</text>
<path d="M{LEFT} {bottom}L{right} {TOP}" stroke="#888" stroke-dasharray="4 4"/>
<path d="{curve}" fill="none" stroke="#1f5fa8" stroke-width="2" stroke-linejoin="round"/>
<text x="{middle}" y="{label_y}" text-anchor="middle">False positive rate (1 - specificity)</text>
<text transform="translate(14 {side_y})rotate(-90)" text-anchor="middle">True positive rate (sensitivity)</text>
<text x="{middle}" y="{caption_y}" text-anchor="middle" font-weight="bold">{caption}</text>
<text x="{middle}" y="{population_y}" text-anchor="middle">{population}</text>
</svg>
"##,
        curve = path(&finding.roc),
        side_y = TOP + SIZE / 2.0,
        population_y = caption_y + 15.0,
    )
}

/// Straight lines between the points; points that round to the same tenth of a pixel as the one before are left out.
fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    let mut last = None;
    for (x, y) in points {
        let pixel =
            [LEFT + x * SIZE, TOP + (1.0 - y) * SIZE].map(|value| (value * 10.0).round() / 10.0);
        if last.replace(pixel) != Some(pixel) {
            let command = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{command}{} {}", pixel[0], pixel[1]);
        }
    }
    path
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A file name for a finding: letters and digits in lower case, with `-` for everything else.
pub fn file_stem(name: &str) -> String {
    let text: String =
        name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let words: Vec<&str> = text.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "finding".to_string() } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_thinned_and_keep_their_ends() {
        assert_eq!(
            path(&[(0.0, 0.0), (0.0, 0.5), (0.0, 0.50001), (1.0, 1.0)]),
            "M52 272L52 152L292 32"
        );
        assert_eq!(path(&[]), "");
    }

    #[test]
    fn names_become_safe() {
        assert_eq!(file_stem("../Lung Opacity (left)"), "lung-opacity-left");
        assert_eq!(file_stem("?"), "finding");
        assert_eq!(escape("a<b&c"), "a&lt;b&amp;c");
    }
}

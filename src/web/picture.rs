//! Pictures, decoded from files or drawn, and the colours of maps over them.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::js::{
    JsCase, JsExamples, JsFacts, JsGroups, JsImageConfig, JsNotes, JsPalettes, JsPhantom, JsSeen,
    JsShown, JsThumbnail, JsTruths, JsWarnings, JsWithout, object,
};
use super::objects::{self, Palette, Shown, Thumbnail, TypedArray};
use crate::engine::heatmap::PALETTES;
use crate::error::{Error, Result};
use crate::phantom::Phantom;
use crate::radiograph::dicom::{About, Values};
use crate::radiograph::preprocess::{ImageConfig, Seen};

/// A decoded radiograph: 8-bit grey, upright; for a grey DICOM file also in full depth.
#[wasm_bindgen]
pub struct Picture(pub(super) crate::radiograph::Picture);

#[wasm_bindgen]
impl Picture {
    /// Decodes a PNG, JPEG, WebP, TIFF, JPEG 2000 or DICOM file.
    pub fn decode(data: &[u8]) -> Result<Self> {
        Ok(Self(crate::radiograph::Picture::decode(data)?))
    }

    /// Draws a synthetic radiograph of `size * size` pixels.
    pub fn phantom(params: JsPhantom, size: u32) -> Result<Self> {
        let grey = phantom_from(params)?.render(size as usize);
        Ok(Self(crate::radiograph::Picture::from_grey(size, size, grey)?))
    }

    /// The same picture with black and white exchanged.
    pub fn negative(&self) -> Self {
        Self(self.0.negative())
    }

    /// Width in pixels.
    #[wasm_bindgen(getter)]
    pub fn width(&self) -> u32 {
        self.0.width()
    }

    /// Height in pixels.
    #[wasm_bindgen(getter)]
    pub fn height(&self) -> u32 {
        self.0.height()
    }

    /// Notes on how the file was read, where that was not straightforward.
    #[wasm_bindgen(getter)]
    pub fn notes(&self) -> JsNotes {
        object(&self.0.notes().to_vec())
    }

    /// Technical facts about a DICOM file, none of which identifies a person.
    #[wasm_bindgen(getter)]
    pub fn facts(&self) -> JsFacts {
        object(&self.0.about().map(About::facts).unwrap_or_default())
    }

    /// View, sex and age group, as far as a DICOM file states them.
    #[wasm_bindgen(getter)]
    pub fn groups(&self) -> JsGroups {
        object(&self.0.about().map(|about| about.groups).unwrap_or_default())
    }

    /// Reasons in the file against scoring it as a frontal chest radiograph.
    #[wasm_bindgen(getter)]
    pub fn warnings(&self) -> JsWarnings {
        object(&self.0.warnings())
    }

    /// The values of the picture for a viewer.
    pub fn shown(&self) -> JsShown {
        let shown = self.0.shown();
        let spacing = self.0.about().and_then(|about| about.spacing);
        object(&Shown {
            values: match shown.as_ref().map(|shown| &shown.values) {
                Some(Values::Unsigned(values)) => TypedArray::U16(values),
                Some(Values::Signed(values)) => TypedArray::I16(values),
                None => TypedArray::U8(self.0.grey().as_raw()),
            },
            window: shown.as_ref().map(|shown| shown.window),
            spacing: spacing.map(|spacing| [spacing.rows, spacing.columns]),
        })
    }

    /// What the encoder of a model sees of it.
    pub fn seen(&self, config: JsImageConfig) -> std::result::Result<JsSeen, JsValue> {
        let config: ImageConfig = serde_wasm_bindgen::from_value(config.into())?;
        config.check()?;
        let Seen { grey, view } = Seen::new(&self.0, &config);
        Ok(object(&objects::Seen { grey: TypedArray::U8(&grey), view }))
    }

    /// The means of its blocks: a small picture whose longer side has `side` pixels, or fewer where it is smaller itself.
    pub fn thumbnail(&self, side: u32) -> JsThumbnail {
        let small = self.0.thumbnail(side);
        let (width, height) = small.dimensions();
        object(&Thumbnail { grey: TypedArray::Clamped(small.as_raw()), width, height })
    }

    /// `width * height` grey values, row by row.
    pub fn grey(&self) -> Uint8Array {
        Uint8Array::from(self.0.grey().as_raw().as_slice())
    }
}

fn phantom_from(params: JsPhantom) -> Result<Phantom> {
    serde_wasm_bindgen::from_value(params.into())
        .map_err(|error| Error::Image(format!("no phantom: {error}").into()))
}

/// The available synthetic radiographs.
#[wasm_bindgen]
pub fn phantoms() -> JsExamples {
    object(&Phantom::EXAMPLES)
}

/// A synthetic chest for practice, different for each seed. `difficulty` goes from 0, obvious, to 1, subtle.
#[wasm_bindgen(js_name = phantomCase)]
pub fn phantom_case(seed: u32, difficulty: f32) -> JsCase {
    object(&Phantom::case(seed.into(), difficulty))
}

/// The true places of a phantom's findings.
#[wasm_bindgen(js_name = phantomTruth)]
pub fn phantom_truth(params: JsPhantom) -> Result<JsTruths> {
    Ok(object(&phantom_from(params)?.truth()))
}

/// The same phantom without a finding, and otherwise unchanged; undefined where the phantom does not show that finding.
#[wasm_bindgen(js_name = phantomWithout)]
pub fn phantom_without(params: JsPhantom, finding: &str) -> Result<JsWithout> {
    Ok(object(&phantom_from(params)?.without(finding)))
}

/// The colour maps, the default first.
#[wasm_bindgen]
pub fn palettes() -> JsPalettes {
    let ramps = PALETTES.map(|palette| palette.ramp());
    let named = PALETTES.iter().zip(&ramps);
    let palettes: Vec<_> = named
        .map(|(palette, ramp)| Palette { name: palette.name, ramp: TypedArray::Clamped(ramp) })
        .collect();
    object(&palettes)
}

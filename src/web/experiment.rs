//! Experiments: what a score rests on.

use wasm_bindgen::prelude::*;

use super::js::{JsAblated, JsAuditReport, JsSensitivity, object};
use super::model::{EncodedImage, Model};
use super::picture::Picture;
use crate::engine::audit::{self, Cover};
use crate::error::Result;
use crate::text::prompt;

/// Whether a score rests on what a map shows, pass by pass.
#[wasm_bindgen]
pub struct Audit(audit::Audit);

#[wasm_bindgen]
impl Audit {
    /// Passes over the picture that it takes.
    #[wasm_bindgen(getter)]
    pub fn passes(&self) -> usize {
        self.0.passes()
    }

    /// Passes that are done.
    #[wasm_bindgen(getter)]
    pub fn done(&self) -> usize {
        self.0.done()
    }

    /// What came of it; undefined before all passes are done.
    pub fn report(&self) -> JsAuditReport {
        object(&self.0.report())
    }
}

#[wasm_bindgen]
impl Model {
    /// Scores a finding by every part of the fusion, the whole first. The picture is not encoded again.
    pub async fn ablate(&self, image: &EncodedImage, finding: &str) -> Result<JsAblated> {
        let parts = self.engine.ablate(&image.0, &prompt::sentence(finding)?).await?;
        Ok(object(&parts))
    }

    /// Scores many wordings of a finding, and a person's own, as they are and aligned. The picture is not encoded again.
    pub async fn sensitivity(
        &self,
        image: &EncodedImage,
        finding: &str,
        own: Vec<String>,
    ) -> Result<JsSensitivity> {
        Ok(object(&self.engine.sensitivity(&image.0, finding, &own).await?))
    }

    /// Begins an audit of a finding's score. `map` is the one in question, row by row; `cover` is `mean`, `blur` or
    /// `mirror`.
    pub async fn audit(
        &self,
        picture: &Picture,
        image: &EncodedImage,
        finding: &str,
        map: &[f32],
        cover: &str,
    ) -> Result<Audit> {
        let prompt = prompt::sentence(finding)?;
        let cover = Cover::named(cover)?;
        Ok(Audit(self.engine.audit(&picture.0, &image.0, &prompt, map, cover).await?))
    }

    /// Does the next pass of an audit.
    #[wasm_bindgen(js_name = auditStep)]
    pub async fn audit_step(&self, audit: &mut Audit) -> Result<()> {
        self.engine.audit_step(&mut audit.0).await
    }
}

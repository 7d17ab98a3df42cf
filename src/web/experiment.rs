//! Experiments on what a score is based on.

use wasm_bindgen::prelude::*;

use super::js::{
    JsAblated, JsAuditReport, JsBothHeads, JsCurvesReport, JsMirrored, JsObserved, JsSensitivity,
    object,
};
use super::model::{EncodedImage, Model, sentences};
use super::objects::Observed;
use super::picture::Picture;
use crate::engine::cover::Cover;
use crate::engine::{audit, curves};
use crate::error::Result;
use crate::text::prompt;

/// An audit of whether a score rests on what a map shows, which proceeds pass by pass.
#[wasm_bindgen]
pub struct Audit(audit::Audit);

#[wasm_bindgen]
impl Audit {
    /// The number of passes of the model that it takes.
    #[wasm_bindgen(getter)]
    pub fn passes(&self) -> usize {
        self.0.passes()
    }

    /// The number of passes that are done.
    #[wasm_bindgen(getter)]
    pub fn done(&self) -> usize {
        self.0.done()
    }

    /// The report; undefined before all passes are done.
    pub fn report(&self) -> JsAuditReport {
        object(&self.0.report())
    }
}

/// The deletion and insertion curves of a score, in the order of a map's patches, computed pass by pass.
#[wasm_bindgen]
pub struct Curves(curves::Curves);

#[wasm_bindgen]
impl Curves {
    /// The number of passes of the model that they take.
    #[wasm_bindgen(getter)]
    pub fn passes(&self) -> usize {
        self.0.passes()
    }

    /// The number of passes that are done.
    #[wasm_bindgen(getter)]
    pub fn done(&self) -> usize {
        self.0.done()
    }

    /// The report; undefined before all passes are done.
    pub fn report(&self) -> JsCurvesReport {
        object(&self.0.report())
    }
}

#[wasm_bindgen]
impl Model {
    /// Scores a finding with every part of the fusion, beginning with the whole. The picture is not encoded again.
    pub async fn ablate(&self, image: &EncodedImage, finding: &str) -> Result<JsAblated> {
        let parts = self.engine.ablate(&image.0, &prompt::sentence(finding)?).await?;
        Ok(object(&parts))
    }

    /// Scores findings by cross-attention and by cosine, in the order given.
    #[wasm_bindgen(js_name = bothHeads)]
    pub async fn both_heads(
        &self,
        image: &EncodedImage,
        findings: Vec<String>,
    ) -> Result<JsBothHeads> {
        Ok(object(&self.engine.both_heads(&image.0, &sentences(&findings)?).await?))
    }

    /// The CLIP-style head's map of a finding: the cosine of each patch of the view, row by row; undefined where the
    /// model has no such head.
    #[wasm_bindgen(js_name = cosineMap)]
    pub async fn cosine_map(
        &self,
        image: &EncodedImage,
        finding: &str,
    ) -> Result<Option<Vec<f32>>> {
        let maps = self.engine.cosine_maps(&image.0, &[prompt::sentence(finding)?]).await?;
        Ok(maps.and_then(|maps| maps.into_iter().flatten().next()))
    }

    /// Scores many wordings of a finding, and a person's own ones, both as they are and aligned. The picture is not
    /// encoded again.
    pub async fn sensitivity(
        &self,
        image: &EncodedImage,
        finding: &str,
        own: Vec<String>,
    ) -> Result<JsSensitivity> {
        Ok(object(&self.engine.sensitivity(&image.0, finding, &own).await?))
    }

    /// Scores the observations of a finding, and combines them. The picture is not encoded again.
    pub async fn observe(&self, image: &EncodedImage, finding: &str) -> Result<JsObserved> {
        let observed = self.engine.observe(&image.0, finding).await?;
        let of = |score| self.score_object("", score, None);
        let observations = observed.observations.iter().map(of).collect();
        Ok(object(&Observed { observations, combined: observed.combined }))
    }

    /// Begins an audit of a finding's score. `map` is the map to audit, row by row; `cover` is `mean`, `blur` or
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

    /// Begins the insertion and deletion curves of a finding's score; `map` is as in an audit.
    pub async fn curves(
        &self,
        picture: &Picture,
        image: &EncodedImage,
        finding: &str,
        map: &[f32],
    ) -> Result<Curves> {
        let prompt = prompt::sentence(finding)?;
        Ok(Curves(self.engine.curves(&picture.0, &image.0, &prompt, map).await?))
    }

    /// Does the next pass of curves.
    #[wasm_bindgen(js_name = curvesStep)]
    pub async fn curves_step(&self, curves: &mut Curves) -> Result<()> {
        self.engine.curves_step(&mut curves.0).await
    }

    /// Scores a finding, also on the left and on the right, on a picture and on its mirror image, which takes one pass
    /// of the image encoder.
    pub async fn sides(
        &self,
        picture: &Picture,
        image: &EncodedImage,
        finding: &str,
    ) -> Result<JsMirrored> {
        Ok(object(&self.engine.sides(&picture.0, &image.0, finding).await?))
    }
}

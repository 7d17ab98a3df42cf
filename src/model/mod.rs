//! CARZero (Lai et al., CVPR 2024, <https://arxiv.org/abs/2402.17417>): an image encoder, a text
//! encoder, and a cross-attention fusion that turns their interaction into one score.
//!
//! Fields are named after the keys of the official checkpoint; the few exceptions are listed in `package/checkpoint`.

mod bert;
mod cosine;
mod fusion;
mod linear;
mod mobilenet;
mod norm;
pub mod ops;
mod parameters;
mod text_encoder;
mod tokens;
mod vit;

use burn::module::Module;
use burn::tensor::{Device, Tensor};

pub use cosine::CosineHead;
use cosine::{cosines, unit};
pub use fusion::{Encoded, Fusion, Interaction, Keys, LayerAttention, Scores};
pub use mobilenet::MobileNetV2Encoder;
pub use text_encoder::{TextEncoder, TextTokens};
pub use tokens::ImageTokens;
pub use vit::VitEncoder;

use crate::package::config::{ImageEncoderConfig, ModelConfig};
use crate::text::tokenizer::Tokens;

/// The image encoders that are supported.
#[expect(clippy::large_enum_variant, reason = "a program has one or two of them")]
#[derive(Module, Debug)]
pub enum ImageEncoder {
    /// Official: ViT-B/16.
    Vit(VitEncoder),
    /// Compact: MobileNetV2.
    MobileNetV2(MobileNetV2Encoder),
}

impl ImageEncoder {
    /// Encodes normalised grey images.
    ///
    /// # Shapes
    ///
    /// - pixels: `[images, 1, crop, crop]`
    pub fn forward(&self, pixels: Tensor<4>) -> ImageTokens {
        self.tokens(&self.features(pixels))
    }

    /// The feature maps of the backbone, which [`ImageEncoder::tokens`] turns into tokens: one or two tensors of
    /// `[images, places, channels]`.
    pub fn features(&self, pixels: Tensor<4>) -> Vec<Tensor<3>> {
        match self {
            Self::Vit(vit) => vec![vit.forward(pixels)],
            Self::MobileNetV2(net) => net.features(pixels).into(),
        }
    }

    /// The encoder with its embedders initialised so that the features of some images are centred and have unit
    /// variance once projected.
    #[cfg(feature = "train")]
    pub fn standardised(self, features: &[Tensor<3>]) -> Self {
        match (self, features) {
            (Self::MobileNetV2(net), [mid, high]) => {
                Self::MobileNetV2(net.standardised(mid.clone(), high.clone()))
            }
            (vit, _) => vit,
        }
    }

    /// One vector for each image, `[images, channels]`, for a classifier.
    pub fn pooled(&self, features: &[Tensor<3>]) -> Tensor<2> {
        match (self, features) {
            (Self::Vit(_), [tokens]) => tokens.clone().narrow(1, 0, 1).squeeze_dim(1),
            (Self::MobileNetV2(_), [_, high]) => high.clone().mean_dim(1).squeeze_dim(1),
            _ => unreachable!("features come from the same encoder"),
        }
    }

    /// The feature map whose mean is [`ImageEncoder::pooled`] and which has the same channels,
    /// `[images, places, channels]`.
    pub fn pooled_map(&self, features: &[Tensor<3>]) -> Tensor<3> {
        match (self, features) {
            (Self::MobileNetV2(_), [_, high]) => high.clone(),
            _ => self.patches(features),
        }
    }

    /// The finest feature map, `[images, side * side, channels]`.
    pub fn patches(&self, features: &[Tensor<3>]) -> Tensor<3> {
        let [_, count, _] = features[0].dims();
        let side = count.isqrt(); // drops the vision transformer's class token
        features[0].clone().narrow(1, count - side * side, side * side)
    }

    /// The mean of the finest feature map and the means along its four edges, `[images, 5, channels]`. They describe
    /// the texture of the picture and of its border, rather than findings.
    pub fn fine_means(&self, features: &[Tensor<3>]) -> Tensor<3> {
        let map = self.patches(features);
        let [images, count, channels] = map.dims();
        let side = count.isqrt();
        let grid = map.clone().reshape([images, side, side, channels]);
        let edge =
            |dim, at| grid.clone().narrow(dim, at, 1).reshape([images, side, channels]).mean_dim(1);
        let edges = [edge(1, 0), edge(1, side - 1), edge(2, 0), edge(2, side - 1)];
        Tensor::cat([map.mean_dim(1)].into_iter().chain(edges).collect(), 1)
    }

    /// The tokens of these features.
    pub fn tokens(&self, features: &[Tensor<3>]) -> ImageTokens {
        match (self, features) {
            (Self::Vit(_), [tokens]) => {
                let [_, count, _] = tokens.dims();
                ImageTokens {
                    global: tokens.clone().narrow(1, 0, 1).squeeze_dim(1),
                    local: tokens.clone().narrow(1, 1, count - 1),
                }
            }
            (Self::MobileNetV2(net), [mid, high]) => net.tokens(mid.clone(), high.clone()),
            _ => unreachable!("features come from the same encoder"),
        }
    }
}

/// The whole model.
#[derive(Module, Debug)]
pub struct CarZero {
    /// The image encoder.
    pub img_encoder: ImageEncoder,
    /// The text encoder.
    pub text_encoder: TextEncoder,
    /// The fusion (SimR) and its projector.
    pub fusion_module: Fusion,
    /// An optional CLIP-style head beside the fusion.
    pub cosine_head: Option<CosineHead>,
}

impl CarZero {
    /// A model with its parameters still to be loaded.
    pub fn init(config: &ModelConfig, device: &Device) -> Self {
        let (img_encoder, channels) = match &config.image_encoder {
            ImageEncoderConfig::Vit(vit) => {
                (ImageEncoder::Vit(VitEncoder::init(vit, config.map_side(), device)), vit.dim)
            }
            ImageEncoderConfig::MobileNetV2(net) => {
                (ImageEncoder::MobileNetV2(MobileNetV2Encoder::init(net, device)), net.head)
            }
        };
        let cosine = config.cosine.as_ref();
        Self {
            img_encoder,
            text_encoder: TextEncoder::init(&config.text_encoder, device),
            fusion_module: Fusion::init(&config.fusion, device),
            cosine_head: cosine
                .map(|head| CosineHead::init(head, channels, config.text_encoder.dim, device)),
        }
    }

    /// Encodes images once; scoring another prompt does not repeat this.
    ///
    /// # Shapes
    ///
    /// - pixels: `[images, 1, crop, crop]`, normalised
    pub fn encode_images(&self, pixels: Tensor<4>) -> Encoded {
        self.encode_features(&self.img_encoder.features(pixels))
    }

    /// The same, given the images' features from [`ImageEncoder::features`].
    pub fn encode_features(&self, features: &[Tensor<3>]) -> Encoded {
        let tokens = self.img_encoder.tokens(features);
        self.encode_tokens(tokens, self.clip_embedding(features))
    }

    /// The projections of images by the CLIP-style head, if there is one: unit vectors, `[images, dim]`.
    pub fn clip_embedding(&self, features: &[Tensor<3>]) -> Option<Tensor<2>> {
        let head = self.cosine_head.as_ref()?;
        Some(head.image(self.img_encoder.pooled(features)))
    }

    /// The same, given the images' tokens and their projections from [`CarZero::clip_embedding`].
    pub fn encode_tokens(&self, tokens: ImageTokens, clip_embedding: Option<Tensor<2>>) -> Encoded {
        let unit_embedding = clip_embedding.unwrap_or_else(|| unit(tokens.global.clone()));
        self.fusion_module
            .encode(tokens.global, tokens.local, None)
            .with_unit_embedding(unit_embedding)
    }

    /// The maps of the CLIP-style head, if there is one: cosines of patches and texts,
    /// `[images, patches, texts]`.
    ///
    /// # Shapes
    ///
    /// - map: `[images, places, channels]`, from [`ImageEncoder::pooled_map`]
    pub fn cosine_maps(&self, map: Tensor<3>, texts: &Encoded, side: usize) -> Option<Tensor<3>> {
        let (head, texts) = (self.cosine_head.as_ref()?, texts.unit_embedding()?);
        let ([images, places, _], count) = (map.dims(), texts.dims()[0]);
        let cosines = cosines(head.image(map.flatten(0, 1)), texts);
        let map = cosines.reshape([images, places, count]);
        Some(if places < side * side { mobilenet::repeat_2x2(map) } else { map })
    }

    /// The tokens of images with their patches averaged two by two, the global token first:
    /// `[images, 1 + patches / 4, dim]`. They take a quarter of the memory and rank images almost as well; see
    /// [`CarZero::encode_condensed`].
    pub fn condense_images(&self, pixels: Tensor<4>) -> Tensor<3> {
        let ImageTokens { global, local } = self.img_encoder.forward(pixels);
        let [images, patches, dim] = local.dims();
        let side = patches.isqrt();
        let quarters = local.reshape([images, side / 2, 2, side / 2, 2, dim]);
        let means = quarters.mean_dim(4).mean_dim(2).reshape([images, patches / 4, dim]);
        Tensor::cat(vec![global.unsqueeze_dim(1), means], 1)
    }

    /// Prepares condensed images for scoring: each mean counts as the four patches that it is the mean of.
    pub fn encode_condensed(&self, tokens: Tensor<3>) -> Encoded {
        let [images, count, _] = tokens.dims();
        let device = tokens.device();
        let one = Tensor::zeros([images, 1], &device);
        let four = Tensor::full([images, count - 1], 4f32.ln(), &device);
        self.fusion_module.encode(
            tokens.clone().narrow(1, 0, 1).squeeze_dim(1),
            tokens.narrow(1, 1, count - 1),
            Some(Tensor::cat(vec![one, four], 1)),
        )
    }

    /// Encodes texts once; scoring another image does not repeat this.
    pub fn encode_texts(&self, texts: &[Tokens], device: &Device) -> Encoded {
        self.encode_hidden(self.text_encoder.hidden(texts, device))
    }

    /// The same, given the texts' hidden states from [`TextEncoder::hidden`].
    pub fn encode_hidden(&self, hidden: TextTokens) -> Encoded {
        let global = hidden.global.clone();
        let tokens = self.text_encoder.embed(hidden);
        let unit_embedding = match &self.cosine_head {
            Some(head) => head.text(global),
            None => unit(tokens.global.clone()),
        };
        self.fusion_module
            .encode(tokens.global, tokens.local, Some(tokens.log_counts))
            .with_unit_embedding(unit_embedding)
    }

    /// Encodes each row of a text's memory (`[CLS]`, each word and `[SEP]`) as if it were a text of its own.
    pub fn encode_words(&self, text: &Tokens, device: &Device) -> Encoded {
        let tokens = self.text_encoder.forward(std::slice::from_ref(text), device);
        let rows = tokens.local.squeeze_dim::<2>(0).narrow(0, 0, text.row_count());
        self.fusion_module.encode_rows(rows)
    }

    /// The two logits of every image and every text, each `[images, texts]`: from text queries over the image memories
    /// (i2t), and from image queries over the text memories (t2i).
    pub fn logits(&self, images: &Encoded, texts: &Encoded) -> [Tensor<2>; 2] {
        let [i2t, t2i] = self.fusion_module.interact([(images, texts), (texts, images)]);
        [i2t.logits, t2i.logits.transpose()]
    }

    /// Scores every image against every text.
    pub fn score(&self, images: &Encoded, texts: &Encoded) -> Scores {
        self.fusion_module.score(images, texts)
    }
}

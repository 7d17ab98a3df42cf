//! Activations that follow a linear layer.

/// The function that is applied to a layer's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// GELU (Hendrycks and Gimpel, 2016, <https://arxiv.org/abs/1606.08415>).
    Gelu,
}

impl Activation {
    /// All activations, in the order of the numbers by which jobs encode them.
    #[cfg(feature = "flex")]
    pub const ALL: [Self; 4] = [Self::Identity, Self::Relu, Self::Relu6, Self::Gelu];
}

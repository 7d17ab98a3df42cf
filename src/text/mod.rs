//! Text processing: from free text to findings, from a finding to the sentence that is given to the model, and from a
//! sentence to word pieces.

pub mod align;
pub mod prompt;
pub mod tokenizer;

//! Words: free text to findings, a finding to the sentence that the model is asked, a sentence to word
//! pieces.

pub mod align;
pub mod prompt;
pub mod tokenizer;

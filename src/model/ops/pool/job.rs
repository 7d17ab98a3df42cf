//! The jobs that the lead gives to members, and how they are encoded as 32-bit words.

use std::iter;

use crate::model::ops::activation::Activation;
use crate::model::ops::cpu::kernels::{Kind, Sizes};

/// In which form a member gets the weights of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The member has them in its cache, from an earlier job.
    Kept,
    /// They are sent with the inputs, as floats.
    Floats,
    /// They are sent with the inputs, as 8-bit integers (four packed into the bytes of a float), together with a factor
    /// for each column.
    Integers,
}

/// A type that is written as words and read back from them.
trait Words: Sized {
    fn write(&self, words: &mut Vec<u32>);

    /// `None` where words are missing or invalid.
    fn read(words: &mut impl Iterator<Item = u32>) -> Option<Self>;
}

impl Words for usize {
    fn write(&self, words: &mut Vec<u32>) {
        words.push(*self as u32);
    }

    fn read(words: &mut impl Iterator<Item = u32>) -> Option<Self> {
        words.next().map(|word| word as usize)
    }
}

impl Words for u64 {
    fn write(&self, words: &mut Vec<u32>) {
        words.extend([(*self >> 32) as u32, *self as u32]);
    }

    fn read(words: &mut impl Iterator<Item = u32>) -> Option<Self> {
        Some(u64::from(words.next()?) << 32 | u64::from(words.next()?))
    }
}

impl<T: Words> Words for Vec<T> {
    fn write(&self, words: &mut Vec<u32>) {
        self.len().write(words);
        self.iter().for_each(|item| item.write(words));
    }

    fn read(words: &mut impl Iterator<Item = u32>) -> Option<Self> {
        (0..usize::read(words)?).map(|_| T::read(words)).collect()
    }
}

impl Words for Kind {
    fn write(&self, words: &mut Vec<u32>) {
        let fields = match *self {
            Self::Stem { output } => vec![0, output],
            Self::Block { input, hidden, output, stride } => vec![1, input, hidden, output, stride],
            Self::Pointwise { input, output } => vec![2, input, output],
        };
        fields.iter().for_each(|field| field.write(words));
    }

    fn read(words: &mut impl Iterator<Item = u32>) -> Option<Self> {
        let number = words.next()?;
        let mut field = || usize::read(words);
        Some(match number {
            0 => Self::Stem { output: field()? },
            1 => Self::Block {
                input: field()?,
                hidden: field()?,
                output: field()?,
                stride: field()?,
            },
            2 => Self::Pointwise { input: field()?, output: field()? },
            _ => return None,
        })
    }
}

impl Words for Form {
    fn write(&self, words: &mut Vec<u32>) {
        words.push(*self as u32);
    }

    fn read(words: &mut impl Iterator<Item = u32>) -> Option<Self> {
        let word = words.next()?;
        [Self::Kept, Self::Floats, Self::Integers].into_iter().find(|&form| form as u32 == word)
    }
}

impl Words for Activation {
    fn write(&self, words: &mut Vec<u32>) {
        words.push(*self as u32);
    }

    fn read(words: &mut impl Iterator<Item = u32>) -> Option<Self> {
        let word = words.next()?;
        Self::ALL.into_iter().find(|&activation| activation as u32 == word)
    }
}

/// Writes and reads structs as their fields, one after another.
macro_rules! words_of_fields {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl Words for $name {
            fn write(&self, words: &mut Vec<u32>) {
                $(self.$field.write(words);)*
            }

            fn read(words: &mut impl Iterator<Item = u32>) -> Option<Self> {
                Some(Self { $($field: Words::read(words)?),* })
            }
        }
    )*};
}

words_of_fields! {
    Sizes { queries, keys, heads, dim }
}

/// Declares the jobs; each is written as its number, then its fields in order.
macro_rules! jobs {
    ($($(#[$doc:meta])* $number:literal $name:ident { $($field:ident: $type:ty),* $(,)? })*) => {
        /// A share of an operation, without its numerical inputs.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Job {$(
            $(#[$doc])*
            $name { $($field: $type),* },
        )*}

        impl Job {
            /// The job as words.
            pub fn encode(&self) -> Vec<u32> {
                let mut words = Vec::new();
                match self {$(
                    Self::$name { $($field),* } => {
                        words.push($number);
                        $($field.write(&mut words);)*
                    }
                )*}
                words
            }

            /// The job that these words encode; `None` if they are not a valid job.
            pub fn decode(words: &[u32]) -> Option<Self> {
                let mut words = words.iter().copied();
                let words = &mut words;
                let job = match words.next()? {
                    $($number => Self::$name { $($field: Words::read(words)?),* },)*
                    _ => return None,
                };
                words.next().is_none().then_some(job)
            }
        }
    };
}

jobs! {
    /// Some columns of a linear layer. Inputs: x `[rows, input]`, bias `[output]`, weight.
    0 Linear { weights: u64, form: Form, rows: usize, input: usize, output: usize }
    /// Some hidden units of two linear layers. Inputs: x `[rows, input]`, bias `[hidden]`, both weights.
    1 FeedForward {
        weights: u64,
        first: Form,
        second: Form,
        activation: Activation,
        rows: usize,
        input: usize,
        hidden: usize,
        output: usize,
    }
    /// Some rows of every map of a network. Inputs: the rows of x that they depend on, then the weights and biases of
    /// each layer.
    2 Network {
        weights: u64,
        form: Form,
        kinds: Vec<Kind>,
        height: usize,
        width: usize,
        participant: usize,
        participants: usize,
    }
    /// Some heads of self-attention; `sizes` are those of one item. Inputs: x `[items * rows, input]`, bias
    /// `[items, rows]`, the biases of the three projections `[dim]`, the weights of the projections and of the output
    /// layer.
    3 SelfAttention {
        weights: u64,
        forms: Vec<Form>,
        sizes: Sizes,
        items: usize,
        input: usize,
        output: usize,
    }
    /// Frees the cached weights.
    4 Forget {}
}

/// Packs 8-bit integers into floats with the same bytes. Such floats are only copied, never used in arithmetic.
pub fn floats_from_integers(integers: impl Iterator<Item = i8>) -> Vec<f32> {
    let mut bytes = integers.map(|value| value as u8);
    let four = || {
        let first = bytes.next()?;
        let mut next = || bytes.next().unwrap_or(0);
        Some(f32::from_bits(u32::from_ne_bytes([first, next(), next(), next()])))
    };
    iter::from_fn(four).collect()
}

/// Unpacks the first `count` integers that [`floats_from_integers`] packed.
pub fn integers_from_floats(floats: &[f32], count: usize) -> Vec<i8> {
    let bytes = floats.iter().flat_map(|number| number.to_bits().to_ne_bytes());
    bytes.take(count).map(|byte| byte as i8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_comes_back_from_its_words() {
        let block = Kind::Block { input: 7, hidden: 11, output: 13, stride: 2 };
        let ends = [Kind::Stem { output: 7 }, Kind::Pointwise { input: 13, output: 8 }];
        let kinds = [&ends[..1], &[block; 40], &ends[1..]].concat();
        let sizes = Sizes { queries: 2, keys: 3, heads: 4, dim: 8 };
        let (weights, rows, input, output) = (u64::MAX - 1, 6, 7, 8);
        for job in [
            Job::Linear { weights, form: Form::Integers, rows, input, output },
            Job::FeedForward {
                weights,
                first: Form::Floats,
                second: Form::Kept,
                activation: Activation::Gelu,
                rows,
                input,
                hidden: 9,
                output,
            },
            Job::Network {
                weights,
                form: Form::Kept,
                kinds,
                height: 3,
                width: 5,
                participant: 1,
                participants: 2,
            },
            Job::SelfAttention {
                weights,
                forms: vec![Form::Integers, Form::Kept, Form::Floats, Form::Floats],
                sizes,
                items: 3,
                input,
                output,
            },
            Job::Forget {},
        ] {
            let words = job.encode();
            // The workers in `www` have room for this many words.
            assert!(words.len() <= 253, "{job:?}");
            assert_eq!(Job::decode(&words), Some(job.clone()));
            assert_eq!(Job::decode(&words[..words.len() - 1]), None, "{job:?}");
            assert_eq!(Job::decode(&[&words[..], &[0]].concat()), None, "{job:?}");
        }
        assert_eq!(Job::decode(&[9]), None);
        assert_eq!(Job::decode(&[0, 0, 1, 3, 6, 7, 8]), None, "there are three forms");
    }

    #[test]
    fn integers_come_back_from_floats() {
        let integers: Vec<i8> = (-128..=127).chain([1, -2, 3]).collect();
        let floats = floats_from_integers(integers.iter().copied());
        assert_eq!(floats.len(), integers.len().div_ceil(4));
        assert_eq!(integers_from_floats(&floats, integers.len()), integers);
    }
}

//! A member of the pool, which computes its share in an instance of its own.

use std::collections::HashMap;

use super::job::{Form, Job, integers_from_floats};
use super::rows::{Neighbours, Plan};
use crate::model::ops::activation::Activation;
use crate::model::ops::cpu::kernels::{self, Factor, Matrix, MatrixMut, Network, Quantised};

/// Some columns or rows of a weight matrix.
#[derive(Debug)]
enum Weights {
    Floats(Vec<f32>),
    /// With a factor for each column.
    Integers(Vec<i8>, Vec<f32>),
}

impl Weights {
    fn factor(&self, rows: usize, columns: usize) -> Factor<'_> {
        match self {
            Self::Floats(data) => Factor::Floats(Matrix::rows(data, rows, columns)),
            Self::Integers(data, factors) => Factor::Integers(Quantised::new(data, factors)),
        }
    }
}

/// The inputs of a job, consumed in the order in which they were sent.
struct Inputs<'a>(&'a [f32]);

impl<'a> Inputs<'a> {
    fn take(&mut self, count: usize) -> &'a [f32] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    /// A matrix; `None` where the member has it in its cache.
    fn take_weights(&mut self, form: Form, rows: usize, columns: usize) -> Option<Weights> {
        let count = rows * columns;
        match form {
            Form::Kept => None,
            Form::Floats => Some(Weights::Floats(self.take(count).to_vec())),
            Form::Integers => {
                let integers = integers_from_floats(self.take(count.div_ceil(4)), count);
                Some(Weights::Integers(integers, self.take(columns).to_vec()))
            }
        }
    }
}

/// A member, with the weights that it has cached.
#[derive(Debug, Default)]
pub struct Member {
    /// Weights by the identifier of their parameter; a job of several layers has all of its matrices under one.
    weights: HashMap<u64, Vec<Weights>>,
    /// Whole networks, by the same kind of identifier.
    networks: HashMap<u64, Network>,
}

impl Member {
    /// Computes a share, and returns its result; `None` where neighbours do not send what it needs.
    ///
    /// `job` is an encoded [`Job`], and `inputs` are the numbers that were sent with it.
    ///
    /// # Panics
    ///
    /// Where `job` is not a valid job, or its weights were never sent. Neither happens, as the lead is of the same
    /// build.
    pub fn work(
        &mut self,
        job: &[u32],
        inputs: &[f32],
        neighbours: &dyn Neighbours,
    ) -> Option<Vec<f32>> {
        let mut inputs = Inputs(inputs);
        Some(match Job::decode(job) {
            Some(Job::Linear { weights, form, rows, input, output }) => {
                let (x, bias) = (inputs.take(rows * input), inputs.take(output));
                let new = inputs.take_weights(form, input, output);
                let weights = self.keep(weights, new.into_iter());
                let mut y = bias.repeat(rows);
                let x = Matrix::rows(x, rows, input);
                let weight = weights[0].factor(input, output);
                kernels::multiply(x, weight, true, MatrixMut::rows(&mut y, output));
                y
            }
            Some(Job::FeedForward {
                weights,
                first,
                second,
                activation,
                rows,
                input,
                hidden,
                output,
            }) => {
                let (x, bias) = (inputs.take(rows * input), inputs.take(hidden));
                let first = inputs.take_weights(first, input, hidden);
                let second = inputs.take_weights(second, hidden, output);
                let weights = self.keep(weights, first.into_iter().chain(second));
                let x = Matrix::rows(x, rows, input);
                let first = (weights[0].factor(input, hidden), bias);
                let second = weights[1].factor(hidden, output);
                feed_forward(x, first, second, activation, output)
            }
            Some(Job::Network {
                weights,
                form,
                kinds,
                height,
                width,
                participant,
                participants,
            }) => {
                let plan = Plan::new(kinds, [height, width], participants);
                let x = inputs.take(plan.given(participant).len());
                if form == Form::Floats {
                    let layers = plan.kinds.iter().map(|kind| (*kind, inputs.take(kind.numbers())));
                    self.networks.insert(weights, Network::new(layers));
                }
                return plan.run(participant, &self.networks[&weights], x, neighbours);
            }
            Some(Job::SelfAttention { weights, forms, sizes, items, input, output }) => {
                let (rows, dim) = (items * sizes.keys, sizes.dim);
                let x = Matrix::rows(inputs.take(rows * input), rows, input);
                let bias = inputs.take(rows);
                let biases = [(); 3].map(|()| inputs.take(dim));
                let shapes = [[input, dim], [input, dim], [input, dim], [dim, output]];
                let new = forms.into_iter().zip(shapes);
                let new = new
                    .filter_map(|(form, [rows, columns])| inputs.take_weights(form, rows, columns));
                let weights = self.keep(weights, new);
                let factor = |index: usize| {
                    let [rows, columns] = shapes[index];
                    weights[index].factor(rows, columns)
                };
                let projections = [0, 1, 2].map(|index| (factor(index), biases[index]));
                let mut y = vec![0.0; rows * output];
                kernels::self_attention(&sizes, x, projections, factor(3), bias, &mut y);
                y
            }
            Some(Job::Forget {}) => {
                self.weights.clear();
                self.networks.clear();
                Vec::new()
            }
            None => unreachable!("jobs come from the same build"),
        })
    }

    /// Caches new weights, if there are any, and returns those of this identifier.
    fn keep(&mut self, id: u64, new: impl Iterator<Item = Weights>) -> &[Weights] {
        let new: Vec<Weights> = new.collect();
        if !new.is_empty() {
            self.weights.insert(id, new);
        }
        &self.weights[&id]
    }
}

fn feed_forward(
    x: Matrix,
    first: (Factor, &[f32]),
    second: Factor,
    activation: Activation,
    output: usize,
) -> Vec<f32> {
    let mut y = vec![0.0; x.rows * output];
    kernels::feed_forward(x, first, second, activation, &mut y);
    y
}

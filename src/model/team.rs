//! Threads for the page: further instances of this module, each in a worker and with a memory of its
//! own, take shares of the large operations.
//!
//! WebAssembly's own threads need a standard library built for them, which stable Rust does not
//! have. These instances have in common with the first only a buffer for each, through which goes
//! what a share needs and comes what it yields; weights go once and stay there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use wasm_bindgen::prelude::*;

use super::kernel::{self, Factor, Matrix, MatrixMut, Parameters, Quantised, Shape, Sizes};

/// Multiplications that an operation must have to be shared: below, handing it over costs more.
const WORTH_SHARING: usize = 1 << 19;
/// Columns of a linear layer are shared out in multiples of this.
const COLUMNS: usize = 8;

#[wasm_bindgen]
extern "C" {
    /// `Team` of `www/js/team.js`.
    pub type Team;

    /// How many members are ready to work.
    #[wasm_bindgen(method)]
    fn ready(this: &Team) -> usize;

    /// Numbers that can be handed over in one go.
    #[wasm_bindgen(method)]
    fn capacity(this: &Team) -> usize;

    /// Hands inputs over, to lie at an offset in the member's buffer.
    #[wasm_bindgen(method)]
    fn give(this: &Team, member: usize, offset: usize, values: &[f32]);

    /// Sets a member to work on what it was given.
    #[wasm_bindgen(method)]
    fn start(this: &Team, member: usize, job: &[u32], inputs: usize);

    /// Waits for a member, and takes what its share yields; false if the member failed.
    #[wasm_bindgen(method)]
    fn finish(this: &Team, member: usize, out: &mut [f32]) -> bool;
}

/// The team of this instance, and what its members know.
struct Lead {
    team: Team,
    /// Identifiers of the weights that members have their columns of, by address and size of the
    /// team they were shared out to.
    weights: HashMap<(usize, usize), u32>,
    next: u32,
}

impl Lead {
    /// The identifier of weights, and whether as many members as this have them already.
    fn identify(&mut self, address: usize, shares: usize) -> (u32, bool) {
        match self.weights.entry((address, shares)) {
            Entry::Occupied(known) => (*known.get(), true),
            Entry::Vacant(new) => {
                self.next += 1;
                (*new.insert(self.next), false)
            }
        }
    }
}

thread_local! {
    static LEAD: RefCell<Option<Lead>> = const { RefCell::new(None) };
}

/// Gives this instance a team.
#[wasm_bindgen(js_name = joinTeam)]
pub fn join_team(team: Team) {
    LEAD.set(Some(Lead { team, weights: HashMap::new(), next: 0 }));
}

/// Forgets which weights the team has. Addresses name them, and those of a model that is gone are
/// used again.
pub fn forget_weights() {
    LEAD.with_borrow_mut(|lead| {
        if let Some(lead) = lead {
            lead.weights.clear();
        }
    });
}

/// `y = x · weight + bias`; `y` is row-major.
pub fn linear(x: Matrix, weight: Factor, bias: &[f32], y: &mut [f32]) {
    let (rows, input, output) = (x.rows, x.columns, weight.columns());
    let compute = |columns: Range<usize>, y: &mut [f32], stride: usize| {
        for row in y.chunks_mut(stride) {
            row[..columns.len()].copy_from_slice(&bias[columns.clone()]);
        }
        let weight = weight.part(columns);
        kernel::multiply_by(x, weight, true, MatrixMut { data: y, row_stride: stride });
    };
    let whole = |y: &mut [f32]| compute(0..output, y, output);
    let sizes = [rows * input, input * output, rows * output];
    share(sizes, rows * input * output, output / COLUMNS, y, whole, |lead, shares, y| {
        let columns = |share: &Range<usize>| {
            let last = if share.end == output / COLUMNS { output } else { share.end * COLUMNS };
            share.start * COLUMNS..last
        };
        let (id, known) = lead.identify(weight.address(), shares.len());
        for (member, share) in shares[1..].iter().enumerate() {
            let columns = columns(share);
            let mut inputs = Inputs::new(&lead.team, member);
            inputs.give(x.data);
            inputs.give(&bias[columns.clone()]);
            let mut kind = KNOWN;
            if !known {
                match weight.part(columns.clone()) {
                    Factor::Floats(part) => {
                        kind = FLOATS;
                        inputs.give(&part.dense());
                    }
                    Factor::Integers(part) => {
                        kind = INTEGERS;
                        inputs.give(&as_floats(part.lines()));
                        inputs.give(part.factors);
                    }
                }
            }
            inputs.start(&[LINEAR, rows as u32, input as u32, columns.len() as u32, id, kind]);
        }
        compute(columns(&shares[0]), y, output);
        for (member, share) in shares[1..].iter().enumerate() {
            let columns = columns(share);
            let mut part = vec![0.0; rows * columns.len()];
            if lead.team.finish(member, &mut part) {
                put_columns(&part, columns, y, output);
            } else {
                lead.weights.clear();
                compute(columns.clone(), &mut y[columns.start..], output);
            }
        }
    });
}

/// An inverted residual block; see [`kernel::forward`].
pub fn block(shape: &Shape, parameters: &Parameters<&[f32]>, x: &[f32], y: &mut [f32]) {
    let [out_height, out_width] = shape.output_size();
    let out_row = out_width * shape.output;
    let input_row = shape.width * shape.input;
    let whole = |y: &mut [f32]| kernel::forward(shape, parameters, x, 0..out_height, y);
    let compute = |rows: &Range<usize>, y: &mut [f32]| {
        let given = shape.receptive(rows);
        let x = &x[given.start * input_row..given.end * input_row];
        let y = &mut y[rows.start * out_row..rows.end * out_row];
        kernel::forward(shape, parameters, x, rows.clone(), y);
    };
    let pairs = || parameters.expand.into_iter().chain([parameters.depthwise, parameters.project]);
    let weights = pairs().map(|(weight, bias)| weight.len() + bias.len()).sum();
    let expansion = if parameters.expand.is_some() { x.len() * shape.hidden } else { 0 };
    let work = expansion + out_height * out_width * shape.hidden * (9 + shape.output);
    share([x.len(), weights, y.len()], work, out_height, y, whole, |lead, shares, y| {
        let (id, known) = lead.identify(parameters.depthwise.0.as_ptr().addr(), shares.len());
        for (member, rows) in shares[1..].iter().enumerate() {
            let given = shape.receptive(rows);
            let mut inputs = Inputs::new(&lead.team, member);
            inputs.give(&x[given.start * input_row..given.end * input_row]);
            if !known {
                pairs().for_each(|(weight, bias)| {
                    inputs.give(weight);
                    inputs.give(bias);
                });
            }
            let kind = if known { KNOWN } else { FLOATS };
            let Shape { height, width, input, hidden, output, stride } = *shape;
            let sizes = [height, width, input, hidden, output, stride, rows.start, rows.end];
            let mut job = vec![BLOCK, id, kind, u32::from(parameters.expand.is_some())];
            job.extend(sizes.map(|size| size as u32));
            inputs.start(&job);
        }
        compute(&shares[0], y);
        for (member, rows) in shares[1..].iter().enumerate() {
            if !lead.team.finish(member, &mut y[rows.start * out_row..rows.end * out_row]) {
                lead.weights.clear();
                compute(rows, y);
            }
        }
    });
}

/// Self-attention of one item; see [`kernel::attention`].
pub fn attention(sizes: &Sizes, inputs: [&[f32]; 3], bias: &[f32], y: &mut [f32]) {
    let Sizes { tokens, heads, dim } = *sizes;
    let compute = |heads: Range<usize>, y: &mut [f32]| {
        kernel::attention(sizes, heads, inputs, bias, y);
    };
    let whole = |y: &mut [f32]| compute(0..heads, y);
    let columns =
        |heads: &Range<usize>| heads.start * dim / sizes.heads..heads.end * dim / sizes.heads;
    let work = 2 * tokens * tokens * dim;
    share([3 * tokens * dim, tokens, tokens * dim], work, heads, y, whole, |lead, shares, y| {
        for (member, heads) in shares[1..].iter().enumerate() {
            let columns = columns(heads);
            let mut given = Inputs::new(&lead.team, member);
            for data in inputs {
                given.give(&Matrix::rows(data, tokens, dim).part(columns.clone()).dense());
            }
            given.give(bias);
            given.start(&[ATTENTION, tokens as u32, heads.len() as u32, columns.len() as u32]);
        }
        compute(shares[0].clone(), y);
        for (member, heads) in shares[1..].iter().enumerate() {
            let columns = columns(heads);
            let mut part = vec![0.0; tokens * columns.len()];
            if lead.team.finish(member, &mut part) {
                put_columns(&part, columns, y, dim);
            } else {
                compute(heads.clone(), y);
            }
        }
    });
}

/// Shares an operation of `units` out if there is a team, it is worth it, and the numbers that go
/// and come fit; otherwise does it alone.
fn share(
    sizes: [usize; 3],
    work: usize,
    units: usize,
    y: &mut [f32],
    alone: impl FnOnce(&mut [f32]),
    together: impl FnOnce(&mut Lead, &[Range<usize>], &mut [f32]),
) {
    LEAD.with_borrow_mut(|lead| {
        let usable = lead.as_mut().filter(|lead| {
            work >= WORTH_SHARING && sizes.iter().sum::<usize>() <= lead.team.capacity()
        });
        let members =
            usable.as_ref().map_or(0, |lead| lead.team.ready().min(units.saturating_sub(1)));
        match usable {
            Some(lead) if members > 0 => {
                let place = |index: usize| index * units / (members + 1);
                let shares: Vec<_> =
                    (0..=members).map(|index| place(index)..place(index + 1)).collect();
                together(lead, &shares, y);
            }
            _ => alone(y),
        }
    });
}

/// Puts dense columns into a wider row-major matrix.
fn put_columns(part: &[f32], columns: Range<usize>, y: &mut [f32], stride: usize) {
    for (from, to) in part.chunks_exact(columns.len()).zip(y.chunks_exact_mut(stride)) {
        to[columns.clone()].copy_from_slice(from);
    }
}

/// What a member is given, piece by piece.
struct Inputs<'a> {
    team: &'a Team,
    member: usize,
    count: usize,
}

impl<'a> Inputs<'a> {
    fn new(team: &'a Team, member: usize) -> Self {
        Self { team, member, count: 0 }
    }

    fn give(&mut self, values: &[f32]) {
        self.team.give(self.member, self.count, values);
        self.count += values.len();
    }

    fn start(self, job: &[u32]) {
        self.team.start(self.member, job, self.count);
    }
}

/// Integers as they lie, four to a number, which is copied and nothing else.
fn as_floats<'a>(rows: impl Iterator<Item = &'a [i8]>) -> Vec<f32> {
    let bytes: Vec<u8> = rows.flatten().map(|&value| value as u8).collect();
    let whole = |four: &[u8]| {
        let mut bytes = [0; 4];
        bytes[..four.len()].copy_from_slice(four);
        f32::from_bits(u32::from_ne_bytes(bytes))
    };
    bytes.chunks(4).map(whole).collect()
}

/// What [`as_floats`] was made of.
fn as_integers(floats: &[f32], count: usize) -> Vec<i8> {
    let bytes = floats.iter().flat_map(|number| number.to_bits().to_ne_bytes());
    bytes.take(count).map(|byte| byte as i8).collect()
}

const LINEAR: u32 = 0;
const BLOCK: u32 = 1;
const ATTENTION: u32 = 2;

/// How a member comes to the weights of a linear layer.
const KNOWN: u32 = 0;
const FLOATS: u32 = 1;
const INTEGERS: u32 = 2;

/// Columns of a linear layer's weights, `[input, columns]`, or a block's, weight and bias in turn.
enum Weights {
    Floats(Vec<f32>),
    Integers(Vec<i8>, Vec<f32>),
}

/// A member of a team, in an instance of its own.
#[wasm_bindgen]
#[derive(Default)]
pub struct Teammate {
    weights: HashMap<u32, Weights>,
}

#[wasm_bindgen]
impl Teammate {
    /// One that knows no weights.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Does a share: a job's kind and sizes, and the inputs one after another.
    pub fn work(&mut self, job: &[u32], mut inputs: &[f32]) -> Vec<f32> {
        let sizes: Vec<usize> = job[1..].iter().map(|&size| size as usize).collect();
        let mut take = |count: usize| {
            let (taken, rest) = inputs.split_at(count);
            inputs = rest;
            taken
        };
        match (job[0], sizes.as_slice()) {
            (LINEAR, &[rows, input, output, id, kind]) => {
                let (x, bias) = (take(rows * input), take(output));
                let count = input * output;
                let weights = match kind as u32 {
                    FLOATS => Some(Weights::Floats(take(count).to_vec())),
                    INTEGERS => {
                        let integers = as_integers(take(count.div_ceil(4)), count);
                        Some(Weights::Integers(integers, take(output).to_vec()))
                    }
                    _ => None,
                };
                if let Some(weights) = weights {
                    self.weights.insert(id as u32, weights);
                }
                let weight = match &self.weights[&(id as u32)] {
                    Weights::Floats(data) => Factor::Floats(Matrix::rows(data, input, output)),
                    Weights::Integers(data, factors) => {
                        Factor::Integers(Quantised::whole(data, factors))
                    }
                };
                let mut y = bias.repeat(rows);
                let x = Matrix::rows(x, rows, input);
                kernel::multiply_by(x, weight, true, MatrixMut::rows(&mut y, output));
                y
            }
            (
                BLOCK,
                &[id, kind, expands, height, width, input, hidden, output, stride, start, end],
            ) => {
                let shape = Shape { height, width, input, hidden, output, stride };
                let rows = start..end;
                let x = take(shape.receptive(&rows).len() * width * input);
                let expand = if expands > 0 { (input + 1) * hidden } else { 0 };
                let counts = [expand, 10 * hidden, (hidden + 1) * output];
                if kind as u32 == FLOATS {
                    let weights = take(counts.iter().sum()).to_vec();
                    self.weights.insert(id as u32, Weights::Floats(weights));
                }
                let Weights::Floats(weights) = &self.weights[&(id as u32)] else { unreachable!() };
                let (expand, rest) = weights.split_at(counts[0]);
                let (depthwise, project) = rest.split_at(counts[1]);
                let parameters = Parameters {
                    expand: (expands > 0).then(|| expand.split_at(input * hidden)),
                    depthwise: depthwise.split_at(9 * hidden),
                    project: project.split_at(hidden * output),
                };
                let mut y = vec![0.0; rows.len() * shape.output_size()[1] * output];
                kernel::forward(&shape, &parameters, x, rows, &mut y);
                y
            }
            (ATTENTION, &[tokens, heads, dim]) => {
                let inputs = [take(tokens * dim), take(tokens * dim), take(tokens * dim)];
                let mut y = vec![0.0; tokens * dim];
                let sizes = Sizes { tokens, heads, dim };
                kernel::attention(&sizes, 0..heads, inputs, take(tokens), &mut y);
                y
            }
            _ => unreachable!("jobs come from the same module"),
        }
    }
}

//! The lead of the pool: divides operations into shares, computes one share itself, and combines the results.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use super::job::{Form, Job, floats_from_integers};
use super::rows::{Neighbours, Plan, Side};
use crate::model::ops::activation::Activation;
use crate::model::ops::cpu::kernels::{
    self, Factor, Kind, Matrix, MatrixMut, Network, Size, Sizes,
};

/// An operation with fewer multiplications than this is not shared, because the communication would cost more than it
/// saves.
const WORTH_SHARING: usize = 1 << 19;
/// The columns of a linear layer are shared in multiples of this.
const COLUMNS: usize = 8;

/// Transports jobs to members, and results back.
pub trait Workers {
    /// How many members are ready to work.
    fn ready(&self) -> usize;

    /// Whether members make operations faster at present, which on a busy machine they do not. If so, the next operation
    /// begins now.
    fn help(&self) -> bool;

    /// Notes that the operation that `help` began has ended, and how many members took part.
    fn ended(&self, members: usize);

    /// How many numbers can be transferred to a member at once.
    fn capacity(&self) -> usize;

    /// Transfers inputs to a member, at an offset in its buffer.
    fn give(&self, member: usize, offset: usize, values: &[f32]);

    /// Starts a member on the inputs that it was given; `job` is in the form that [`Member::work`](super::Member::work)
    /// reads.
    fn start(&self, member: usize, job: &[u32], inputs: usize);

    /// The most numbers in a message between neighbours.
    fn room(&self) -> usize;

    /// Sends a message to the first member, which needs it for the share that it is computing.
    fn send(&self, values: &[f32]);

    /// Waits for a message of the first member; false if none will come. In that case no member is still working on its
    /// share: either a member failed, or all shares were taken back, which `may_take_back` allows while no member has
    /// begun.
    fn receive(&self, may_take_back: bool, out: &mut [f32]) -> bool;

    /// Waits for a member, and copies the result of its share; false if the member failed. With `may_take_back` a share
    /// that the member has not begun, as happens on a busy machine, is taken back instead of waited for, which also
    /// gives false.
    fn finish(&self, member: usize, may_take_back: bool, out: &mut [f32]) -> bool;
}

/// The pool of this instance, and what its members hold.
struct Lead {
    workers: Box<dyn Workers>,
    /// How many members there were when weights were last sent. Which part of the weights a member holds depends on it.
    members: usize,
    /// Identifiers of the weights that the members have cached.
    kept: HashSet<u64>,
}

thread_local! {
    static LEAD: RefCell<Option<Lead>> = const { RefCell::new(None) };
    /// Networks in the form in which this instance computes them, by the identifier of their first weight.
    static NETWORKS: RefCell<HashMap<u64, Rc<Network>>> = RefCell::default();
}

/// Gives this instance a pool.
pub fn join(workers: Box<dyn Workers>) {
    LEAD.set(Some(Lead { workers, members: 0, kept: HashSet::new() }));
}

/// Frees all cached weights, which are those of a model that is no longer used.
pub fn forget_weights() {
    NETWORKS.take();
    LEAD.with_borrow_mut(|lead| {
        if let Some(lead) = lead {
            lead.forget();
        }
    });
}

impl Lead {
    fn forget(&mut self) {
        if std::mem::take(&mut self.kept).is_empty() {
            return;
        }
        let members = 0..self.workers.ready();
        members.clone().for_each(|member| self.workers.start(member, &Job::Forget {}.encode(), 0));
        for member in members {
            // A member that fails is lost, together with its weights.
            self.workers.finish(member, false, &mut []);
        }
    }

    /// The range of units for the lead and for each member, if sharing is worthwhile and all numbers fit into a
    /// member's buffer. A unit is the smallest part of an operation that can be given away.
    fn shares(&mut self, numbers: usize, work: usize, units: usize) -> Option<Vec<Range<usize>>> {
        if work < WORTH_SHARING || numbers > self.workers.capacity() {
            return None;
        }
        if self.workers.ready() != self.members {
            self.forget();
            self.members = self.workers.ready(); // one may be lost while it forgets
        }
        let members = self.members.min(units.saturating_sub(1));
        let place = |index: usize| index * units / (members + 1);
        let worth_it = members > 0 && self.workers.help();
        worth_it.then(|| (0..=members).map(|index| place(index)..place(index + 1)).collect())
    }

    /// Whether the members have cached these weights. If not, the caller has to send them now; from here on they count
    /// as cached.
    fn keeps(&mut self, id: u64) -> bool {
        !self.kept.insert(id)
    }
}

/// Computes an operation of `units` units with the pool, if there is one and sharing is worthwhile, or else alone.
/// `sizes` are the numbers of elements of inputs, weights and outputs; `together` returns how many members took part.
fn share(
    sizes: [usize; 3],
    work: usize,
    units: usize,
    y: &mut [f32],
    alone: impl FnOnce(&mut [f32]),
    together: impl FnOnce(&mut Lead, &[Range<usize>], &mut [f32]) -> usize,
) {
    LEAD.with_borrow_mut(|lead| {
        let shared = lead.as_mut().and_then(|lead| {
            let shares = lead.shares(sizes.iter().sum(), work, units)?;
            Some((lead, shares))
        });
        match shared {
            Some((lead, shares)) => {
                let cached = lead.kept.len();
                let members = together(lead, &shares, y);
                // Sending weights, which happens once, can take longer than the operation.
                if lead.kept.len() == cached {
                    lead.workers.ended(members);
                }
            }
            None => alone(y),
        }
    });
}

/// `y = x · weight + bias`; `y` is row-major. `id` identifies the weight.
pub fn linear(x: Matrix, id: u64, weight: Factor, bias: &[f32], y: &mut [f32]) {
    let (rows, input, output) = (x.rows, x.columns, weight.columns());
    let compute = |columns: Range<usize>, y: &mut [f32], stride: usize| {
        for row in y.chunks_mut(stride) {
            row[..columns.len()].copy_from_slice(&bias[columns.clone()]);
        }
        let weight = weight.part(columns);
        kernels::multiply(x, weight, true, MatrixMut { data: y, row_stride: stride });
    };
    let whole = |y: &mut [f32]| compute(0..output, y, output);
    let sizes = [rows * input, input * output, rows * output];
    share(sizes, rows * input * output, output / COLUMNS, y, whole, |lead, shares, y| {
        let columns = |share: &Range<usize>| columns_of(share, output);
        let kept = lead.keeps(id);
        for (member, share) in shares[1..].iter().enumerate() {
            let columns = columns(share);
            let mut inputs = Inputs::new(&*lead.workers, member);
            inputs.give(x.data);
            inputs.give(&bias[columns.clone()]);
            let form =
                if kept { Form::Kept } else { inputs.give_weights(weight.part(columns.clone())) };
            inputs.start(&Job::Linear { weights: id, form, rows, input, output: columns.len() });
        }
        compute(columns(&shares[0]), y, output);
        for (member, share) in shares[1..].iter().enumerate() {
            let columns = columns(share);
            let mut part = vec![0.0; rows * columns.len()];
            if lead.workers.finish(member, kept, &mut part) {
                copy_columns(&part, columns, y, output);
            } else {
                compute(columns.clone(), &mut y[columns.start..], output);
            }
        }
        shares.len() - 1
    });
}

/// `y += activation(x · first + bias) · second`; see [`kernels::feed_forward`]. Each member computes a share of the
/// hidden units, and returns its partial sums (Shoeybi et al., 2019, "Megatron-LM"). `id` identifies the first weight.
pub fn feed_forward(
    x: Matrix,
    id: u64,
    (first, bias): (Factor, &[f32]),
    second: Factor,
    activation: Activation,
    y: &mut [f32],
) {
    let (rows, input, hidden, output) = (x.rows, x.columns, first.columns(), second.columns());
    let compute = |units: Range<usize>, y: &mut [f32]| {
        let first = (first.part(units.clone()), &bias[units.clone()]);
        kernels::feed_forward(x, first, second.rows(units), activation, y);
    };
    let whole = |y: &mut [f32]| compute(0..hidden, y);
    let weights = (input + output) * (hidden.div_ceil(2) + COLUMNS); // a share is at most a half
    let work = rows * hidden * (input + output);
    share([x.data.len(), weights, y.len()], work, hidden / COLUMNS, y, whole, |lead, shares, y| {
        let kept = lead.keeps(id);
        for (member, share) in shares[1..].iter().enumerate() {
            let units = columns_of(share, hidden);
            let mut inputs = Inputs::new(&*lead.workers, member);
            inputs.give(x.data);
            inputs.give(&bias[units.clone()]);
            let [first, second] = if kept {
                [Form::Kept; 2]
            } else {
                [first.part(units.clone()), second.rows(units.clone())]
                    .map(|weight| inputs.give_weights(weight))
            };
            let hidden = units.len();
            inputs.start(&Job::FeedForward {
                weights: id,
                first,
                second,
                activation,
                rows,
                input,
                hidden,
                output,
            });
        }
        compute(columns_of(&shares[0], hidden), y);
        for (member, share) in shares[1..].iter().enumerate() {
            let mut part = vec![0.0; y.len()];
            if lead.workers.finish(member, kept, &mut part) {
                y.iter_mut().zip(part).for_each(|(y, part)| *y += part);
            } else {
                compute(columns_of(share, hidden), y);
            }
        }
        shares.len() - 1
    });
}

/// Computes the layers of a network one after the other, and returns the last one's output. `id` identifies the
/// network, and `numbers` returns the weights and biases of a layer (see [`Network::new`]) if they are not cached.
pub fn network(
    id: u64,
    kinds: &[Kind],
    numbers: impl Fn(usize) -> Vec<f32>,
    size: Size,
    x: &[f32],
) -> Vec<f32> {
    let network = NETWORKS.with_borrow_mut(|networks| {
        let layers = kinds.iter().enumerate().map(|(index, &kind)| (kind, numbers(index)));
        Rc::clone(networks.entry(id).or_insert_with(|| Rc::new(Network::new(layers))))
    });
    let plan = |participants| Plan::new(kinds.to_vec(), size, participants);
    let whole = plan(1);
    let alone = |y: &mut [f32]| {
        let all = whole.run(0, &network, x, &Alone);
        y.copy_from_slice(&all.unwrap_or_else(|| unreachable!("nobody is waited for")));
    };
    let weights = kinds.iter().map(|kind| kind.numbers()).sum();
    let mut y = vec![0.0; whole.yielded(0).len()];
    share([x.len(), weights, y.len()], whole.work(), size[0], &mut y, alone, |lead, shares, y| {
        let room = lead.workers.room();
        let mut plans = (2..=shares.len()).rev().map(plan);
        let Some(plan) = plans.find(|plan| plan.works(room)) else {
            alone(y);
            return 0;
        };
        let may_take_back = lead.keeps(id);
        let workers = &*lead.workers;
        let members = 0..plan.participants - 1;
        for member in members.clone() {
            let mut inputs = Inputs::new(workers, member);
            inputs.give(&x[plan.given(member + 1)]);
            let form = if may_take_back { Form::Kept } else { Form::Floats };
            if form == Form::Floats {
                (0..kinds.len()).for_each(|index| inputs.give(&numbers(index)));
            }
            inputs.start(&Job::Network {
                weights: id,
                form,
                kinds: kinds.to_vec(),
                height: size[0],
                width: size[1],
                participant: member + 1,
                participants: plan.participants,
            });
        }
        let part = plan.run(0, &network, &x[plan.given(0)], &Members { workers, may_take_back });
        let finished = part.is_some_and(|part| {
            y[plan.yielded(0)].copy_from_slice(&part);
            let finish = |member| workers.finish(member, false, &mut y[plan.yielded(member + 1)]);
            // All members are waited for, even after one has failed.
            let finished: Vec<bool> = members.map(finish).collect();
            finished.into_iter().all(|one| one)
        });
        if !finished {
            alone(y);
        }
        plan.participants - 1
    });
    y
}

/// The neighbours of a participant that computes alone.
struct Alone;

impl Neighbours for Alone {
    fn send(&self, _: Side, _: &[f32]) {}

    fn receive(&self, _: Side, _: &mut [f32]) -> bool {
        false
    }
}

/// The neighbours of the lead: only the first member, which is below it.
struct Members<'a> {
    workers: &'a dyn Workers,
    may_take_back: bool,
}

impl Neighbours for Members<'_> {
    fn send(&self, _: Side, values: &[f32]) {
        self.workers.send(values);
    }

    fn receive(&self, _: Side, out: &mut [f32]) -> bool {
        self.workers.receive(self.may_take_back, out)
    }
}

/// See [`kernels::self_attention`]. Each member computes some heads, and returns its part of the sums, as in
/// [`feed_forward`]. `id` is the first weight's.
pub fn self_attention(
    sizes: &Sizes,
    x: Matrix,
    id: u64,
    projections: [(Factor, &[f32]); 3],
    output: Factor,
    bias: &[f32],
    y: &mut [f32],
) {
    let Sizes { keys, heads, dim, .. } = *sizes;
    let (rows, input, columns) = (x.rows, x.columns, output.columns());
    // The share of some heads: its sizes and its layers.
    let part = |heads: &Range<usize>| {
        let columns = heads.start * dim / sizes.heads..heads.end * dim / sizes.heads;
        let sizes = Sizes { heads: heads.len(), dim: columns.len(), ..*sizes };
        let projections = projections
            .map(|(weight, bias)| (weight.part(columns.clone()), &bias[columns.clone()]));
        (sizes, projections, output.rows(columns))
    };
    let compute = |heads: &Range<usize>, y: &mut [f32]| {
        let (sizes, projections, output) = part(heads);
        kernels::self_attention(&sizes, x, projections, output, bias, y);
    };
    let whole = |y: &mut [f32]| compute(&(0..heads), y);
    let weights = (3 * input + columns) * (heads.div_ceil(2) * dim / heads); // a share is at most a half
    let given = x.data.len() + bias.len() + 3 * dim;
    let work = rows * dim * (3 * input + columns + 2 * keys);
    share([given, weights, y.len()], work, heads, y, whole, |lead, shares, y| {
        let kept = lead.keeps(id);
        for (member, heads) in shares[1..].iter().enumerate() {
            let (sizes, projections, output) = part(heads);
            let mut inputs = Inputs::new(&*lead.workers, member);
            inputs.give(x.data);
            inputs.give(bias);
            projections.iter().for_each(|(_, bias)| inputs.give(bias));
            let [query, key, value] = projections.map(|(weight, _)| weight);
            let forms = [query, key, value, output]
                .map(|weight| if kept { Form::Kept } else { inputs.give_weights(weight) });
            inputs.start(&Job::SelfAttention {
                weights: id,
                forms: forms.to_vec(),
                sizes,
                items: rows / keys,
                input,
                output: columns,
            });
        }
        compute(&shares[0], y);
        for (member, heads) in shares[1..].iter().enumerate() {
            let mut part = vec![0.0; y.len()];
            if lead.workers.finish(member, kept, &mut part) {
                y.iter_mut().zip(part).for_each(|(y, part)| *y += part);
            } else {
                compute(heads, y);
            }
        }
        shares.len() - 1
    });
}

/// The columns of a share, whose range is in multiples of [`COLUMNS`]; the last share also gets the remainder.
fn columns_of(share: &Range<usize>, columns: usize) -> Range<usize> {
    let last = if share.end == columns / COLUMNS { columns } else { share.end * COLUMNS };
    share.start * COLUMNS..last
}

/// Copies contiguous columns into a wider row-major matrix.
fn copy_columns(part: &[f32], columns: Range<usize>, y: &mut [f32], stride: usize) {
    for (from, to) in part.chunks_exact(columns.len()).zip(y.chunks_exact_mut(stride)) {
        to[columns.clone()].copy_from_slice(from);
    }
}

/// Sends the inputs of a member, one after another.
struct Inputs<'a> {
    workers: &'a dyn Workers,
    member: usize,
    count: usize,
}

impl<'a> Inputs<'a> {
    fn new(workers: &'a dyn Workers, member: usize) -> Self {
        Self { workers, member, count: 0 }
    }

    fn give(&mut self, values: &[f32]) {
        self.workers.give(self.member, self.count, values);
        self.count += values.len();
    }

    /// Sends a matrix that the member is to cache.
    fn give_weights(&mut self, weight: Factor) -> Form {
        match weight {
            Factor::Floats(part) => {
                self.give(&part.dense());
                Form::Floats
            }
            Factor::Integers(part) => {
                self.give(&floats_from_integers(part.lines().flatten().copied()));
                self.give(part.factors);
                Form::Integers
            }
        }
    }

    fn start(self, job: &Job) {
        self.workers.start(self.member, &job.encode(), self.count);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread::{JoinHandle, spawn};

    use super::*;
    use crate::model::ops::cpu::kernels::Quantised;
    use crate::model::ops::pool::Member;

    /// A member, its inputs and job, and the result of its last job.
    struct LocalMember {
        member: Member,
        inputs: Vec<f32>,
        job: Vec<u32>,
        beside: Beside,
        yielded: Vec<f32>,
    }

    /// One end of the channels between two neighbours.
    struct End(Sender<Vec<f32>>, Receiver<Vec<f32>>);

    impl End {
        fn both() -> [Self; 2] {
            let ((down, above), (up, below)) = (channel(), channel());
            [Self(down, below), Self(up, above)]
        }

        fn receive(&self, out: &mut [f32]) {
            out.copy_from_slice(&self.1.recv().unwrap());
        }
    }

    struct Beside {
        above: End,
        below: End,
    }

    impl Beside {
        fn end(&self, side: Side) -> &End {
            if side == Side::Above { &self.above } else { &self.below }
        }
    }

    impl Neighbours for Beside {
        fn send(&self, to: Side, values: &[f32]) {
            self.end(to).0.send(values.to_vec()).unwrap();
        }

        fn receive(&self, from: Side, out: &mut [f32]) -> bool {
            self.end(from).receive(out);
            true
        }
    }

    impl LocalMember {
        fn work(mut self) -> Self {
            self.yielded = self.member.work(&self.job, &self.inputs, &self.beside).unwrap();
            self.job.clear();
            self
        }
    }

    /// Members in this process, and how many numbers were sent to them.
    struct Local {
        members: RefCell<Vec<Option<LocalMember>>>,
        /// The threads of members that work in parallel because they need their neighbours.
        threads: RefCell<HashMap<usize, JoinHandle<LocalMember>>>,
        below: End,
        ready: Cell<usize>,
        given: Cell<usize>,
        fails: Cell<bool>,
        /// Whether members begin no share that may be taken back, and how often one was taken back.
        asleep: Cell<bool>,
        taken_back: Cell<usize>,
        helps: Cell<bool>,
        /// Members of all operations that were noted.
        ended: Cell<usize>,
    }

    impl Workers for Rc<Local> {
        fn ready(&self) -> usize {
            self.ready.get()
        }

        fn help(&self) -> bool {
            self.helps.get()
        }

        fn ended(&self, members: usize) {
            self.ended.set(self.ended.get() + members);
        }

        fn capacity(&self) -> usize {
            1 << 20
        }

        fn room(&self) -> usize {
            1 << 12
        }

        fn give(&self, member: usize, offset: usize, values: &[f32]) {
            let mut members = self.members.borrow_mut();
            let inputs = &mut members[member].as_mut().unwrap().inputs;
            inputs.resize(offset, 0.0);
            inputs.extend(values);
            self.given.set(self.given.get() + values.len());
        }

        fn start(&self, member: usize, job: &[u32], inputs: usize) {
            let members = &mut self.members.borrow_mut();
            let local = members[member].as_mut().unwrap();
            local.inputs.truncate(inputs);
            local.job = job.to_vec();
        }

        fn send(&self, values: &[f32]) {
            self.below.0.send(values.to_vec()).unwrap();
        }

        fn receive(&self, may_take_back: bool, out: &mut [f32]) -> bool {
            let mut members = self.members.borrow_mut();
            if self.fails.get() || self.asleep.get() && may_take_back {
                for local in members.iter_mut().flatten().filter(|local| !local.job.is_empty()) {
                    local.job.clear();
                    local.beside.above.1.try_iter().for_each(drop);
                    self.taken_back.set(self.taken_back.get() + 1);
                }
                return false;
            }
            for (member, place) in members.iter_mut().enumerate() {
                if let Some(local) = place.take_if(|local| !local.job.is_empty()) {
                    self.threads.borrow_mut().insert(member, spawn(|| local.work()));
                }
            }
            self.below.receive(out);
            true
        }

        fn finish(&self, member: usize, may_take_back: bool, out: &mut [f32]) -> bool {
            if self.asleep.get() && may_take_back {
                self.taken_back.set(self.taken_back.get() + 1);
                return false;
            }
            let local = self.take(member);
            out.copy_from_slice(&local.yielded[..out.len()]);
            self.members.borrow_mut()[member] = Some(local);
            if self.fails.get() {
                self.ready.set(member.min(self.ready.get())); // those after a lost one are lost too
            }
            !self.fails.get()
        }
    }

    impl Local {
        /// Takes a member out of the pool, after it has done its job.
        fn take(&self, member: usize) -> LocalMember {
            match self.members.borrow_mut()[member].take() {
                Some(local) => local.work(),
                None => self.threads.borrow_mut().remove(&member).unwrap().join().unwrap(),
            }
        }
    }

    /// A pool with this many members, for this thread.
    fn pool(ready: usize) -> Rc<Local> {
        let [below, mut above] = End::both();
        let member = || {
            let [below, next] = End::both();
            let beside = Beside { above: std::mem::replace(&mut above, next), below };
            let member = Member::default();
            let (inputs, job, yielded) = Default::default();
            Some(LocalMember { member, inputs, job, beside, yielded })
        };
        let local = Rc::new(Local {
            members: RefCell::new(std::iter::repeat_with(member).take(3).collect()),
            threads: RefCell::default(),
            below,
            ready: Cell::new(ready),
            given: Cell::default(),
            fails: Cell::default(),
            asleep: Cell::default(),
            taken_back: Cell::default(),
            helps: Cell::new(true),
            ended: Cell::default(),
        });
        join(Box::new(Rc::clone(&local)));
        local
    }

    /// Small integers, so that sums are exact in any order.
    fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7 + seed) % 11) as f32 - 5.0).collect()
    }

    const ROWS: usize = 40;
    const INPUT: usize = 130;
    const OUTPUT: usize = 131;

    /// A linear layer with these weights.
    fn layer(id: u64, weight: &[f32]) -> Vec<f32> {
        let (x, bias) = (values(ROWS * INPUT, 1), values(OUTPUT, 2));
        let mut y = vec![0.0; ROWS * OUTPUT];
        let weight = Factor::Floats(Matrix::rows(weight, INPUT, OUTPUT));
        linear(Matrix::rows(&x, ROWS, INPUT), id, weight, &bias, &mut y);
        y
    }

    /// Checks that an operation has the same result when computed alone, with a pool that is sent the weights, with one
    /// that has cached them, with one whose members are asleep, and with one whose members fail.
    fn assert_shared(tolerance: f32, operation: impl Fn() -> Vec<f32>) {
        LEAD.set(None);
        let alone = operation();
        let assert_same = || {
            let together = operation();
            assert_eq!(together.len(), alone.len());
            for (place, (one, other)) in together.iter().zip(&alone).enumerate() {
                let error = (one - other).abs();
                assert!(error <= tolerance, "{one} instead of {other} at {place}");
            }
        };
        for members in [1, 3] {
            let local = pool(members);
            assert_same();
            assert!(local.given.get() > 0, "it is shared");
            local.helps.set(false);
            local.given.set(0);
            assert_same();
            assert_eq!(local.given.get(), 0, "members that do not help are given nothing");
            local.helps.set(true);
            local.ended.set(0);
            assert_same();
            assert_eq!(local.ended.get(), members);
            local.asleep.set(true);
            assert_same();
            assert_eq!(local.taken_back.get(), members);
            local.asleep.set(false);
            assert_same();
            local.fails.set(true);
            assert_same();
        }
    }

    #[test]
    fn a_member_that_is_lost_while_it_forgets_gets_no_share() {
        let weight = values(INPUT * OUTPUT, 3);
        LEAD.set(None);
        let alone = layer(1, &weight);
        let local = pool(3);
        assert_eq!(layer(1, &weight), alone);
        local.ready.set(2);
        local.fails.set(true);
        local.given.set(0);
        assert_eq!(layer(1, &weight), alone);
        assert_eq!(local.given.get(), 0);
    }

    #[test]
    fn what_is_shared_comes_out_as_if_done_alone() {
        let weight = values(INPUT * OUTPUT, 3);
        assert_shared(0.0, || layer(1, &weight));

        let integers: Vec<i8> = weight.iter().map(|&value| value as i8).collect();
        let (x, bias) = (values(ROWS * INPUT, 1), values(OUTPUT, 2));
        let x = Matrix::rows(&x, ROWS, INPUT);
        let factors = [2.0; OUTPUT];
        let first = Factor::Integers(Quantised::new(&integers, &factors));
        let second = values(OUTPUT * 9, 5);
        assert_shared(0.0, || {
            let mut y = values(ROWS * 9, 6);
            let second = Factor::Floats(Matrix::rows(&second, OUTPUT, 9));
            feed_forward(x, 2, (first, &bias), second, Activation::Relu, &mut y);
            y
        });

        let (items, keys, dim) = (2, 24, 48);
        let sizes = Sizes { queries: keys, keys, heads: 4, dim };
        let x = values(items * keys * INPUT, 1)
            .into_iter()
            .map(|value| value / 64.0)
            .collect::<Vec<_>>();
        let weights = [3, 5, 7].map(|seed| values(INPUT * dim, seed));
        let (output, bias) = (values(dim * 9, 6), values(items * keys, 2));
        // Parts of sums of fractions are added in another order.
        assert_shared(1e-3, || {
            let mut y = values(items * keys * 9, 4);
            let projections = weights
                .each_ref()
                .map(|weight| (Factor::Floats(Matrix::rows(weight, INPUT, dim)), &bias[..dim]));
            let output = Factor::Floats(Matrix::rows(&output, dim, 9));
            let x = Matrix::rows(&x, items * keys, INPUT);
            self_attention(&sizes, x, 4, projections, output, &bias, &mut y);
            y
        });

        let block = |input, hidden, output, stride| Kind::Block { input, hidden, output, stride };
        let kinds = [
            Kind::Stem { output: 8 },
            block(8, 8, 8, 1),
            block(8, 48, 12, 2),
            block(12, 48, 12, 1),
            Kind::Pointwise { input: 12, output: 16 },
        ];
        let x = values(60 * 56, 4);
        assert_shared(0.0, || {
            network(3, &kinds, |index| values(kinds[index].numbers(), index), [60, 56], &x)
        });
    }

    #[test]
    fn maps_are_shared_where_neighbours_have_what_is_needed() {
        let block = Kind::Block { input: 4, hidden: 8, output: 4, stride: 2 };
        let works = |layers, height, participants, room| {
            Plan::new(vec![block; layers], [height, 10], participants).works(room)
        };
        assert!(works(2, 20, 2, 1000));
        assert!(!works(2, 20, 2, 10), "rows are longer than messages");
        assert!(works(3, 16, 2, 1000));
        assert!(!works(5, 16, 2, 1000), "one row is left");
        assert!(!works(2, 4, 4, 1000));
    }

    #[test]
    fn weights_go_once_and_are_told_apart_by_their_owner() {
        let local = pool(1);
        let given = |operation: &dyn Fn() -> Vec<f32>| {
            local.given.set(0);
            operation();
            local.given.get()
        };
        let mut weight = values(INPUT * OUTPUT, 3);
        let first = layer(1, &weight);
        let again = given(&|| layer(1, &weight));
        // Weights of another owner at the same address.
        weight.iter_mut().for_each(|value| *value = -*value);
        let other = layer(2, &weight);
        assert_ne!(other, first);
        let bias = values(OUTPUT, 2).repeat(ROWS);
        for ((first, other), bias) in first.iter().zip(&other).zip(bias) {
            assert_eq!(first - bias, bias - other);
        }

        // When members join or leave, the shares change, and the cached weights are freed.
        local.ready.set(2);
        assert!(given(&|| layer(2, &weight)) > 2 * again);
        assert_eq!(layer(2, &weight), other);
        local.ready.set(1);
        assert!(given(&|| layer(2, &weight)) > again);
        assert_eq!(given(&|| layer(2, &weight)), again);
        local.asleep.set(true);
        forget_weights();
        assert!(given(&|| layer(2, &weight)) > again);
        assert_eq!(local.taken_back.get(), 0, "weights are taken and freed before all else");
        assert_eq!(layer(2, &weight), other);
    }
}

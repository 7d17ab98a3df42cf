//! Computes a network in parallel by rows: each participant computes the same part of every map, and gets the few rows
//! next to it from its neighbours. So the maps stay where they are computed.

use std::ops::Range;

use crate::model::ops::cpu::kernels::{Kind, Network, Size};

/// A neighbour of a participant: the one that has the rows above its own, or the rows below them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Above.
    Above,
    /// Below.
    Below,
}

impl Side {
    const BOTH: [Self; 2] = [Self::Above, Self::Below];
}

/// Carries rows between neighbours. For each layer two neighbours first send each other one message and then receive
/// the other's. So a buffer of two messages in each direction is enough: a participant that received an answer knows
/// that its own previous message was read.
pub trait Neighbours {
    /// Sends rows, without waiting.
    fn send(&self, to: Side, values: &[f32]);

    /// Waits until `out` is filled; false where the rows will not come.
    fn receive(&self, from: Side, out: &mut [f32]) -> bool;
}

/// Which rows each participant computes.
#[derive(Debug, Clone)]
pub struct Plan {
    pub kinds: Vec<Kind>,
    /// The size of every map, from the first layer's input to the last one's output.
    sizes: Vec<Size>,
    /// The number of participants: the lead and its members.
    pub participants: usize,
}

impl Plan {
    /// The plan for this many participants.
    pub fn new(kinds: Vec<Kind>, size: Size, participants: usize) -> Self {
        let mut sizes = vec![size];
        sizes.extend(kinds.iter().scan(size, |size, kind| {
            *size = kind.output_size(*size);
            Some(*size)
        }));
        Self { kinds, sizes, participants }
    }

    /// Whether every participant has rows of every map and needs only its neighbours' rows besides, and whether no
    /// message has more numbers than `room`.
    pub fn works(&self, room: usize) -> bool {
        let fits = |layer: usize, participant: usize| {
            let (own, needed) = (self.rows(layer, participant), self.needed(layer, participant));
            let first = self.rows(layer, participant.saturating_sub(1)).start;
            let last = self.rows(layer, (participant + 1).min(self.participants - 1)).end;
            let missing =
                [own.start.saturating_sub(needed.start), needed.end.saturating_sub(own.end)];
            let row = self.kinds[layer].input_row(self.sizes[layer]);
            first <= needed.start
                && needed.end <= last
                && missing.iter().all(|count| count * row <= room)
        };
        self.sizes[1..].iter().all(|[height, _]| *height >= self.participants)
            && (1..self.kinds.len()).all(|layer| (0..self.participants).all(|one| fits(layer, one)))
    }

    /// The number of multiplications of the whole network.
    pub fn work(&self) -> usize {
        self.kinds.iter().zip(&self.sizes).map(|(kind, size)| kind.work(*size)).sum()
    }

    /// The rows of a map that a participant computes.
    fn rows(&self, map: usize, participant: usize) -> Range<usize> {
        let place = |index: usize| index * self.sizes[map][0] / self.participants;
        place(participant)..place(participant + 1)
    }

    /// The rows of a layer's input that a participant's rows of its output depend on.
    fn needed(&self, layer: usize, participant: usize) -> Range<usize> {
        let rows = self.rows(layer + 1, participant);
        self.kinds[layer].receptive(self.sizes[layer], &rows)
    }

    /// The range of the first layer's input that is given to a participant.
    pub fn given(&self, participant: usize) -> Range<usize> {
        let row = self.kinds[0].input_row(self.sizes[0]);
        let Range { start, end } = self.needed(0, participant);
        start * row..end * row
    }

    /// The range of the last layer's output that a participant yields.
    pub fn yielded(&self, participant: usize) -> Range<usize> {
        let last = self.kinds.len() - 1;
        let row = self.kinds[last].output_row(self.sizes[last]);
        let Range { start, end } = self.rows(last + 1, participant);
        start * row..end * row
    }

    /// Computes a participant's part, from the input that it is [given](Self::given) to the output that it
    /// [yields](Self::yielded). `None` where a neighbour's rows do not come.
    pub fn run(
        &self,
        participant: usize,
        network: &Network,
        given: &[f32],
        neighbours: &dyn Neighbours,
    ) -> Option<Vec<f32>> {
        let mut held = given.to_vec();
        // The range of rows that are in `held`.
        let mut span = self.needed(0, participant);
        for (layer, (kind, &size)) in self.kinds.iter().zip(&self.sizes).enumerate() {
            let (row, needed) = (kind.input_row(size), self.needed(layer, participant));
            let x = &held[(needed.start - span.start) * row..(needed.end - span.start) * row];
            let (rows, row) = (self.rows(layer + 1, participant), kind.output_row(size));
            let next = self.next(layer, participant).unwrap_or(rows.clone());
            let whole = rows.start.min(next.start)..rows.end.max(next.end);
            let mut y = vec![0.0; whole.len() * row];
            let place = |part: &Range<usize>| {
                (part.start - whole.start) * row..(part.end - whole.start) * row
            };
            network.forward(layer, size, x, rows.clone(), &mut y[place(&rows)]);
            if layer + 1 < self.kinds.len() {
                for side in Side::BOTH {
                    if let Some(other) = self.beside(participant, side) {
                        let wanted = self.needed(layer + 1, other);
                        let part = wanted.start.max(rows.start)..wanted.end.min(rows.end);
                        let part = if part.is_empty() { rows.start..rows.start } else { part };
                        neighbours.send(side, &y[place(&part)]);
                    }
                }
                for side in Side::BOTH {
                    if self.beside(participant, side).is_some() {
                        let missing = match side {
                            Side::Above => whole.start..rows.start,
                            Side::Below => rows.end..whole.end,
                        };
                        if !neighbours.receive(side, &mut y[place(&missing)]) {
                            return None;
                        }
                    }
                }
            }
            (held, span) = (y, whole);
        }
        Some(held)
    }

    /// The rows of a layer's output that a participant needs next.
    fn next(&self, layer: usize, participant: usize) -> Option<Range<usize>> {
        (layer + 1 < self.kinds.len()).then(|| self.needed(layer + 1, participant))
    }

    fn beside(&self, participant: usize, side: Side) -> Option<usize> {
        match side {
            Side::Above => participant.checked_sub(1),
            Side::Below => Some(participant + 1).filter(|&other| other < self.participants),
        }
    }
}

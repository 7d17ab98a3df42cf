//! A network shared out by rows: each participant computes the same part of every map, and gets the few rows beside it from its
//! neighbours. So maps stay where they are computed.

use std::ops::Range;

use crate::model::ops::cpu::kernels::{Kind, Network, Size};

/// A neighbour of a participant: those of the rows above its own, or below them.
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

/// Carries rows between neighbours. Both send each other one message a layer, in this order: send, then receive. So two places for a
/// message each way are enough: who was answered knows that its message before was taken.
pub trait Neighbours {
    /// Hands rows over, at once.
    fn send(&self, to: Side, values: &[f32]);

    /// Waits for as many numbers; false where they will not come.
    fn receive(&self, from: Side, out: &mut [f32]) -> bool;
}

/// Who computes which rows.
#[derive(Debug, Clone)]
pub struct Plan {
    pub kinds: Vec<Kind>,
    /// The size of every map, from the first layer's input to the last one's output.
    sizes: Vec<Size>,
    /// How many compute: the lead and its members.
    pub participants: usize,
}

impl Plan {
    /// A plan for so many participants.
    pub fn new(kinds: Vec<Kind>, size: Size, participants: usize) -> Self {
        let mut sizes = vec![size];
        sizes.extend(kinds.iter().scan(size, |size, kind| {
            *size = kind.output_size(*size);
            Some(*size)
        }));
        Self { kinds, sizes, participants }
    }

    /// Whether all have rows of every map, need only their neighbours' besides, and no message has more numbers than `room`.
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

    /// How many multiplications all of it is.
    pub fn work(&self) -> usize {
        self.kinds.iter().zip(&self.sizes).map(|(kind, size)| kind.work(*size)).sum()
    }

    /// A participant's rows of a map.
    fn rows(&self, map: usize, participant: usize) -> Range<usize> {
        let place = |index: usize| index * self.sizes[map][0] / self.participants;
        place(participant)..place(participant + 1)
    }

    /// The rows of a layer's input that a participant's rows of its output depend on.
    fn needed(&self, layer: usize, participant: usize) -> Range<usize> {
        let rows = self.rows(layer + 1, participant);
        self.kinds[layer].receptive(self.sizes[layer], &rows)
    }

    /// Where what a participant is given lies in the first layer's input.
    pub fn given(&self, participant: usize) -> Range<usize> {
        let row = self.kinds[0].input_row(self.sizes[0]);
        let Range { start, end } = self.needed(0, participant);
        start * row..end * row
    }

    /// Where what a participant yields lies in the last layer's output.
    pub fn yielded(&self, participant: usize) -> Range<usize> {
        let last = self.kinds.len() - 1;
        let row = self.kinds[last].output_row(self.sizes[last]);
        let Range { start, end } = self.rows(last + 1, participant);
        start * row..end * row
    }

    /// A participant's part of the work: from what it is [given](Self::given) to what it [yields](Self::yielded).
    /// `None` where a neighbour's rows do not come.
    pub fn run(
        &self,
        participant: usize,
        network: &Network,
        given: &[f32],
        neighbours: &dyn Neighbours,
    ) -> Option<Vec<f32>> {
        let mut held = given.to_vec();
        // The rows that `held` has.
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

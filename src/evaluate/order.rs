//! One sort for everything that is not plain numbers: each kind of element that the standard library sorts takes eight
//! kilobytes of the page's module, which must stay small.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The numbers from 0 up to `count`, in the order that `compare` gives; equal ones stay as they were.
#[inline(never)]
pub fn ordered(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&one, &two| compare(one, two));
    order
}

/// A set, without the sort that collecting one would take.
pub fn set_of<T: Ord>(items: impl Iterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(items);
    set
}

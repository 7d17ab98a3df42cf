//! The only sort for everything but plain numbers. For each type of elements that is sorted by the standard library,
//! the page's module, which must stay small, grows by eight kilobytes.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The numbers from 0 to `count - 1` in the order that `compare` gives; equal ones keep their order.
#[inline(never)]
pub fn ordered(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&one, &two| compare(one, two));
    order
}

/// A set. Collecting into one would use the standard library's sort.
pub fn set_of<T: Ord>(items: impl Iterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(items);
    set
}

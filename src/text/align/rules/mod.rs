//! What a text says about its findings: which are denied, uncertain or past, and where each is.

mod events;
mod found;
mod places;
mod scopes;

use super::lexicon::LEXICON;
use super::tokens::Token;
use events::events;
use found::Found;
use places::Placing;
use scopes::Walk;

/// All findings of a text, in order.
pub fn find(tokens: &[Token]) -> Vec<Found> {
    let events = events(tokens);
    let mut found = Walk::new(tokens).run(&events);
    found.sort_by_key(|found| (found.start, found.end));
    Placing::new(tokens, &events).run(&mut found);
    found.retain(|found| !found.others);
    for found in &mut found {
        found.uncertain |= found.alternative && !found.negated;
    }
    let plain = |found: &&Found| {
        let lasting = LEXICON.groups[found.group].lasting;
        found.location.is_some() && !found.uncertain && !found.historical && !lasting
    };
    let report = found.iter().filter(plain).filter_map(|found| found.asked).min();
    for found in &mut found {
        found.historical |= found.asked.is_some_and(|at| report.is_none_or(|from| at < from));
    }
    found
}

//! What was found about a pool, in words.

use super::measured;
use super::names::Names;
use crate::diagnosis::rules::Finding;

/// What `finding` rests on, a sentence for each number, for an operator: names are not hidden.
pub fn found_in_words(finding: &Finding) -> Vec<String> {
    let names = Names::all();
    let facts = finding.facts.iter();
    facts.map(|fact| measured::fact(fact, &names)).collect()
}

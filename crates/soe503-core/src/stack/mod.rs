//! Whether layers fit together: their order, and settings that make each other pointless.
//!
//! Each layer works by itself, and nearly every mistake with them is made between two: a retry inside the
//! circuit breaker, an attempt that may take as long as its request, a line in which requests wait beyond their
//! deadline. None of these fails when it is built. It fails in an outage, as something that should have helped and
//! did not. So a stack is described as a list of [`Part`]s, outermost first, and [`check`]ed before it serves.
//!
//! What is wrong is told all at once, as [`Problem`]s that name the setting, what was expected, why, and a choice
//! that is right.
//!
//! **Failure mode: fail closed.** What cannot do what it is there for is refused. What is merely unusual is not.
//!
//! ```
//! use soe503_core::breaker::BreakerConfig;
//! use soe503_core::retry::{BudgetConfig, RetryPolicy};
//! use soe503_core::stack::{Part, check};
//!
//! let circuit = Part::CircuitBreaker { name: "shop".into(), config: BreakerConfig::default() };
//! let retry = Part::retry(RetryPolicy::default(), Some(("shop".into(), BudgetConfig::default())));
//! assert!(check(&[Part::Explain, retry.clone(), circuit.clone()]).is_ok());
//!
//! let error = check(&[Part::Explain, circuit, retry]).unwrap_err();
//! assert!(error.to_string().contains("retry stands inside of circuit_breaker"));
//! ```

mod order;
mod part;
mod problem;
mod rules;

pub use part::{Kind, Part};
pub use problem::{Problem, StackError};

/// Whether `parts`, outermost first, fit together.
///
/// # Errors
/// [`StackError`] with everything that is wrong with them.
pub fn check(parts: &[Part]) -> Result<(), StackError> {
    let mut problems = Vec::new();
    order::check(parts, &mut problems);
    rules::check(parts, &mut problems);
    StackError::of(problems)
}

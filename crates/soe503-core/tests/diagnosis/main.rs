//! Facts in, causes out: the rules of diagnosis as tables.

mod circuit_view;
mod components;
mod diagnose;
mod forks;
mod history;
mod mechanical;
mod nested;
mod network;
mod outcome;
mod precedence;
mod refusals;
mod rules;
mod scope;
mod support;
mod wire;

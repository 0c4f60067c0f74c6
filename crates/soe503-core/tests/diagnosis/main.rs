//! Facts in, causes out: the rules of diagnosis as tables.

mod components;
mod diagnose;
mod mechanical;
mod nested;
mod network;
mod outcome;
mod refusals;
mod rules;
mod support;
mod wire;

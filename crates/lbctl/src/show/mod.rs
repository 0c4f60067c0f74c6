//! How things are shown: the terminal, colours, tables, numbers, words.

mod canvas;
mod flow;
mod grid;
#[cfg(test)]
pub(crate) mod sample;
mod section;
pub(crate) mod style;
mod text;
mod units;

pub(crate) use canvas::{Canvas, Mark, print, print_exactly};
pub(crate) use flow::{Fact, flow};
pub(crate) use grid::{Cell, Column, Grid, Row};
pub(crate) use section::section;
pub(crate) use text::{Line, clean, quoted, wrap};
pub(crate) use units::{age, count, millis, plural, waiting};

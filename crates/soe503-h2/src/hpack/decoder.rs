//! From header blocks to fields.

use std::ops::Range;

use bytes::Bytes;

use super::field::{Entry, Field, Name};
use super::table::Table;
use super::{huffman, integer};

/// The block cannot be understood, and the tables differ from now on: a connection error of type
/// COMPRESSION_ERROR (RFC 9113 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Compression;

/// Who is handed the fields.
pub(crate) trait Sink {
    /// So many fields follow, or at least so many.
    fn begin(&mut self, fields: usize);
    /// The next field has this size (RFC 9113 §6.5.2: both lengths, and 32). `false`: it is not
    /// wanted, and costs nothing more.
    fn admit(&mut self, size: u32) -> bool;
    /// The field.
    fn field(&mut self, field: Field);
    /// The field, which stands in a table.
    fn known(&mut self, field: &Field);
}

/// A connection's decoder.
#[derive(Debug)]
pub(crate) struct Decoder {
    table: Table,
    /// The largest table that the peer may choose.
    allowed: u32,
    /// Kept for the next block.
    steps: Vec<Step>,
}

/// A representation, taken apart (RFC 7541 §6). Its strings stand in the block's buffer, one after
/// the other.
#[derive(Clone, Copy, Debug)]
struct Step {
    form: Form,
    /// Of the field, or of its name; 0: the name is a string.
    index: u32,
    name_end: u32,
    value_end: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Indexed,
    Incremental,
    Literal,
    Never,
}

/// The table that both sides begin with (RFC 9113 §6.5.2).
const INITIAL: u32 = 4096;
/// The most representations that are taken apart before their fields are made.
const RUN: usize = 64;
/// What stays allocated for the next block.
const KEPT: usize = 32;
/// An entry may keep a buffer of this size, in bytes, alive; in a larger one it must be a good part.
const SHARED: usize = 1024;

impl Decoder {
    /// `allowed`: what SETTINGS_HEADER_TABLE_SIZE tells the peer, in bytes. Less than 4,096 is no
    /// limit, for the peer may not know of it yet.
    pub(crate) const fn new(allowed: u32) -> Self {
        Self {
            table: Table::new(INITIAL),
            allowed: if allowed > INITIAL { allowed } else { INITIAL },
            steps: Vec::new(),
        }
    }

    /// Reads a complete block.
    pub(crate) fn decode<S: Sink>(
        &mut self,
        mut block: &[u8],
        sink: &mut S,
    ) -> Result<(), Compression> {
        self.updates(&mut block)?;
        let mut steps = std::mem::take(&mut self.steps);
        while !block.is_empty() {
            steps.clear();
            let text = read(&mut block, &mut steps)?;
            sink.begin(steps.len());
            let mut at = 0;
            for step in &steps {
                let name = at..step.name_end as usize;
                at = step.value_end as usize;
                self.step(*step, name, &text, sink)?;
            }
        }
        if steps.capacity() <= KEPT {
            self.steps = steps;
        }
        Ok(())
    }

    /// Changes of the table's size, which only a block's beginning may have (RFC 7541 §4.2).
    fn updates(&mut self, block: &mut &[u8]) -> Result<(), Compression> {
        while let Some(0x20..0x40) = block.first() {
            let size = integer::read(block, 5).ok_or(Compression)?;
            if size > self.allowed {
                return Err(Compression);
            }
            self.table.resize(size);
        }
        Ok(())
    }

    /// Makes a representation's field.
    #[inline]
    fn step<S: Sink>(
        &mut self,
        step: Step,
        name: Range<usize>,
        text: &Bytes,
        sink: &mut S,
    ) -> Result<(), Compression> {
        let known = match step.index {
            0 => None,
            index => Some(self.table.get(index).ok_or(Compression)?),
        };
        if let Some(known) = known
            && step.form == Form::Indexed
        {
            if sink.admit(known.size) {
                sink.known(&known.field);
            }
            return Ok(());
        }
        let value = name.end..step.value_end as usize;
        let name_len = known.map_or_else(|| name.len() as u32, |known| known.name_len);
        let size = name_len + value.len() as u32 + 32;
        let wanted = sink.admit(size);
        if !wanted && step.form != Form::Incremental {
            return Ok(());
        }
        let name = match known {
            Some(known) => known.field.name(),
            None => Name::parse(&text[name]),
        };
        if step.form != Form::Incremental {
            sink.field(Field::new(
                name,
                text.slice(value),
                step.form == Form::Never,
            ));
            return Ok(());
        }
        let field = Field::new(name, keep(text, value), false);
        if wanted {
            sink.known(&field);
        }
        self.table.insert(Entry {
            field,
            name_len,
            size,
        });
        Ok(())
    }
}

/// A value that an entry holds, perhaps for long: it must not keep a large buffer alive.
fn keep(text: &Bytes, value: Range<usize>) -> Bytes {
    if text.len() > SHARED && text.len() > 4 * value.len() {
        Bytes::copy_from_slice(&text[value])
    } else {
        text.slice(value)
    }
}

/// Takes up to [`RUN`] representations apart; their strings are what is returned.
fn read(block: &mut &[u8], steps: &mut Vec<Step>) -> Result<Bytes, Compression> {
    let mut text = Vec::new();
    while steps.len() < RUN
        && let Some((&first, rest)) = block.split_first()
    {
        let (form, bits) = match first {
            // Most fields are one byte.
            0x81..0xff => {
                *block = rest;
                let end = text.len() as u32;
                steps.push(Step {
                    form: Form::Indexed,
                    index: u32::from(first & 0x7f),
                    name_end: end,
                    value_end: end,
                });
                continue;
            }
            0x80.. => (Form::Indexed, 7),
            0x40.. => (Form::Incremental, 6),
            0x20.. => return Err(Compression),
            0x10.. => (Form::Never, 4),
            _ => (Form::Literal, 4),
        };
        let index = integer::read(block, bits).ok_or(Compression)?;
        let mut name_end = text.len() as u32;
        if form == Form::Indexed {
            if index == 0 {
                return Err(Compression);
            }
        } else {
            if index == 0 {
                string(block, &mut text)?;
                name_end = text.len() as u32;
            }
            string(block, &mut text)?;
        }
        steps.push(Step {
            form,
            index,
            name_end,
            value_end: text.len() as u32,
        });
    }
    Ok(Bytes::from(text))
}

/// Appends a string literal to `text` (RFC 7541 §5.2).
#[inline]
fn string(block: &mut &[u8], text: &mut Vec<u8>) -> Result<(), Compression> {
    let coded = block.first().is_some_and(|&first| first >= 0x80);
    let len = integer::read(block, 7).ok_or(Compression)? as usize;
    let (string, rest) = block.split_at_checked(len).ok_or(Compression)?;
    if text.capacity() == 0 {
        // Mostly enough, for what is coded as well. It is never exact: a vector without room to spare
        // would become shared at the first slice only, which makes each slice ask.
        text.reserve(SHARED.min(block.len() + block.len() / 2) + 1);
    }
    *block = rest;
    if coded {
        huffman::decode(string, text).ok_or(Compression)
    } else {
        text.extend_from_slice(string);
        Ok(())
    }
}

#[cfg(test)]
#[path = "examples_tests.rs"]
mod examples;
#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;

//! The chunked coding (RFC 9112 §7.1), strictly: lines end in CRLF and nothing else.

use bytes::{Buf, Bytes};

use super::trailer::Trailer;
use super::{Step, take};
use crate::fault::BodyFault;

/// Bytes of the extensions of one chunk.
const CHUNK_EXTENSION: u32 = 4 * 1024;
/// Bytes of all extensions of a body.
const EXTENSIONS: u32 = 16 * 1024;
/// Digits of a chunk's size: as many as a `u64` has.
const SIZE_DIGITS: u8 = 16;

/// Where in the framing the next byte stands, and what is known of it.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    place: Place,
    /// The size being read; then the bytes of the chunk that are to come.
    size: u64,
    digits: u8,
    /// Bytes of this chunk's extensions.
    extension: u32,
    /// Bytes of all extensions.
    extensions: u32,
}

#[derive(Debug, Default)]
enum Place {
    #[default]
    Size,
    /// White space behind the size, which only an extension may follow.
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// The first byte behind the last chunk's line.
    LastCr,
    LastLf,
    Trailer(Trailer),
}

impl Chunked {
    /// The next step; `input` is not empty.
    pub(super) fn decode(&mut self, input: &mut Bytes) -> Result<Step, BodyFault> {
        loop {
            if let Place::Data = self.place {
                if input.is_empty() {
                    return Ok(Step::More);
                }
                let data = take(input, &mut self.size);
                if self.size == 0 {
                    self.place = Place::DataCr;
                }
                return Ok(Step::Data(data));
            }
            if let Place::Trailer(trailer) = &mut self.place {
                return trailer.decode(input);
            }
            let mut used = 0;
            let mut end = false;
            for &byte in input.iter() {
                if matches!(self.place, Place::Data | Place::Trailer(_)) {
                    break;
                }
                if matches!(self.place, Place::LastCr) && byte != b'\r' {
                    self.place = Place::Trailer(Trailer::default());
                    break;
                }
                used += 1;
                end = matches!(self.place, Place::LastLf);
                self.frame(byte)?;
                if end {
                    break;
                }
            }
            input.advance(used);
            if end {
                return Ok(Step::End);
            }
            if input.is_empty() {
                return Ok(Step::More);
            }
        }
    }

    /// One byte of framing.
    fn frame(&mut self, byte: u8) -> Result<(), BodyFault> {
        self.place = match (&self.place, byte) {
            (Place::Size, _) => return self.size(byte),
            (Place::Space | Place::Extension, b'\r') => {
                if matches!(self.place, Place::Space) {
                    return Err(BodyFault::ChunkSize);
                }
                Place::SizeLf
            }
            (Place::Space, b' ' | b'\t') => {
                self.count()?;
                Place::Space
            }
            (Place::Space, b';') => Place::Extension,
            (Place::Space, _) => return Err(BodyFault::ChunkSize),
            (Place::Extension, b'\t' | b' '..=0x7e | 0x80..) => {
                self.count()?;
                Place::Extension
            }
            (Place::Extension, _) => return Err(BodyFault::ChunkExtension),
            (Place::SizeLf, b'\n') if self.size == 0 => Place::LastCr,
            (Place::SizeLf, b'\n') => Place::Data,
            (Place::SizeLf, _) => return Err(BodyFault::ChunkSize),
            (Place::DataCr, b'\r') => Place::DataLf,
            (Place::DataLf, b'\n') => {
                self.digits = 0;
                self.extension = 0;
                Place::Size
            }
            (Place::DataCr | Place::DataLf, _) => return Err(BodyFault::ChunkEnd),
            (Place::LastCr, b'\r') => Place::LastLf,
            (Place::LastLf, b'\n') => Place::LastLf,
            _ => return Err(BodyFault::Trailer),
        };
        Ok(())
    }

    /// One byte of the size, or what ends it.
    fn size(&mut self, byte: u8) -> Result<(), BodyFault> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ if self.digits == 0 => return Err(BodyFault::ChunkSize),
            b'\r' => {
                self.place = Place::SizeLf;
                return Ok(());
            }
            b';' => {
                self.place = Place::Extension;
                return Ok(());
            }
            b' ' | b'\t' => {
                self.place = Place::Space;
                return self.count();
            }
            _ => return Err(BodyFault::ChunkSize),
        };
        if self.digits == SIZE_DIGITS {
            return Err(BodyFault::ChunkSize);
        }
        self.digits += 1;
        self.size = self.size << 4 | u64::from(digit);
        Ok(())
    }

    /// One more byte of an extension.
    fn count(&mut self) -> Result<(), BodyFault> {
        self.extension += 1;
        self.extensions += 1;
        if self.extension > CHUNK_EXTENSION || self.extensions > EXTENSIONS {
            return Err(BodyFault::ChunkExtension);
        }
        Ok(())
    }
}

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

/// The value of each hexadecimal digit; above 15 for what is none.
static HEX: [u8; 256] = {
    let mut hex = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        hex[b"0123456789abcdef"[digit] as usize] = digit as u8;
        hex[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    hex
};

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
    End,
}

impl Chunked {
    /// The next step; `input` is not empty.
    pub(super) fn decode(&mut self, input: &mut Bytes) -> Result<Step, BodyFault> {
        loop {
            match &mut self.place {
                Place::Data if input.is_empty() => return Ok(Step::More),
                Place::Data => {
                    let data = take(input, &mut self.size);
                    if self.size == 0 {
                        self.place = Place::DataCr;
                    }
                    return Ok(Step::Data(data));
                }
                Place::Trailer(trailer) => return trailer.decode(input),
                Place::End => return Ok(Step::End),
                _ => {
                    let used = match self.whole_lines(input) {
                        0 => self.bytes(input)?,
                        used => used,
                    };
                    input.advance(used);
                    if input.is_empty() && !matches!(self.place, Place::End) {
                        return Ok(Step::More);
                    }
                }
            }
        }
    }

    /// The usual case, a plain line that is there as a whole: how many bytes it has, with the CRLF of the
    /// chunk before it. 0: it is another case, or wrong.
    fn whole_lines(&mut self, input: &[u8]) -> usize {
        let line = match self.place {
            Place::Size if self.digits == 0 => input,
            Place::DataCr => match input {
                [b'\r', b'\n', line @ ..] => line,
                _ => return 0,
            },
            _ => return 0,
        };
        let mut size = 0;
        for (at, &byte) in line.iter().take(usize::from(SIZE_DIGITS)).enumerate() {
            let digit = HEX[usize::from(byte)];
            if digit > 15 {
                if at == 0 || !line[at..].starts_with(b"\r\n") {
                    return 0;
                }
                self.begin(size);
                return input.len() - line.len() + at + 2;
            }
            size = size << 4 | u64::from(digit);
        }
        0
    }

    /// Bytes of framing one by one, up to data, a trailer section or the end: how many.
    fn bytes(&mut self, input: &[u8]) -> Result<usize, BodyFault> {
        for (used, &byte) in input.iter().enumerate() {
            match self.place {
                Place::Data | Place::Trailer(_) | Place::End => return Ok(used),
                Place::LastCr if byte != b'\r' => {
                    self.place = Place::Trailer(Trailer::default());
                    return Ok(used);
                }
                _ => self.frame(byte)?,
            }
        }
        Ok(input.len())
    }

    /// A chunk's line ended.
    fn begin(&mut self, size: u64) {
        self.size = size;
        self.digits = 0;
        self.extension = 0;
        self.place = if size == 0 {
            Place::LastCr
        } else {
            Place::Data
        };
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
            (Place::Space, b';') => {
                self.count()?;
                Place::Extension
            }
            (Place::Space, _) => return Err(BodyFault::ChunkSize),
            (Place::Extension, b'\t' | b' '..=0x7e | 0x80..) => {
                self.count()?;
                Place::Extension
            }
            (Place::Extension, _) => return Err(BodyFault::ChunkExtension),
            (Place::SizeLf, b'\n') => {
                self.begin(self.size);
                return Ok(());
            }
            (Place::SizeLf, _) if self.extension > 0 => return Err(BodyFault::ChunkExtension),
            (Place::SizeLf, _) => return Err(BodyFault::ChunkSize),
            (Place::DataCr, b'\r') => Place::DataLf,
            (Place::DataLf, b'\n') => Place::Size,
            (Place::DataCr | Place::DataLf, _) => return Err(BodyFault::ChunkEnd),
            (Place::LastCr, b'\r') => Place::LastLf,
            (Place::LastLf, b'\n') => Place::End,
            _ => return Err(BodyFault::Trailer),
        };
        Ok(())
    }

    /// One byte of the size, or what ends it.
    fn size(&mut self, byte: u8) -> Result<(), BodyFault> {
        let digit = HEX[usize::from(byte)];
        if digit <= 15 {
            if self.digits == SIZE_DIGITS {
                return Err(BodyFault::ChunkSize);
            }
            self.size = if self.digits == 0 { 0 } else { self.size << 4 } | u64::from(digit);
            self.digits += 1;
            return Ok(());
        }
        self.place = match byte {
            _ if self.digits == 0 => return Err(BodyFault::ChunkSize),
            b'\r' => Place::SizeLf,
            b';' => {
                self.count()?;
                Place::Extension
            }
            b' ' | b'\t' => {
                self.count()?;
                Place::Space
            }
            _ => return Err(BodyFault::ChunkSize),
        };
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

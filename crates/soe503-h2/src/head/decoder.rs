//! From header blocks to heads.

use http::HeaderMap;

use super::request::Request;
use super::response::Response;
use super::trailers::Trailers;
use super::types::{HeadFault, RequestHead, ResponseHead};
use crate::hpack::{Compression, Decoder, Field, Sink};

/// A connection's decoder. All its blocks must go through it, in their order.
///
/// The outer error of its methods ends the connection; with the inner one the block has been decoded, and
/// is no message.
#[derive(Debug)]
pub(crate) struct HeadDecoder {
    decoder: Decoder,
    most: u32,
    /// RFC 8441 has been agreed on.
    pub(super) extended: bool,
}

/// A block's outcome.
pub(crate) type Decoded<T> = Result<Result<T, HeadFault>, Compression>;

impl HeadDecoder {
    /// `table`: the SETTINGS_HEADER_TABLE_SIZE, `max_list`: the SETTINGS_MAX_HEADER_LIST_SIZE that the peer
    /// was told, in bytes.
    pub(crate) const fn new(table: u32, max_list: u32) -> Self {
        Self {
            decoder: Decoder::new(table),
            most: max_list,
            extended: false,
        }
    }

    /// A request's head.
    pub(crate) fn request(&mut self, block: &[u8]) -> Decoded<RequestHead> {
        let mut request = Request::new(self.most);
        self.decoder.decode(block, &mut request)?;
        Ok(request.end(self.extended))
    }

    /// A response's head, an interim one's too.
    pub(crate) fn response(&mut self, block: &[u8]) -> Decoded<ResponseHead> {
        let mut response = Response::new(self.most);
        self.decoder.decode(block, &mut response)?;
        Ok(response.end())
    }

    /// A trailer section, without what does not belong there.
    pub(crate) fn trailers(&mut self, block: &[u8]) -> Decoded<HeaderMap> {
        let mut trailers = Trailers::new(self.most);
        self.decoder.decode(block, &mut trailers)?;
        Ok(trailers.end())
    }

    /// Decodes for the table's sake alone.
    pub(crate) fn skip(&mut self, block: &[u8]) -> Result<(), Compression> {
        self.decoder.decode(block, &mut Nobody)
    }
}

/// Who wants no field.
struct Nobody;

impl Sink for Nobody {
    fn begin(&mut self, _: usize) {}

    fn admit(&mut self, _: u32) -> bool {
        false
    }

    fn field(&mut self, _: Field) {}

    fn known(&mut self, _: &Field) {}
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
pub(super) mod tests;

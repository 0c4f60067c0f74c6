//! A page is made of pieces: markup that stays, and parts that are replaced while somebody looks.

use super::board::Part;
use super::html::Html;

/// The pieces of a page, in their order.
#[derive(Debug, Default)]
pub(super) struct Pieces(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Fixed(Html),
    Live(Part),
}

// === impl Pieces ===

impl Pieces {
    /// What stays as it is until the page is loaded again.
    pub(super) fn fixed(&mut self, html: Html) {
        self.0.push(Piece::Fixed(html));
    }

    /// The element called `id`; any change of it is shown at once.
    pub(super) fn live(&mut self, id: &str, html: Html) {
        self.part(id.to_owned(), html, None);
    }

    /// The row called `id`; a change of `state` is shown at once, others in turn.
    pub(super) fn row(&mut self, id: String, html: Html, state: u64) {
        self.part(id, html, Some(state));
    }

    fn part(&mut self, id: String, html: Html, state: Option<u64>) {
        let html = html.into_string();
        self.0.push(Piece::Live(Part { id, html, state }));
    }

    /// All of it as a document.
    pub(super) fn document(&self) -> String {
        let texts = self.0.iter().map(|piece| match piece {
            Piece::Fixed(html) => html.as_str(),
            Piece::Live(part) => &part.html,
        });
        texts.collect()
    }

    /// What is replaced.
    pub(super) fn parts(self) -> Vec<Part> {
        let parts = self.0.into_iter().filter_map(|piece| match piece {
            Piece::Fixed(_) => None,
            Piece::Live(part) => Some(part),
        });
        parts.collect()
    }
}

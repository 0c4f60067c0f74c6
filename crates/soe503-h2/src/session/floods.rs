//! Budgets for what costs more to answer or to keep than to send.
//!
//! The session knows no clock, so that nothing is counted per second. Each budget is filled by what is
//! suspicious and emptied by what honest peers do beside it; a peer whose budget is full is told to calm
//! down (ENHANCE_YOUR_CALM, RFC 9113 §10.5).

use crate::code::Code;

/// Streams that were reset before they were answered, or refused: rapid reset (CVE-2023-44487) and "made you reset" (CVE-2025-8671).
const RESETS: u32 = 1_000;
/// What a stream that came to its end pays back: a peer may give up four of five requests for ever.
const FINISHED: u32 = 4;
/// Frames without consequence since the last one that had any.
const IDLE: u32 = 20_000;
/// What an empty DATA frame, or an interim response, counts as such.
pub(super) const EMPTY: u32 = 20;
/// Answers to PING and SETTINGS that the peer does not read.
const ANSWERS: u32 = 10_000;
/// Pieces of bodies that wait to be released ...
const PIECES: u64 = 10_000;
/// ... beyond one for so many bytes of them.
const PIECE: u64 = 512;

/// How full the budgets are.
#[derive(Debug, Default)]
pub(super) struct Floods {
    resets: u32,
    idle: u32,
    answers: u32,
}

const fn within(level: u32, limit: u32) -> Result<(), Code> {
    if level > limit {
        Err(Code::ENHANCE_YOUR_CALM)
    } else {
        Ok(())
    }
}

impl Floods {
    /// A stream was reset before its end, by the peer or because of it.
    pub(super) fn reset(&mut self) -> Result<(), Code> {
        self.resets += 1;
        within(self.resets, RESETS)
    }

    /// A stream came to its end.
    pub(super) fn finished(&mut self) {
        self.resets = self.resets.saturating_sub(FINISHED);
    }

    /// A frame came that leads to nothing.
    pub(super) fn idle(&mut self, cost: u32) -> Result<(), Code> {
        self.idle = self.idle.saturating_add(cost);
        within(self.idle, IDLE)
    }

    /// Something came or went that belongs to a message.
    pub(super) fn progress(&mut self) {
        self.idle = 0;
    }

    /// A frame came that has to be answered.
    pub(super) fn answer(&mut self) -> Result<(), Code> {
        self.answers += 1;
        within(self.answers, ANSWERS)
    }

    /// All that was queued was sent.
    pub(super) fn drained(&mut self) {
        self.answers = 0;
    }

    /// So many pieces wait, of so many bytes together: the window bounds bytes, not what a piece costs beside.
    pub(super) fn pieces(pieces: u64, bytes: u64) -> Result<(), Code> {
        if pieces > PIECES + bytes / PIECE {
            return Err(Code::ENHANCE_YOUR_CALM);
        }
        Ok(())
    }
}

//! Where sockets cannot be handed over: everywhere but on Linux.

use std::io;
use std::path::Path;

use super::sockets::{Inherited, Offered};

/// Where a successor would ask.
#[derive(Debug)]
pub(crate) enum Entrance {}

/// The taking over of sockets.
#[derive(Debug)]
pub(crate) enum Takeover {}

impl Entrance {
    pub(crate) fn prepare(_path: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn open(&mut self, _alone: bool, _offer: Vec<Offered>) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn replaced(&self) -> impl Future<Output = u32> + use<> {
        std::future::pending()
    }

    pub(crate) fn close(self) -> bool {
        match self {}
    }
}

impl Takeover {
    pub(crate) fn ask(_path: &Path) -> Result<(Self, Inherited), String> {
        Err("upgrades are there on Linux only".into())
    }

    pub(crate) fn wait(
        &mut self,
        _ready: impl FnMut() -> Result<(), String>,
    ) -> Result<(), String> {
        match *self {}
    }

    pub(crate) fn ready(&mut self, _unused: Vec<usize>) -> Result<(), String> {
        match *self {}
    }

    pub(crate) fn serving(self) {
        match self {}
    }

    pub(crate) fn failed(&self, _why: &str) {
        match *self {}
    }
}

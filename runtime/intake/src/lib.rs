//! Images in: the protocol of the tile socket, watched folders, mosaics of tiles.
//!
//! **Contract:** state machines that are told what happened and say what to do, codecs, and a thin
//! blocking shell where a module says so. A tile is acknowledged when the caller says that it is
//! durable, and not before; a file is reported when it is complete, and once.
//! **Invariant:** foreign bytes can lead to a refusal, and to nothing else: every length is checked
//! before memory is taken for it.
//! **Never:** this crate knows no database, no network library, no clock and no TIL.

#![forbid(unsafe_code)]

pub mod check;
pub mod client;
pub mod folder;
pub mod frame;
pub mod mosaic;
pub mod session;

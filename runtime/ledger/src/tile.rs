//! Tiles: their bytes lie in the ledger, so that one transaction holds everything.

use rusqlite::{Connection, Row};

use crate::census;
use crate::error::{Fault, ReadError, WriteError};
use crate::handle::Ledger;
use crate::limits::Limits;
use crate::prune;
use crate::slide::{self, SlideId, SlideState};
use crate::sql;

/// A tile to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTile {
    /// Its place, in the sender's units.
    pub x: u32,
    /// Its place, in the sender's units.
    pub y: u32,
    /// Tells it from another tile of the same place.
    pub digest: [u8; 32],
    /// What its sender says of it.
    pub meta: Vec<u8>,
    /// Its pixels, as they came.
    pub bytes: Vec<u8>,
}

/// What became of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is on the disk.
    New {
        /// Its number in the slide, from 1, without a gap.
        sequence: u64,
    },
    /// It was on the disk before.
    Duplicate,
    /// Another tile has its place.
    Contradicts {
        /// The digest of the one that came first and stays.
        digest: [u8; 32],
    },
    /// The slide had ended.
    Late,
}

/// A tile without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileRow {
    /// Its place.
    pub x: u32,
    /// Its place.
    pub y: u32,
    /// Its digest.
    pub digest: [u8; 32],
    /// What its sender said of it.
    pub meta: Vec<u8>,
    /// Its number in the slide, from 1, in the order of arrival.
    pub sequence: u64,
    /// How many bytes it has.
    pub bytes_len: u64,
}

/// A tile with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// What its sender said of it.
    pub meta: Vec<u8>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Ledger {
    /// Stores a tile; returns when it is on the disk.
    pub fn store_tile(
        &self,
        slide: SlideId,
        tile: NewTile,
        now_ms: u64,
    ) -> Result<Stored, WriteError> {
        let limits = self.shared_limits();
        limits.payload("tile", &tile.bytes)?;
        limits.payload("tile meta", &tile.meta)?;
        let bytes = tile.bytes.len() + tile.meta.len();
        self.write("store a tile", bytes, move |connection| {
            store(connection, slide, &tile, &limits, now_ms)
        })
    }

    /// The slide's tiles, in the order of arrival.
    pub fn tiles(&self, slide: SlideId) -> Result<Vec<TileRow>, ReadError> {
        let list = "SELECT x, y, digest, meta, sequence, bytes_len FROM tiles WHERE slide = ? \
                    ORDER BY sequence";
        self.read("list tiles", |connection| sql::all(connection, list, [slide], read))
    }

    /// The bytes of one tile; `None` where it is not there or was pruned.
    pub fn tile_bytes(&self, slide: SlideId, x: u32, y: u32) -> Result<Option<Vec<u8>>, ReadError> {
        let find = "SELECT bytes FROM tiles JOIN tile_bytes ON tile = id \
                    WHERE slide = ? AND x = ? AND y = ?";
        self.read("read a tile", |connection| {
            sql::first(connection, find, (slide, x, y), |row| row.get(0))
        })
    }

    /// What was said of one tile, and its bytes; `None` where it is not there or was pruned.
    pub fn tile(&self, slide: SlideId, x: u32, y: u32) -> Result<Option<Whole>, ReadError> {
        let find = "SELECT meta, bytes FROM tiles JOIN tile_bytes ON tile = id \
                    WHERE slide = ? AND x = ? AND y = ?";
        self.read("read a tile", |connection| {
            sql::first(connection, find, (slide, x, y), |row| {
                Ok(Whole { meta: row.get(0)?, bytes: row.get(1)? })
            })
        })
    }
}

fn store(
    connection: &Connection,
    slide: SlideId,
    tile: &NewTile,
    limits: &Limits,
    now_ms: u64,
) -> Result<Stored, Fault> {
    let state = "SELECT state FROM slides WHERE id = ?";
    let state: SlideState = sql::first(connection, state, [slide], |row| row.get(0))?
        .ok_or_else(|| slide::unknown(slide))?;
    let find = "SELECT digest FROM tiles WHERE slide = ? AND x = ? AND y = ?";
    let digest = sql::first(connection, find, (slide, tile.x, tile.y), |row| row.get(0))?;
    match digest {
        Some(digest) if digest == tile.digest => return Ok(Stored::Duplicate),
        _ if state != SlideState::Open => return Ok(Stored::Late),
        Some(digest) => return Ok(Stored::Contradicts { digest }),
        None => make_room(connection, tile, limits, now_ms)?,
    }
    insert(connection, slide, tile, now_ms)
}

fn insert(
    connection: &Connection,
    slide: SlideId,
    tile: &NewTile,
    now_ms: u64,
) -> Result<Stored, Fault> {
    let number = "UPDATE slides SET tiles = tiles + 1 WHERE id = ? RETURNING tiles";
    let sequence: i64 = connection.query_row(number, [slide], |row| row.get(0))?;
    let insert = "INSERT INTO tiles (slide, x, y, sequence, digest, bytes_len, stored_ms, meta) \
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
    let len = sql::signed(tile.bytes.len() as u64);
    let (digest, at_ms) = (&tile.digest[..], sql::signed(now_ms));
    let row = (slide, tile.x, tile.y, sequence, digest, len, at_ms, &tile.meta);
    let id: i64 = connection.query_row(insert, row, |row| row.get(0))?;
    sql::run(connection, "INSERT INTO tile_bytes VALUES (?, ?)", (id, &tile.bytes))?;
    Ok(Stored::New { sequence: sql::unsigned(sequence) })
}

/// Prunes finished slides until the tile fits, or refuses it.
fn make_room(
    connection: &Connection,
    tile: &NewTile,
    limits: &Limits,
    now_ms: u64,
) -> Result<(), Fault> {
    loop {
        let there = census::count(connection, "tiles")?;
        match there.refuse("tiles", tile.bytes.len() as u64, limits.tiles) {
            Ok(()) => return Ok(()),
            Err(full) if prune::step(connection, now_ms)?.is_none() => return Err(full.into()),
            Err(_) => {}
        }
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<TileRow> {
    Ok(TileRow {
        x: row.get(0)?,
        y: row.get(1)?,
        digest: row.get(2)?,
        meta: row.get(3)?,
        sequence: sql::unsigned(row.get(4)?),
        bytes_len: sql::unsigned(row.get(5)?),
    })
}

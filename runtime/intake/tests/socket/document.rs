//! `docs/tile-protocol.md` says what the code does: its session byte for byte, its refusals one by
//! one, its numbers.

use std::path::Path;

use intake::check::{SLIDE_EDGE_PX_MAX, SLIDE_TILES_MAX, TILE_EDGE_PX_MAX};
use intake::frame::{CONTROL_BYTES_MAX, Code, FRAME_BYTES_MAX, PAGE_TILES};
use intake::session::{Limits, SLIDES_OPEN_MAX, Session};

use crate::server::Connection;
use crate::store::Store;

#[test]
fn the_session_of_the_document_is_the_one_that_the_box_holds() {
    let limits = Limits { credits: 8, tile_bytes_max: 12_582_912 };
    let session = Session::new("margay 0.1.0", limits);
    let mut connection = Connection::with(session, Store::default());
    let (mut said, mut expected) = (Vec::new(), Vec::new());
    for (name, bytes) in dumps() {
        if name.starts_with("client: ") {
            assert_eq!(said, expected, "before {name}");
            said.clear();
            expected.clear();
            assert!(connection.take(&bytes, &mut said), "{name}");
        } else {
            expected.extend(bytes);
        }
    }

    assert!(!expected.is_empty());
    assert_eq!(said, expected);
}

#[test]
fn every_code_of_the_code_is_in_the_document_and_none_other() {
    let text = document();
    let table = text.split("## 6. Refusals").nth(1).unwrap().split("## 7").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    for code in rows.clone() {
        let known: Result<Code, _> = serde_json::from_value(code.into());
        assert!(known.is_ok(), "{code} is no code");
    }

    let later = rows.clone().take_while(|code| {
        serde_json::from_value::<Code>((*code).into()).unwrap().may_pass_later()
    });

    assert_eq!((rows.clone().count(), later.count()), (CODES, 3));
}

#[test]
fn the_numbers_of_the_document_are_those_of_the_code() {
    let text = document();
    for number in [FRAME_BYTES_MAX, CONTROL_BYTES_MAX, SLIDE_EDGE_PX_MAX as usize, SLIDE_TILES_MAX]
    {
        assert!(text.contains(&grouped(number)), "{number}");
    }
    for sentence in [
        format!("columns, 1 to {TILE_EDGE_PX_MAX}"),
        format!("at most {PAGE_TILES};"),
        format!("may have {SLIDES_OPEN_MAX} slides open"),
    ] {
        assert!(text.contains(&sentence), "{sentence}");
    }
}

/// Variants of [`Code`]; each has its row.
const CODES: usize = Code::Failed as usize + 1;

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tile-protocol.md");
    std::fs::read_to_string(path).unwrap()
}

/// Who says what, and the bytes of the dump that follows.
fn dumps() -> Vec<(String, Vec<u8>)> {
    let text = document();
    let mut blocks: Vec<&str> = text.split("```hex\n").collect();
    let first = blocks.remove(0);
    let mut name = first.trim().lines().last().unwrap();
    let mut dumps = Vec::new();
    for block in blocks {
        let (dump, rest) = block.split_once("```").unwrap();
        let hex = |line: &str| -> Vec<u8> {
            let digits = line[6..53].split_whitespace();
            digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
        };
        dumps.push((name.to_owned(), dump.lines().flat_map(hex).collect()));
        name = rest.trim().lines().last().unwrap_or_default();
    }
    dumps
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

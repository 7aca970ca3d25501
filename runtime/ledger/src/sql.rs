//! The few ways in which a statement is run, and how numbers lie in SQLite's signed 64 bits.

use rusqlite::{Connection, OptionalExtension, Params, Row};

/// Runs a statement; gives the rows that it changed.
pub(crate) fn run(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<usize> {
    connection.prepare(sql)?.execute(params)
}

/// The first row, where there is one.
pub(crate) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    connection.prepare(sql)?.query_row(params, read).optional()
}

/// All rows; the statement bounds them.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(sql)?.query_map(params, read)?.collect()
}

/// A count, a time or an id; beyond 2⁶³ it is taken for the largest.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count as it lies in the file; below zero only in a damaged one.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A key of all 64 bits, so that the order of keys is the order of rows.
pub(crate) fn key_in(key: u64) -> i64 {
    (key ^ (1 << 63)).cast_signed()
}

/// The key that lies in the file as `key`.
pub(crate) fn key_out(key: i64) -> u64 {
    key.cast_unsigned() ^ (1 << 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_over_all_64_bits() {
        let keys = [0, 1, u64::from(u32::MAX), (1 << 63) - 1, 1 << 63, u64::MAX];

        assert!(keys.is_sorted_by_key(|key| key_in(*key)));
        assert!(keys.iter().all(|key| key_out(key_in(*key)) == *key));
    }
}

//! Tiles and slides in: the protocol of the tile socket, watched folders, mosaics of tiles.

#![forbid(unsafe_code)]

//! Random numbers that are the same on every machine and in every version.

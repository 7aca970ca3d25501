//! Exit codes of the programs.

/// All was done.
pub const DONE: u8 = 0;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// The configuration, a model package or a plan is wrong; starting again will not help.
pub const CONFIGURATION: u8 = 64;
/// An input was refused; the message says which file and why. The others were done.
pub const INPUT_REFUSED: u8 = 65;
/// An internal fault: ours, to be reported.
pub const INTERNAL: u8 = 70;
/// The device (GPU) was lost; starting again may help.
pub const DEVICE_LOST: u8 = 75;

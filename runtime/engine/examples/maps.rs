//! Writes a package's maps of its first golden tile as raw little-endian f32, in the order np, hv,
//! dist, tp: `maps PACKAGE FILE`. For comparing with other runtimes.

#![expect(clippy::unwrap_used, reason = "a tool for tests")]

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;

use contract::Size;
use engine::{Batch, Network, Threads, package};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, file] = arguments.as_slice() else { panic!("usage: maps PACKAGE FILE") };
    let package = package::load(Path::new(folder)).unwrap();
    let card = package.card().clone();
    let (size, rgb) = decode(package.file(&card.golden[0].image).unwrap());

    let plane = |channel: usize| {
        let (mean, std) = (card.input.mean[channel], card.input.std[channel]);
        rgb.iter().skip(channel).step_by(3).map(move |v| (f32::from(*v) / 255.0 - mean) / std)
    };
    let input: Vec<f32> = (0..3).flat_map(plane).collect();
    let threads = Threads { lanes: NonZeroUsize::MIN, per_lane: NonZeroUsize::MIN };
    let network = Network::on_cpu(&package, threads).unwrap();
    let maps = network.run(Batch::new(&input, 1, size).unwrap()).unwrap();

    let all = [maps.np, maps.hv, maps.dist, maps.tp];
    let bytes: Vec<u8> = all.into_iter().flatten().flatten().flat_map(f32::to_le_bytes).collect();
    std::fs::File::create(file).unwrap().write_all(&bytes).unwrap();
}

fn decode(bytes: &[u8]) -> (Size, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (Size::new(info.width as usize, info.height as usize), rgb)
}

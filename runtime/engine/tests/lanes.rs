//! A network's values do not depend on how it is run, and are those of another runtime.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use contract::Size;
use engine::{Batch, Maps, Network, Threads, package};

const SIZE: Size = Size::new(48, 40);

#[test]
fn the_maps_are_those_of_onnxruntime() {
    let input = pattern(SIZE, 1);
    let golden = golden();
    let pixels = SIZE.pixels();

    let maps = network(1, 1).run(Batch::new(&input, 1, SIZE).unwrap()).unwrap();

    let ours = [maps.np.unwrap(), maps.dist.unwrap(), maps.tp.unwrap()].concat();
    assert_eq!(ours.len(), 5 * pixels);
    assert!(golden.iter().any(|value| *value > 0.9) && golden.iter().any(|value| *value < 0.1));
    // The order of sums differs between runtimes: a few units in the last place of 1.0, through a
    // sigmoid of slope 6.
    for (at, (ours, theirs)) in ours.iter().zip(&golden).enumerate() {
        assert!((ours - theirs).abs() < 2e-5, "value {at}: {ours} and {theirs}");
    }
}

#[test]
fn the_maps_do_not_depend_on_threads_lanes_or_neighbours_in_the_batch() {
    let input = pattern(SIZE, 3);
    let alone: Vec<Maps> = input
        .chunks(3 * SIZE.pixels())
        .map(|image| network(1, 1).run(Batch::new(image, 1, SIZE).unwrap()).unwrap())
        .collect();

    for (lanes, per_lane) in [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)] {
        let network = network(lanes, per_lane);
        let together = network.run(Batch::new(&input, 3, SIZE).unwrap()).unwrap();
        for (index, alone) in alone.iter().enumerate() {
            assert_eq!(together.item(index), alone.item(0), "{lanes} × {per_lane}, image {index}");
        }
    }
}

#[test]
fn many_callers_share_few_lanes() {
    let input = pattern(SIZE, 1);
    let network = network(2, 1);
    let once = network.run(Batch::new(&input, 1, SIZE).unwrap()).unwrap();

    let all: Vec<Maps> = thread::scope(|scope| {
        let callers: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| network.run(Batch::new(&input, 1, SIZE).unwrap()).unwrap()))
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });

    assert!(all.iter().all(|maps| *maps == once));
}

#[test]
fn a_size_that_the_network_cannot_take_is_an_error_that_names_it() {
    let size = Size::new(50, 40);

    let refused = network(1, 1).run(Batch::new(&pattern(size, 1), 1, size).unwrap()).unwrap_err();

    assert!(refused.to_string().contains("50 × 40"), "{refused}");
}

fn network(lanes: usize, per_lane: usize) -> Network {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/darkness");
    let threads = Threads {
        lanes: NonZeroUsize::new(lanes).unwrap(),
        per_lane: NonZeroUsize::new(per_lane).unwrap(),
    };
    Network::on_cpu(&package::load(&dir).unwrap(), threads).unwrap()
}

/// The image of `darkness.py`.
fn pattern(size: Size, count: usize) -> Vec<f32> {
    let mut state = 1_u32;
    (0..count * 3 * size.pixels())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as f32 / 65_536.0 * 4.0 - 2.0
        })
        .collect()
}

fn golden() -> Vec<f32> {
    include_bytes!("data/darkness_by_onnxruntime.f32")
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect()
}

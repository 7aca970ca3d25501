use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[test]
fn where_tiles_overlap_the_first_one_shows_whatever_the_order_of_adding() {
    let first = placed(0, 0, 6, 6, 1);
    let second = placed(3, 3, 6, 6, 2);
    for order in [[first, second], [second, first]] {
        let mosaic = mosaic(order);

        let image = mosaic.read(0, 0, SIZE).unwrap();

        assert_eq!(image.pixel(0, 0), [1; 3]);
        assert_eq!(image.pixel(4, 4), [1; 3]);
        assert_eq!(image.pixel(7, 7), [2; 3]);
        assert_eq!(image.pixel(9, 0), [255; 3]);
    }
}

#[test]
fn a_tile_outside_or_at_a_taken_place_is_not_added() {
    let mosaic = mosaic([placed(0, 0, 6, 6, 1)]);

    for outside in [placed(8, 0, 6, 6, 2), placed(0, 9, 6, 6, 2), placed(0, 0, 0, 6, 2)] {
        assert_eq!(mosaic.add(outside), Err(PlaceError::Outside(outside)));
    }
    for taken in [placed(0, 0, 3, 3, 2), placed(1, 1, 2, 2, 1)] {
        assert_eq!(mosaic.add(taken), Err(PlaceError::Taken(taken)));
    }
    assert_eq!(mosaic.coverage().tiles, 1);
}

#[test]
fn a_tile_that_cannot_be_had_fails_what_touches_it_and_nothing_else() {
    let mosaic = mosaic([placed(0, 0, 2, 2, 1), placed(8, 8, 2, 2, 99)]);

    assert!(mosaic.read(0, 0, Size::new(7, 7)).is_ok());
    let error = mosaic.read(5, 5, Size::new(5, 5)).unwrap_err();
    assert_eq!(error.to_string(), "the tile at (8, 8) cannot be read");
}

#[test]
fn a_region_over_the_edge_is_refused_as_a_file_refuses_it() {
    let error = mosaic([]).read(10, 0, Size::new(3, 1)).unwrap_err();

    assert!(matches!(error, ReadError::Outside { .. }), "{error}");
}

#[test]
fn tiles_are_added_while_others_read() {
    let mosaic = mosaic([]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for x in 0..12 {
                mosaic.add(placed(x, 0, 1, 12, u64::from(x) + 1)).unwrap();
            }
        });
        for _ in 0..50 {
            let image = mosaic.read(0, 0, SIZE).unwrap();
            let is_whole = |x: usize| (0..12).all(|y| image.pixel(x, y) == image.pixel(x, 0));
            assert!((0..12).all(is_whole));
        }
    });

    assert_eq!(mosaic.coverage(), Coverage { tiles: 12, covered_px: 144, missing_px: 0 });
}

#[test]
fn a_mosaic_of_many_bins_finds_each_tile_once() {
    let colours = Arc::new(Colours(RwLock::default()));
    let mpp = Mpp::new(0.25).unwrap();
    let wide = placed(1000, 1000, 3000, 50, 1);
    let small = placed(3990, 1040, 20, 20, 2);
    for tile in [wide, small] {
        colours.0.write().unwrap().insert((tile.x, tile.y), tile);
    }
    let size = Size::new(5000, 5000);
    let mosaic = Mosaic::new(size, mpp, [wide, small], Box::new(colours)).unwrap();

    let image = mosaic.read(900, 900, Size::new(4000, 300)).unwrap();

    assert_eq!(mosaic.coverage().covered_px, 3000 * 50 + 20 * 20 - 10 * 10);
    assert_eq!([image.pixel(3095, 145), image.pixel(3105, 155)], [[1; 3], [2; 3]]);
    assert!(mosaic.covers(1000, 1000, Size::new(3000, 50)));
    assert!(!mosaic.covers(1000, 1000, Size::new(3001, 50)));
}

proptest! {
    #[test]
    fn coverage_is_what_counting_pixels_gives(
        rects in prop::collection::vec((0..12_u32, 0..12_u32, 1..=12_u32, 1..=12_u32), 0..9),
        region in (0..12_usize, 0..12_usize, 0..=12_usize, 0..=12_usize),
    ) {
        let mosaic = mosaic([]);
        let mut owner = BTreeMap::new();
        for (sequence, (x, y, width, height)) in (1..).zip(rects) {
            let tile = placed(x, y, width.min(12 - x), height.min(12 - y), sequence);
            if mosaic.add(tile).is_err() {
                continue;
            }
            let rect = Rect::of(&tile);
            for place in rect.y.flat_map(|y| rect.x.clone().map(move |x| (x, y))) {
                owner.entry(place).or_insert(sequence as u8);
            }
        }

        let (x, y, width, height) = region;
        let (width, height) = (width.min(12 - x), height.min(12 - y));
        let all = (y..y + height).all(|v| (x..x + width).all(|u| owner.contains_key(&(u, v))));

        prop_assert_eq!(mosaic.coverage().covered_px, owner.len() as u64);
        prop_assert_eq!(mosaic.coverage().missing_px, 144 - owner.len() as u64);
        prop_assert_eq!(mosaic.covers(x, y, Size::new(width, height)), all);
        let image = mosaic.read(0, 0, SIZE).unwrap();
        for (v, u) in (0..12).flat_map(|v| (0..12).map(move |u| (v, u))) {
            let expected = owner.get(&(u, v)).map_or([255; 3], |&sequence| [sequence; 3]);
            prop_assert_eq!(image.pixel(u, v), expected);
        }
    }
}

const SIZE: Size = Size::new(12, 12);

/// Each tile has the colour of its sequence; that of 99 is absent.
struct Colours(RwLock<BTreeMap<(u32, u32), Placed>>);

impl TileSource for Arc<Colours> {
    fn bytes(&self, x: u32, y: u32) -> Result<(Encoding, Vec<u8>), TileReadError> {
        let tile = self.0.read().unwrap()[&(x, y)];
        if tile.sequence == 99 {
            return Err(TileReadError::Absent);
        }
        let pixels = (tile.width_px * tile.height_px) as usize;
        Ok((Encoding::RawRgb, vec![tile.sequence as u8; 3 * pixels]))
    }
}

struct Fixture {
    mosaic: Mosaic,
    colours: Arc<Colours>,
}

impl Fixture {
    fn add(&self, tile: Placed) -> Result<(), PlaceError> {
        self.colours.0.write().unwrap().entry((tile.x, tile.y)).or_insert(tile);
        self.mosaic.add(tile)
    }
}

impl std::ops::Deref for Fixture {
    type Target = Mosaic;

    fn deref(&self) -> &Mosaic {
        &self.mosaic
    }
}

fn mosaic<const N: usize>(tiles: [Placed; N]) -> Fixture {
    let colours = Arc::new(Colours(RwLock::default()));
    let mpp = Mpp::new(0.25).unwrap();
    let mosaic = Mosaic::new(SIZE, mpp, [], Box::new(Arc::clone(&colours))).unwrap();
    let fixture = Fixture { mosaic, colours };
    for tile in tiles {
        fixture.add(tile).unwrap();
    }
    fixture
}

fn placed(x: u32, y: u32, width_px: u32, height_px: u32, sequence: u64) -> Placed {
    Placed { x, y, width_px, height_px, sequence }
}

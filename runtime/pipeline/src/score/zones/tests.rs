use super::*;

#[test]
fn clusters_below_the_least_size_are_no_tumour() {
    #[rustfmt::skip]
    let mut mask = [
        1, 1, 0, 0, 1,
        1, 0, 0, 1, 0,
        0, 0, 1, 1, 0,
        1, 0, 0, 0, 1,
    ];

    clear_small_clusters(&mut mask, Size::new(5, 4), 3);

    #[rustfmt::skip]
    assert_eq!(mask, [
        1, 1, 0, 0, 0,
        1, 0, 0, 1, 0,
        0, 0, 1, 1, 0,
        0, 0, 0, 0, 0,
    ]);
}

#[test]
fn a_cluster_with_a_hole_and_arms_is_counted_once() {
    #[rustfmt::skip]
    let spiral = [
        1, 1, 1, 1, 1,
        0, 0, 0, 0, 1,
        1, 1, 1, 0, 1,
        1, 0, 0, 0, 1,
        1, 1, 1, 1, 1,
    ];
    let cells = 17;

    let (mut kept, mut cleared) = (spiral, spiral);
    clear_small_clusters(&mut kept, Size::new(5, 5), cells);
    clear_small_clusters(&mut cleared, Size::new(5, 5), cells + 1);

    assert_eq!(kept, spiral);
    assert_eq!(cleared, [0; 25]);
}

#[test]
fn a_least_size_of_nothing_keeps_every_cluster() {
    let mut mask = [1, 0, 1, 0];

    clear_small_clusters(&mut mask, Size::new(2, 2), 0);

    assert_eq!(mask, [1, 0, 1, 0]);
}

#[test]
fn an_edge_reaches_half_a_cell_further_between_centres() {
    // 50 µm in cells of 2 µm: 25.5 cells, of which the square is 650.25.
    assert_eq!(reaches(&[50], Mpp::new(2.0).unwrap()), [650]);
}

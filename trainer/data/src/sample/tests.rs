use super::*;

fn sample(annotation: Annotation) -> Sample {
    Sample {
        set: "set".into(),
        name: "name".into(),
        group: "group".into(),
        site: None,
        image: Arc::new(RgbImage::new(Size::new(4, 2), (0..24).collect()).unwrap()),
        mpp: Mpp::new(0.25).unwrap(),
        annotation,
        tissue: Some(vec![0, 0, 1, 1, 2, 2, 3, 3]),
    }
}

#[test]
fn the_centre_of_a_nucleus_is_that_of_its_pixels_areas() {
    let ids = vec![0, 7, 7, 0, 0, 7, 7, 3];
    let instances = Instances { ids, classes: BTreeMap::from([(7, 1)]) };

    let nuclei = sample(Annotation::Instances(instances)).nuclei();

    assert_eq!(nuclei, [Dot { x: 3.5, y: 1.5, class: UNKNOWN }, Dot { x: 2.0, y: 1.0, class: 1 }]);
}

#[test]
fn half_the_resolution_averages_pixels_and_keeps_positions() {
    let dots = vec![Dot { x: 3.0, y: 1.0, class: 2 }];

    let half = sample(Annotation::Dots(dots)).resampled(Mpp::new(0.5).unwrap());

    assert_eq!(half.image.size(), Size::new(2, 1));
    // (0 + 3 + 12 + 15) / 4, rounded half up.
    assert_eq!(half.image.pixel(0, 0)[0], 8);
    assert_eq!(half.annotation, Annotation::Dots(vec![Dot { x: 1.5, y: 0.5, class: 2 }]));
    assert_eq!(half.tissue, Some(vec![2, 3]));
    assert_eq!(half.mpp, Mpp::new(0.5).unwrap());
}

#[test]
fn labels_at_their_own_resolution_stay_as_they_are() {
    let instances = Instances { ids: vec![0, 1, 1, 0, 0, 1, 2, 3], classes: BTreeMap::new() };
    let original = sample(Annotation::Instances(instances));

    assert_eq!(original.resampled(original.mpp), original);
}

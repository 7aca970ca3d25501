//! Row by row: the image's own columns by table, the border by index.

use contract::RgbImage;

use super::Frame;
use crate::reflect::reflect;

pub(super) fn fill(table: &[[f32; 256]; 3], image: &RgbImage, frame: Frame, out: &mut [f32]) {
    let Frame { size, left, top } = frame;
    let (red, rest) = out.split_at_mut(size.pixels());
    let (green, blue) = rest.split_at_mut(size.pixels());
    for y in 0..size.height {
        let source_y = reflect(y as isize - top as isize, image.height());
        let row = &image.pixels()[3 * source_y * image.width()..][..3 * image.width()];
        let columns = y * size.width..(y + 1) * size.width;
        let planes = [&mut red[columns.clone()], &mut green[columns.clone()], &mut blue[columns]];
        for (channel, plane) in planes.into_iter().enumerate() {
            fill_row(&table[channel], &row[channel..], left, image.width(), plane);
        }
    }
}

/// One channel of a row; `row` begins with its first value, the next is three bytes on.
fn fill_row(table: &[f32; 256], row: &[u8], left: usize, width: usize, out: &mut [f32]) {
    for (value, &byte) in out[left..left + width].iter_mut().zip(row.iter().step_by(3)) {
        *value = table[usize::from(byte)];
    }
    for x in (0..left).chain(left + width..out.len()) {
        out[x] = out[left + reflect(x as isize - left as isize, width)];
    }
}

//! The progress of a run as a picture: a panel for the whole loss and one for each part of it,
//! training and validation in one, then the learning rate; the stages lie one after the other.

mod canvas;
mod panel;
mod series;

use contract::Size;

use canvas::Canvas;
use panel::{Line, Panel};
use series::{Point, Progress};

const COLUMNS: usize = 2;
/// Ground of the picture.
const PAPER: [u8; 3] = [250, 250, 251];
const TRAINING: [u8; 3] = [38, 84, 160];
const VALIDATION: [u8; 3] = [214, 106, 20];

/// `curves.png` from the text of `progress.csv`.
pub(super) fn png(progress: &str) -> Vec<u8> {
    encode(&draw(progress))
}

fn draw(progress: &str) -> Canvas {
    let progress = Progress::read(progress);
    let panels = panels(&progress);
    let rows = panels.len().div_ceil(COLUMNS);
    let size = Size::new(COLUMNS * panel::SIZE.width, rows * panel::SIZE.height);
    let mut canvas = Canvas::filled(size, PAPER);
    for (at, panel) in panels.iter().enumerate() {
        let (column, row) = (at % COLUMNS, at / COLUMNS);
        panel.draw(&mut canvas, (column * panel::SIZE.width, row * panel::SIZE.height));
    }
    canvas
}

fn panels(progress: &Progress) -> Vec<Panel<'_>> {
    let panel = |title: &str, lines| Panel { title: title.to_owned(), lines, along: progress };
    let both = |training: Vec<Point>, validation: Vec<Point>| {
        vec![
            Line { name: "training", colour: TRAINING, points: training },
            Line { name: "validation", colour: VALIDATION, points: validation },
        ]
    };
    let whole = both(progress.sum("loss_"), progress.sum("validation_"));
    let parts = progress.parts().into_iter().map(|part| {
        let of = |prefix: &str| progress.points(&format!("{prefix}{part}"));
        panel(&format!("loss {part}"), both(of("loss_"), of("validation_")))
    });
    let rate = Line { name: "", colour: TRAINING, points: progress.points("rate") };
    std::iter::once(panel("loss", whole))
        .chain(parts)
        .chain([panel("learning rate", vec![rate])])
        .collect()
}

fn encode(canvas: &Canvas) -> Vec<u8> {
    let size = canvas.size();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.width as u32, size.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(canvas.pixels()).map(|()| writer))
        .and_then(png::Writer::finish);
    written.expect("a picture of a known size goes into memory");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRESS: &str = "stage,step,what,value\n\
        1,50,rate,0.002\n1,50,loss_np,2\n1,50,loss_hv,1\n1,50,validation_np,2.5\n\
        1,50,validation_hv,1.5\n1,100,loss_np,1\n1,100,loss_hv,0.5\n1,100,validation_np,1.5\n\
        1,100,validation_hv,1\n2,50,loss_np,0.5\n2,50,loss_hv,0.25\n2,50,validation_np,1\n\
        2,50,validation_hv,0.75\n";

    fn painted(canvas: &Canvas, colour: [u8; 3]) -> usize {
        canvas.pixels().chunks_exact(3).filter(|pixel| *pixel == colour).count()
    }

    #[test]
    fn every_part_of_the_loss_has_a_panel_and_so_have_their_sum_and_the_rate() {
        let canvas = draw(PROGRESS);

        // loss, np, hv, learning rate: two rows.
        let expected = Size::new(2 * panel::SIZE.width, 2 * panel::SIZE.height);
        assert_eq!(canvas.size(), expected);
        assert!(painted(&canvas, TRAINING) > 500 && painted(&canvas, VALIDATION) > 500);
    }

    #[test]
    fn a_run_that_has_only_begun_is_drawn_without_lines() {
        for text in ["", "stage,step,what,value\n", "stage,step,what,value\n1,50,loss_np,NaN\n1,5"]
        {
            let canvas = draw(text);

            assert!(painted(&canvas, VALIDATION) < 50, "{text}: its name alone");
            assert!(canvas.pixels().iter().any(|value| *value < 128), "{text}: its titles");
        }
    }

    #[test]
    fn the_picture_reads_back_as_it_was_drawn() {
        let bytes = png(PROGRESS);

        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, draw(PROGRESS).pixels());
    }
}

//! `progress.csv` as series of points over the steps of all stages together.

/// A figure at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Steps since the beginning of the run.
    pub(super) step: f64,
    pub(super) value: f64,
}

/// The figures of a run in the order of the file; a line that is not whole is passed over.
#[derive(Debug)]
pub(super) struct Progress {
    figures: Vec<(String, Point)>,
    /// Where each stage but the last has ended.
    pub(super) borders: Vec<f64>,
    /// The last step.
    pub(super) last: f64,
}

impl Progress {
    /// Reads the text of a progress file.
    pub(super) fn read(text: &str) -> Self {
        let mut progress = Self { figures: Vec::new(), borders: Vec::new(), last: 0.0 };
        let mut current = None;
        for (stage, step, what, value) in text.lines().filter_map(fields) {
            if current.is_some_and(|current| current != stage) {
                progress.borders.push(progress.last);
            }
            current = Some(stage);
            let step = progress.borders.last().copied().unwrap_or(0.0) + step;
            progress.last = progress.last.max(step);
            progress.figures.push((what.to_owned(), Point { step, value }));
        }
        progress
    }

    /// The parts of the loss, in the order of the file.
    pub(super) fn parts(&self) -> Vec<&str> {
        let mut parts = Vec::new();
        for part in self.figures.iter().filter_map(|(what, _)| what.strip_prefix("loss_")) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts
    }

    /// The figures of one name.
    pub(super) fn points(&self, name: &str) -> Vec<Point> {
        let of_name = self.figures.iter().filter(|(what, _)| what == name);
        of_name.map(|(_, point)| *point).collect()
    }

    /// The sum of all figures of a step whose name begins with `prefix`.
    pub(super) fn sum(&self, prefix: &str) -> Vec<Point> {
        let mut sums: Vec<Point> = Vec::new();
        for (_, point) in self.figures.iter().filter(|(what, _)| what.starts_with(prefix)) {
            match sums.last_mut() {
                // Steps are whole numbers.
                Some(sum) if (sum.step - point.step).abs() < 0.5 => sum.value += point.value,
                Some(_) | None => sums.push(*point),
            }
        }
        sums
    }
}

/// Stage, step, name and value of a line; values that are no numbers are not drawn.
fn fields(line: &str) -> Option<(u64, f64, &str, f64)> {
    let mut fields = line.split(',');
    let stage = fields.next()?.parse().ok()?;
    let step = f64::from(fields.next()?.parse::<u32>().ok()?);
    let (what, value) = (fields.next()?, fields.next()?.parse::<f64>().ok()?);
    value.is_finite().then_some((stage, step, what, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_lie_one_after_the_other_and_parts_add_up() {
        let progress = Progress::read(
            "stage,step,what,value\n1,10,loss_a,1\n1,10,loss_b,2\n1,20,loss_a,3\n2,10,loss_a,4\n2,1",
        );

        let point = |step, value| Point { step, value };
        assert_eq!(progress.parts(), ["a", "b"]);
        let expected = [point(10.0, 1.0), point(20.0, 3.0), point(30.0, 4.0)];
        assert_eq!(progress.points("loss_a"), expected);
        assert_eq!(progress.sum("loss_")[0], point(10.0, 3.0));
        assert_eq!((progress.borders, progress.last), (vec![20.0], 30.0));
    }
}

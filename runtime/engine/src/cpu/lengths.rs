//! Sees that every length in an ONNX file lies inside what holds it, before `rten` reads the file:
//! it sets memory aside as a length says and reads afterwards, so one altered byte would ask for a
//! terabyte and end the process.
//!
//! Fields by number as in `onnx.proto` (IR version 10); only messages that `rten` 0.27 descends into
//! are descended into here.

/// Messages in messages at most: a graph in an attribute in a graph is six deeper.
const DEPTH_MAX: usize = 64;

/// A kind of message.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Value,
    Type,
    TensorType,
    SequenceType,
    Shape,
    /// Nothing but numbers and texts.
    Leaf,
}

impl Message {
    /// What a field of this message holds, where that is a message.
    fn field(self, number: u64) -> Option<Self> {
        Some(match (self, number) {
            (Self::Model, 7) | (Self::Attribute, 6) => Self::Graph,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph | Self::Attribute, 5) => Self::Tensor,
            (Self::Graph, 11..=13) => Self::Value,
            (Self::Node, 5) => Self::Attribute,
            (Self::Value, 2) | (Self::SequenceType, 1) => Self::Type,
            (Self::Type, 1) => Self::TensorType,
            (Self::Type, 4) => Self::SequenceType,
            (Self::TensorType, 2) => Self::Shape,
            (Self::Model, 8 | 14) | (Self::Tensor, 13) | (Self::Shape, 1) => Self::Leaf,
            _ => return None,
        })
    }
}

/// Checks an ONNX file; the fault names the byte.
pub(super) fn check(onnx: &[u8]) -> Result<(), String> {
    message(Message::Model, onnx, 0, DEPTH_MAX)
}

/// Checks the message in `bytes`, which begins at byte `start` of the file.
fn message(kind: Message, bytes: &[u8], start: usize, depth: usize) -> Result<(), String> {
    let mut at = 0;
    while at < bytes.len() {
        let place = start + at;
        let cut = || format!("it is no sound ONNX file: the field at byte {place} is damaged");
        let key = varint(bytes, &mut at).ok_or_else(cut)?;
        let length = match key & 7 {
            0 => {
                varint(bytes, &mut at).ok_or_else(cut)?;
                continue;
            }
            1 => 8,
            2 => varint(bytes, &mut at).ok_or_else(cut)?,
            5 => 4,
            _ => return Err(cut()),
        };
        let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length));
        let held = end.and_then(|end| bytes.get(at..end)).ok_or_else(cut)?;
        if key & 7 == 2
            && let Some(inner) = kind.field(key >> 3)
        {
            let left = depth.checked_sub(1).ok_or_else(cut)?;
            message(inner, held, start + at, left)?;
        }
        at += held.len();
    }
    Ok(())
}

/// A number of seven bits a byte, the lowest first.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph with one initializer that has these raw data.
    fn model(raw: &[u8]) -> Vec<u8> {
        let field = |number: u8, held: &[u8]| [&[number << 3 | 2, held.len() as u8], held].concat();
        field(7, &field(5, &field(9, raw)))
    }

    #[test]
    fn the_shipped_networks_are_sound() {
        for name in ["nuclei-lite", "tissue-lite"] {
            let path =
                format!("{}/../../deploy/models/{name}/model.onnx", env!("CARGO_MANIFEST_DIR"));
            assert_eq!(check(&std::fs::read(path).unwrap()), Ok(()));
        }
    }

    #[test]
    fn a_length_beyond_what_holds_it_is_refused_with_its_byte() {
        let sound = model(&[1, 2, 3, 4]);
        assert_eq!(check(&sound), Ok(()));
        // Model and graph reach to the end, the raw data beyond it.
        let mut wrong = sound.clone();
        wrong[5] = 0x7f;

        assert!(check(&wrong).unwrap_err().contains("the field at byte 4"), "{wrong:?}");
    }

    #[test]
    fn a_cut_at_any_byte_is_refused() {
        let sound = model(&[1, 2, 3, 4]);

        for end in 1..sound.len() {
            assert!(check(&sound[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn messages_without_end_are_refused() {
        // A graph in an attribute of a node in a graph, again and again.
        let mut inner = Vec::new();
        for round in 0..3 * DEPTH_MAX {
            let number = [6, 5, 1][round % 3];
            let mut outer = vec![number << 3 | 2];
            let mut length = inner.len();
            while length >= 0x80 {
                outer.push(length as u8 | 0x80);
                length >>= 7;
            }
            outer.push(length as u8);
            outer.extend(&inner);
            inner = outer;
        }
        let header = [7 << 3 | 2, inner.len() as u8 | 0x80, (inner.len() >> 7) as u8];

        assert!(check(&[&header, inner.as_slice()].concat()).is_err());
    }
}

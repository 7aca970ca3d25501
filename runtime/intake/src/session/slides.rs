//! Slides of a connection: begun, open, ended.

use super::{Action, SLIDES_OPEN_MAX, Session, send};
use crate::check::{SLIDE_NAME_CHARS_MAX, SlideFacts};
use crate::frame::{
    About, BoxFrame, Code, HeldTile, PAGE_TILES, Refusal, Refuse, SlideBegin, SlideEnd, SlideEnded,
    SlideOpen,
};

/// A slide of this connection.
#[derive(Clone, Debug)]
pub(super) struct OpenSlide {
    pub(super) facts: SlideFacts,
    pub(super) stage: SlideStage,
    /// Tiles without an answer.
    pub(super) in_flight: u32,
}

/// How far a slide has come on this connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SlideStage {
    /// The caller looks for it.
    Opening,
    /// Tiles may come.
    Open,
    /// The client has said the end; `is_asked`: it was passed on to the caller.
    Ending { end: SlideEnd, is_asked: bool },
    /// It has ended.
    Ended,
}

/// Why a slide that has `held` tiles on disk does not end by `end`; none if it may.
pub fn end_refusal(end: &SlideEnd, held: u32) -> Option<Refusal> {
    (held < end.tiles && !end.accept_missing).then(|| {
        let reason = format!("the box has {held} of {} tiles", end.tiles);
        Refusal::new(Code::TilesMissing, reason)
    })
}

impl Session {
    pub(super) fn begin(&mut self, begin: &SlideBegin) -> Vec<Action> {
        match self.admit(begin) {
            Ok(facts) => {
                let handle = self.next_handle;
                self.next_handle = handle.wrapping_add(1);
                let stage = SlideStage::Opening;
                let slide = OpenSlide { facts: facts.clone(), stage, in_flight: 0 };
                self.slides.insert(handle, slide);
                vec![Action::Begin { handle, facts }]
            }
            Err(refusal) => {
                // A name that is too long is not sent back whole.
                let slide = begin.slide.chars().take(SLIDE_NAME_CHARS_MAX).collect();
                let about = About::SlideBegin { slide };
                send(BoxFrame::Refuse(Refuse::new(about, refusal)))
            }
        }
    }

    fn admit(&mut self, begin: &SlideBegin) -> Result<SlideFacts, Refusal> {
        let facts = SlideFacts::new(begin)?;
        if self.slides.len() >= SLIDES_OPEN_MAX {
            // The handles of ended slides are kept while there is room, so that a tile that comes
            // late is told so.
            self.slides.retain(|_, slide| slide.stage != SlideStage::Ended);
        }
        if self.slides.len() >= SLIDES_OPEN_MAX {
            let reason = format!("{SLIDES_OPEN_MAX} slides are open on this connection");
            return Err(Refusal::new(Code::SlidesOpen, reason));
        }
        Ok(facts)
    }

    /// Says what the box has, page by page; the last page opens the slide.
    pub(super) fn opened(&mut self, handle: u32, tiles: &[HeldTile]) -> Vec<Action> {
        let opening = |slide: &&mut OpenSlide| slide.stage == SlideStage::Opening;
        let Some(slide) = self.slides.get_mut(&handle).filter(opening) else { return Vec::new() };
        slide.stage = SlideStage::Open;
        let name = &slide.facts.slide;
        let page = |tiles: &[HeldTile], more| {
            let (slide, tiles) = (name.clone(), tiles.to_vec());
            Action::Send(BoxFrame::SlideOpen(SlideOpen { slide, handle, tiles, more }))
        };
        if tiles.is_empty() {
            return vec![page(&[], false)];
        }
        let pages = tiles.len().div_ceil(PAGE_TILES);
        let numbered = (1..).zip(tiles.chunks(PAGE_TILES));
        numbered.map(|(number, tiles)| page(tiles, number < pages)).collect()
    }

    pub(super) fn not_opened(&mut self, handle: u32, refusal: Refusal) -> Vec<Action> {
        let Some(slide) = self.slides.remove(&handle) else { return Vec::new() };
        let about = About::SlideBegin { slide: slide.facts.slide };
        send(BoxFrame::Refuse(Refuse::new(about, refusal)))
    }

    pub(super) fn end(&mut self, end: SlideEnd) -> Vec<Action> {
        let about = About::SlideEnd { handle: end.handle };
        let refuse = |refusal| send(BoxFrame::Refuse(Refuse::new(about, refusal)));
        let Some(slide) = self.slides.get_mut(&end.handle) else {
            return refuse(unknown(end.handle));
        };
        match slide.stage {
            SlideStage::Opening => return refuse(unknown(end.handle)),
            SlideStage::Ending { .. } => {
                return refuse(Refusal::new(Code::Late, "the slide's end was said already"));
            }
            SlideStage::Open | SlideStage::Ended => {}
        }
        slide.stage = SlideStage::Ending { end, is_asked: false };
        self.ask_end(end.handle)
    }

    /// Passes the end on when no tile of the slide is without an answer.
    pub(super) fn ask_end(&mut self, handle: u32) -> Vec<Action> {
        let Some(slide) = self.slides.get_mut(&handle) else { return Vec::new() };
        let SlideStage::Ending { end, is_asked: false } = slide.stage else { return Vec::new() };
        if slide.in_flight > 0 {
            return Vec::new();
        }
        slide.stage = SlideStage::Ending { end, is_asked: true };
        vec![Action::End { end }]
    }

    pub(super) fn ended(&mut self, handle: u32, tiles: u32) -> Vec<Action> {
        let Some(slide) = self.slides.get_mut(&handle) else { return Vec::new() };
        let SlideStage::Ending { end, is_asked: true } = slide.stage else { return Vec::new() };
        slide.stage = SlideStage::Ended;
        let missing = end.tiles.saturating_sub(tiles);
        send(BoxFrame::SlideEnded(SlideEnded { handle, tiles, missing }))
    }

    pub(super) fn not_ended(&mut self, handle: u32, refusal: Refusal) -> Vec<Action> {
        let Some(slide) = self.slides.get_mut(&handle) else { return Vec::new() };
        let SlideStage::Ending { is_asked: true, .. } = slide.stage else { return Vec::new() };
        slide.stage = SlideStage::Open;
        send(BoxFrame::Refuse(Refuse::new(About::SlideEnd { handle }, refusal)))
    }
}

/// The refusal of a handle that stands for nothing.
pub(super) fn unknown(handle: u32) -> Refusal {
    Refusal::new(Code::UnknownSlide, format!("handle {handle} stands for no open slide"))
}

//! Watched folders: slides in files, and slides in tiles with a manifest.
//!
//! A file is the scanner's: it is read where it lies, and moved only when the operator says so and
//! its slide has a result. What was taken is known after a restart by the ledger, so that a folder
//! of years is not read again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use contract::Digest;
use intake::check::{SlideFacts, accept};
use intake::folder::{
    self, After, Bounds, Disk, Found, ListedTile, Manifest, Stamp, Taken, Trouble,
};
use intake::frame::{Encoding, FRAME_BYTES_MAX, Tile, TileHeader};
use ledger::{SlideId, SlideState};
use serde::{Deserialize, Serialize};
use slide::{Slide, jpeg_size};

use super::beats::Beat;
use super::config::Folder;
use super::patience::insist;
use super::register::{Register, Taking};
use super::slides::{Origin, SlideMeta, Trust};
use super::stop::Stop;

/// What is kept of a file with the end of its slide, so that it is known after a restart.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    len: u64,
    mtime_ms: i64,
}

/// A folder that is watched, and the files of it that have no result yet.
pub(crate) struct Watcher {
    pub(crate) folder: Folder,
    pub(crate) register: Register,
    pub(crate) beat: Beat,
    /// Slides whose files are to be settled when they have a result.
    under_way: Vec<(SlideId, Taken)>,
}

impl Watcher {
    /// A watcher that has taken nothing yet.
    pub(crate) fn new(folder: Folder, register: Register, beat: Beat) -> Self {
        Self { folder, register, beat, under_way: Vec::new() }
    }

    /// Watches until the stop is asked.
    pub(crate) fn run(mut self, stop: &Stop) {
        let disk = Disk { stated: self.folder.mpp };
        let rule = self.folder.complete.clone();
        let mut watched = folder::Folder::new(&self.folder.path, Bounds::default(), rule, disk);
        if let Err(error) = self.remember(&mut watched) {
            tracing::warn!("What was taken before is not known, files are read again: {error:#}");
        }
        loop {
            self.beat.at("poll", self.folder.path.display().to_string());
            let trouble = watched.poll(&mut |found| {
                self.found(found);
                !stop.is_asked()
            });
            self.say(trouble);
            self.settle(&mut watched);
            self.beat.idle();
            if stop.is_asked_within(self.folder.poll.max(Duration::from_millis(50))) {
                return;
            }
        }
    }

    /// Takes back from the ledger what was taken from this folder.
    fn remember(&mut self, watched: &mut folder::Folder) -> Result<()> {
        for state in
            [SlideState::Open, SlideState::Ended, SlideState::Finished, SlideState::Refused]
        {
            let mut after = None;
            loop {
                let page = self.register.ledger.slides(state, after)?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for row in &page {
                    let Origin::File { path, digest } = SlideMeta::decode(&row.meta)?.origin else {
                        continue;
                    };
                    let kept = row.meta_end.as_deref().map(serde_json::from_slice::<Kept>);
                    let (true, Some(Ok(Kept { len, mtime_ms }))) =
                        (path.starts_with(&self.folder.path), kept)
                    else {
                        continue;
                    };
                    let taken = Taken { path, stamp: Stamp { len, mtime_ms }, digest };
                    watched.remember(taken.clone());
                    if self.folder.after != After::Keep && taken.path.exists() {
                        self.under_way.push((row.id, taken));
                    }
                }
            }
        }
        Ok(())
    }

    fn found(&mut self, found: Found) {
        let (path, refused) = match found {
            Found::Slide { taken, sentinel: _ } => (taken.path.clone(), self.slide(&taken)),
            Found::Tiles { taken, manifest } => (taken.path, self.tiles(&manifest)),
            Found::Damaged { path, reason } | Found::Unreadable { path, reason } => {
                (path, Err(anyhow::anyhow!(reason)))
            }
        };
        if let Err(error) = refused {
            self.refused(&path, &format!("{error:#}"));
        }
    }

    /// Says that a file is not taken: to the log under a label of ours, since the name of a file
    /// may be a patient's; and in whole beside the results, where the site's people look.
    fn refused(&self, path: &Path, reason: &str) {
        let label = self.register.label(&format!("path/{}", path.display()));
        let scrubbed = reason
            .replace(&path.display().to_string(), &label)
            .replace(&*path.file_name().unwrap_or_default().to_string_lossy(), &label);
        let note = self.register.config.results.folder.join(&label).join("refused.txt");
        tracing::warn!(
            file = label,
            "A file is not taken: {scrubbed}; its name: {}",
            note.display()
        );
        let text = format!("{}\n{reason}\n", path.display());
        let written = note
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .map_err(anyhow::Error::from)
            .and_then(|()| Ok(report::atomic::write(&note, text.as_bytes())?));
        if let Err(error) = written {
            tracing::warn!(file = label, "The note on the file is not written: {error:#}");
        }
    }

    fn slide(&mut self, taken: &Taken) -> Result<()> {
        let Taken { path, stamp, digest } = taken;
        self.beat.at("take", "a file");
        let slide = Slide::open(path, self.folder.mpp)?;
        let meta = SlideMeta::of_file(path.clone(), *digest, &slide);
        let register = &self.register;
        if let Some(row) = register.ledger.slide_by_key(&meta.key())? {
            // The same content lay here or elsewhere before.
            self.under_way.push((row.id, taken.clone()));
            return Ok(());
        }
        let id = insist(&self.beat, "begin a slide", || register.begin(&meta));
        let label = register.label(&meta.key());
        tracing::info!(slide = label, "A slide is taken from a folder.");
        let kept = Kept { len: stamp.len, mtime_ms: stamp.mtime_ms };
        let said = serde_json::to_vec(&kept)?;
        insist(&self.beat, "end a slide", || register.end(id, &label, &said));
        if let Err(error) = register.activate(id, Trust::Digest) {
            register.refuse(id, &label, &format!("{error:#}"));
        }
        self.under_way.push((id, taken.clone()));
        Ok(())
    }

    fn tiles(&self, manifest: &Manifest) -> Result<()> {
        let Manifest::Tiles { facts, tiles } = manifest else { return Ok(()) };
        let register = &self.register;
        let meta = SlideMeta::of_tiles(facts);
        let label = register.label(&meta.key());
        let id = register.begin(&meta)?;
        register.activate(id, Trust::Nothing)?;
        for tile in tiles {
            self.beat.at("store", format!("slide {label}, tile ({}, {})", tile.x, tile.y));
            self.tile(id, facts, tile)?;
        }
        insist(&self.beat, "end a slide", || register.end(id, &label, &[]));
        Ok(())
    }

    fn tile(&self, id: SlideId, facts: &SlideFacts, tile: &ListedTile) -> Result<()> {
        let path = &tile.file.path;
        let unreadable = || format!("{} cannot be read", path.display());
        let bytes = fs::read(path).with_context(unreadable)?;
        let size = jpeg_size(&bytes).with_context(unreadable)?;
        let header = TileHeader {
            handle: 0,
            x: tile.x,
            y: tile.y,
            width_px: size.width as u32,
            height_px: size.height as u32,
            mpp: facts.mpp.um_per_px(),
            level: 0,
            encoding: Encoding::Jpeg.number(),
            sha256: tile.file.sha256,
        };
        let accepted = accept(facts, Tile { header, bytes }, FRAME_BYTES_MAX)
            .map_err(|refusal| anyhow::anyhow!("{}: {}", path.display(), refusal.reason))?;
        let taking = insist(&self.beat, "store a tile", || self.register.store(id, &accepted));
        match taking {
            Taking::Kept(_) => Ok(()),
            Taking::Refused(refusal) => bail!("{}: {}", path.display(), refusal.reason),
        }
    }

    /// Moves the files of slides that have a result, where the operator says so.
    fn settle(&mut self, watched: &mut folder::Folder) {
        let under_way = std::mem::take(&mut self.under_way);
        for (id, taken) in under_way {
            let state = self.register.ledger.slide(id).ok().flatten().map(|row| row.state);
            if state.is_none_or(|state| state < SlideState::Finished) {
                self.under_way.push((id, taken));
                continue;
            }
            if let Err(error) = self.put_away(watched, &taken) {
                self.refused(&taken.path, &format!("it stays where it is: {error:#}"));
            }
        }
    }

    fn put_away(&self, watched: &mut folder::Folder, taken: &Taken) -> Result<()> {
        let Taken { path, digest, .. } = taken;
        if self.folder.after == After::Keep || !path.exists() {
            return Ok(());
        }
        self.beat.at("move", "a file");
        let now: Digest = crate::digest::of_file(path)?;
        if now != *digest {
            bail!("it has changed since it was taken");
        }
        self.folder.after.settle(path, *digest)?;
        watched.forget(path);
        Ok(())
    }

    fn say(&self, trouble: Option<Trouble>) {
        let root = self.folder.path.display();
        match trouble {
            Some(Trouble::Began(error)) => {
                tracing::warn!("{root} is not watched: {:#}", anyhow::Error::new(error));
            }
            Some(Trouble::Unread(folders)) => {
                let list: Vec<_> = folders.iter().map(|f| f.display().to_string()).collect();
                tracing::warn!("{root}: folders that cannot be read: {}", list.join(", "));
            }
            Some(Trouble::Over) => tracing::info!("{root} is watched again."),
            None => {}
        }
    }
}

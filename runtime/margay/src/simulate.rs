//! `margay simulate scanner`: plays a scanner, for demonstrations and tests.
//!
//! To a socket it speaks the tile protocol, comes back when the line is lost, and sends what the box
//! does not have. To a folder it writes as a careful scanner does: under a name that no rule takes,
//! then a rename; tiles with a manifest that is renamed last.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use contract::{Digest, Mpp, Size, exit};
use intake::client::{Client, Delivery, Picture, Scan, SendError, send_slide};
use intake::frame::SlideBegin;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use slide::{Regions, Slide};

use crate::analyze::Failure;

/// Waits between two tries to connect.
const WAIT_MIN: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Plays a part around the box.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// A scanner: sends an image, or a folder of tiles, as it would be scanned
    Scanner(Scanner),
}

/// A scanner.
#[derive(Args)]
struct Scanner {
    /// An image that is cut into tiles, or a folder of JPEG tiles named by their place, as
    /// `2048_1024.jpg` or `x02_y01.jpg`
    source: PathBuf,
    /// Where to: `unix:PATH`, `tcp:ADDRESS:PORT` or `folder:PATH`
    #[arg(long)]
    to: Target,
    /// Resolution in µm/px; needed for tiles, and for an image that does not state its own
    #[arg(long, value_name = "UM")]
    mpp: Option<f64>,
    /// Name of the slide; that of the source where it is not stated
    #[arg(long)]
    slide: Option<String>,
    /// Tiles a second; as fast as the box takes them where it is not stated
    #[arg(long, value_name = "TILES_PER_S")]
    rate: Option<f64>,
    /// Edge of the tiles that an image is cut into, px
    #[arg(long, value_name = "PX", default_value_t = 1024)]
    tile: usize,
    /// Seconds for which a box that cannot be reached is tried again
    #[arg(long, value_name = "S", default_value_t = 60)]
    patience: u64,
}

/// Where a scanner sends to.
#[derive(Clone, Debug)]
enum Target {
    Unix(PathBuf),
    Tcp(String),
    Folder(PathBuf),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("unix", path)) => Ok(Self::Unix(path.into())),
            Some(("tcp", address)) => Ok(Self::Tcp(address.into())),
            Some(("folder", path)) => Ok(Self::Folder(path.into())),
            _ => Err("say unix:PATH, tcp:ADDRESS:PORT or folder:PATH".into()),
        }
    }
}

/// Plays the part.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let Part::Scanner(scanner) = &arguments.part;
    scanner.run().map_err(Failure::with(exit::INTERNAL))
}

impl Scanner {
    #[expect(clippy::print_stdout, reason = "the result of a program for the terminal")]
    fn run(&self) -> Result<u8> {
        let (scan, mpp) = self.scan()?;
        let slide = self.name();
        match &self.to {
            Target::Folder(folder) => {
                let tiles = self.write(&scan, mpp, (&slide, folder))?;
                println!("{tiles} tiles written to {}", folder.display());
                Ok(exit::DONE)
            }
            Target::Unix(_) | Target::Tcp(_) => {
                let begin = begin(&slide, scan.size(), mpp);
                let Delivery { refused, held, missing, .. } = self.send(&scan, &begin)?;
                println!("the box has {held} tiles of the slide, {missing} are missing");
                for tile in &refused {
                    println!("tile ({}, {}) refused: {}", tile.x, tile.y, tile.reason);
                }
                Ok(if refused.is_empty() { exit::DONE } else { exit::INPUT_REFUSED })
            }
        }
    }

    fn scan(&self) -> Result<(Scan, Mpp)> {
        let stated = self.mpp.map(Mpp::new).transpose().context("--mpp")?;
        if self.source.is_dir() {
            let Some(mpp) = stated else { bail!("tiles do not state their resolution: say --mpp") };
            return Ok((Scan::folder(&self.source)?, mpp));
        }
        let image = Slide::open(&self.source, stated)?;
        let mpp = image.mpp();
        let tile = Size::new(self.tile, self.tile);
        Ok((Scan::Cut { image: Box::new(image), tile }, mpp))
    }

    fn name(&self) -> String {
        self.slide.clone().unwrap_or_else(|| {
            self.source.file_stem().unwrap_or_default().to_string_lossy().into_owned()
        })
    }

    /// Sends over a socket; a line that is lost is taken up again.
    #[expect(clippy::disallowed_methods, reason = "a program's shell reads the clock")]
    fn send(&self, scan: &Scan, begin: &SlideBegin) -> Result<Delivery> {
        let start = Instant::now();
        let (mut sent, mut wait, mut lost) = (0_u32, WAIT_MIN, start);
        loop {
            let mut client = Client::new("margay simulate", begin.clone(), scan.places());
            let mut load = |index: usize| {
                sent += 1;
                (wait, lost) = (WAIT_MIN, Instant::now());
                if let Some(rate) = self.rate {
                    let due = Duration::from_secs_f64(f64::from(sent - 1) / rate);
                    thread::sleep(due.saturating_sub(start.elapsed()));
                }
                scan.picture(index)
            };
            let error = match self.deliver(&mut client, &mut load) {
                Ok(delivery) => return Ok(delivery),
                Err(error) => error,
            };
            let is_lost = matches!(error, SendError::Line { .. });
            if !is_lost || lost.elapsed() > Duration::from_secs(self.patience) {
                return Err(error).context("the slide was not sent whole");
            }
            tracing::debug!("{:#}", anyhow::Error::new(error));
            thread::sleep(wait);
            wait = (wait * 2).min(WAIT_MAX);
        }
    }

    fn deliver(
        &self,
        client: &mut Client,
        load: &mut dyn FnMut(usize) -> io::Result<Picture>,
    ) -> Result<Delivery, SendError> {
        let line = |source| SendError::Line { source };
        match &self.to {
            Target::Unix(path) => {
                send_slide(&mut UnixStream::connect(path).map_err(line)?, client, load)
            }
            Target::Tcp(address) => {
                send_slide(&mut TcpStream::connect(address.as_str()).map_err(line)?, client, load)
            }
            Target::Folder(_) => unreachable!("a folder is written, not connected to"),
        }
    }

    /// Writes the tiles of a folder and their manifest, or the image itself.
    fn write(&self, scan: &Scan, mpp: Mpp, (slide, folder): (&str, &Path)) -> Result<usize> {
        let cannot = || format!("{} cannot be written", folder.display());
        fs::create_dir_all(folder).with_context(cannot)?;
        if !self.source.is_dir() {
            let name = self.source.file_name().context("the source has no name")?;
            let target = folder.join(name);
            let part = target.with_added_extension("part");
            fs::copy(&self.source, &part).with_context(cannot)?;
            fs::rename(&part, &target).with_context(cannot)?;
            return Ok(1);
        }
        let mut files = Vec::new();
        for (index, (x, y)) in scan.places().into_iter().enumerate() {
            let Picture { bytes, .. } = scan.picture(index)?;
            let name = format!("{x}_{y}.jpg");
            report::atomic::write(&folder.join(&name), &bytes)?;
            let sha256 = Digest::from_bytes(Sha256::digest(&bytes).into());
            files.push(ListedTile { x, y, file: name, bytes: bytes.len() as u64, sha256 });
            if let Some(rate) = self.rate {
                thread::sleep(Duration::from_secs_f64(1.0 / rate));
            }
        }
        let tiles = files.len();
        let manifest = Manifest { format: 1, slide: begin(slide, scan.size(), mpp), tiles: files };
        report::json::write(&folder.join("manifest.json"), &manifest)?;
        Ok(tiles)
    }
}

/// The manifest of a folder of tiles.
#[derive(Serialize)]
struct Manifest {
    format: u32,
    slide: SlideBegin,
    tiles: Vec<ListedTile>,
}

#[derive(Serialize)]
struct ListedTile {
    x: u32,
    y: u32,
    file: String,
    bytes: u64,
    sha256: Digest,
}

fn begin(slide: &str, size: Size, mpp: Mpp) -> SlideBegin {
    SlideBegin {
        slide: slide.to_owned(),
        width_px: size.width as u32,
        height_px: size.height as u32,
        mpp: mpp.um_per_px(),
    }
}

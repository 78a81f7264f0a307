//! TIFF files beyond 4 GB: what is read of them is counted, and what is written goes to memory that keeps no zeros.

use libimageio::model::{DType, Dict, Index, View, ViewMut};
use libimageio::plugin::CallKind;
use libimageio::resource::Stream;
use libimageio::v3::{self, File, Mode};
use std::collections::HashMap;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const BLOCK: usize = 64 << 10;

/// A file of which only blocks that hold something are kept.
#[derive(Default)]
struct Sparse {
    blocks: HashMap<u64, Box<[u8; BLOCK]>>,
    at: u64,
    len: u64,
    read: u64,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Sparse>>);

impl Sparse {
    /// The place of a position in its block, and how far the block goes on.
    fn place(&self, len: usize) -> (u64, usize, usize) {
        let within = (self.at % BLOCK as u64) as usize;
        (self.at / BLOCK as u64, within, len.min(BLOCK - within))
    }
}

impl Stream for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.0.lock().unwrap();
        let left = usize::try_from(file.len.saturating_sub(file.at)).unwrap_or(usize::MAX);
        let (block, within, n) = file.place(buffer.len().min(left));
        match file.blocks.get(&block) {
            Some(block) => buffer[..n].copy_from_slice(&block[within..within + n]),
            None => buffer[..n].fill(0),
        }
        file.at += n as u64;
        file.read += n as u64;
        Ok(n)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self.0.lock().unwrap();
        let (block, within, n) = file.place(bytes.len());
        if file.blocks.contains_key(&block) || bytes[..n].iter().any(|&b| b != 0) {
            let block = file.blocks.entry(block).or_insert_with(|| Box::new([0; BLOCK]));
            block[within..within + n].copy_from_slice(&bytes[..n]);
        }
        file.at += n as u64;
        file.len = file.len.max(file.at);
        Ok(n)
    }

    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut file = self.0.lock().unwrap();
        file.at = match to {
            SeekFrom::Start(n) => n,
            SeekFrom::Current(n) => file.at.checked_add_signed(n).unwrap(),
            SeekFrom::End(n) => file.len.checked_add_signed(n).unwrap(),
        };
        Ok(file.at)
    }

    fn can_seek(&self) -> bool {
        true
    }

    fn size(&mut self) -> Option<u64> {
        Some(self.0.lock().unwrap().len)
    }

    fn any_thread(&self) -> bool {
        true
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read(file: &mut File, options: &Dict) -> (Vec<usize>, Vec<u8>) {
    let call = file.call(CallKind::Read, options).unwrap();
    let plan = file.plan(Index::At(0), &call).unwrap();
    file.check_limits(&plan).unwrap();
    let props = plan.props().clone();
    let mut memory = vec![0xEE; props.nbytes().unwrap()];
    let view = ViewMut::packed(&mut memory, props.dtype.size(), &props.shape).unwrap();
    file.read_planned(&plan, &call, view, props.dtype).unwrap();
    (props.shape.to_vec(), memory)
}

/// Pages of 128 MB, one write each, until the file is beyond 4 GB: it becomes a BigTIFF by itself.
#[test]
fn pages_are_appended_beyond_four_gigabytes() {
    const ROWS: usize = 4096;
    const COLUMNS: usize = 32768;
    const PAGES: usize = 33;
    let made = Shared::default();
    let options = Dict::new().with("plugin", "tiff").with("extension", ".tif");
    let mut file = v3::imopen_stream(Box::new(made.clone()), Mode::Write, &options).unwrap();
    let mut page = vec![0u8; ROWS * COLUMNS];
    for i in 0..PAGES {
        page[5 * COLUMNS + 7] = i as u8 + 1;
        let view = View::packed(&page, 1, &[ROWS, COLUMNS]).unwrap();
        file.write(view, DType::U8, &Dict::new().with("contiguous", true)).unwrap();
    }
    file.close().unwrap();
    drop(page);
    {
        let state = made.0.lock().unwrap();
        assert!(state.len > 4 << 30 && state.blocks.len() < 200, "{} {}", state.len, state.blocks.len());
        assert_eq!(&state.blocks[&0][..4], b"II+\0");
    }
    let mut file = v3::imopen_stream(Box::new(made.clone()), Mode::Read, &options).unwrap();
    for number in [0, 17, PAGES - 1] {
        let options = Dict::new().with("page", number).with("region", "6,4,3,3");
        let (shape, pixels) = read(&mut file, &options);
        let mut wanted = [0; 9];
        wanted[4] = number as u8 + 1;
        assert_eq!((shape, pixels), (vec![3, 3], wanted.to_vec()), "page {number}");
    }
    let read = made.0.lock().unwrap().read;
    assert!(read < 1 << 20, "{read} bytes were read");
}

/// A BigTIFF of 10 GB, sparse on disk, of tiles: of a region the tables, its tiles and no others are read.
#[test]
fn a_region_of_ten_gigabytes_reads_its_tiles_only() {
    const SIDE: u64 = 512;
    const TILE: u64 = SIDE * SIDE * 2;
    const ACROSS: u64 = 140;
    const DOWN: u64 = 140;
    let path = std::env::temp_dir().join(format!("imageio-tiff-large-{}.tif", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    let tiles = ACROSS * DOWN;
    let tables = 16 + tiles * TILE;
    let directory = tables + 16 * tiles;
    let header: Vec<u8> = [&b"II+\0\x08\0\0\0"[..], &directory.to_le_bytes()].concat();
    file.write_all_at(&header, 0).unwrap();
    // Of tile (100, 60) one pixel is not zero.
    let (row, column) = (100, 60);
    let tile = 16 + (row * ACROSS + column) * TILE;
    file.write_all_at(&4711u16.to_le_bytes(), tile + 2 * (3 * SIDE + 4)).unwrap();
    let offsets: Vec<u8> = (0..tiles).flat_map(|i| (16 + i * TILE).to_le_bytes()).collect();
    let counts: Vec<u8> = (0..tiles).flat_map(|_| TILE.to_le_bytes()).collect();
    file.write_all_at(&offsets, tables).unwrap();
    file.write_all_at(&counts, tables + 8 * tiles).unwrap();
    let entries: [(u16, u16, u64, u64); 9] = [
        (256, 4, 1, ACROSS * SIDE),
        (257, 4, 1, DOWN * SIDE),
        (258, 3, 1, 16),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (322, 4, 1, SIDE),
        (323, 4, 1, SIDE),
        (324, 16, tiles, tables),
        (325, 16, tiles, tables + 8 * tiles),
    ];
    let mut bytes = (entries.len() as u64).to_le_bytes().to_vec();
    for (tag, kind, count, value) in entries {
        bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        bytes.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    bytes.extend([0; 8]);
    file.write_all_at(&bytes, directory).unwrap();
    assert!(file.metadata().unwrap().len() > 10_000_000_000);

    let counted = Counted { file: std::fs::File::open(&path).unwrap(), read: Arc::default() };
    let read_bytes = counted.read.clone();
    let options = Dict::new().with("plugin", "tiff").with("max_pixels", 0i64).with("max_bytes", 0i64);
    let mut file = v3::imopen_stream(Box::new(counted), Mode::Read, &options).unwrap();
    std::fs::remove_file(&path).unwrap();
    // Two tiles down, one across.
    let (x, y) = (column * SIDE + 2, row * SIDE - 1);
    let options = Dict::new().with("region", format!("{x},{y},5,6").as_str());
    let (shape, pixels) = read(&mut file, &options);
    assert_eq!(shape, [6, 5]);
    let found: Vec<u16> = pixels.as_chunks::<2>().0.iter().map(|b| u16::from_ne_bytes(*b)).collect();
    let mut wanted = [0; 30];
    wanted[4 * 5 + 2] = 4711;
    assert_eq!(found, wanted);
    let read = read_bytes.load(Ordering::Relaxed);
    assert!(read <= 2 * TILE + 16 * tiles + (256 << 10), "{read} bytes were read");
}

/// A file that counts what is read of it.
struct Counted {
    file: std::fs::File,
    read: Arc<AtomicU64>,
}

impl Stream for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = io::Read::read(&mut self.file, buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }

    fn can_seek(&self) -> bool {
        true
    }

    fn size(&mut self) -> Option<u64> {
        None
    }

    fn any_thread(&self) -> bool {
        true
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! The Rust crates that read and write images, each behind one kind of function; see ../peers.c.

use image::{ExtendedColorType, ImageDecoder, ImageEncoder};
use jxl::api::{
    Event, JxlColorType, JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlOutputBuffer, JxlParallelRunner,
    JxlParallelRunnerFun, JxlPixelFormat,
};
use std::io::Cursor;
use std::slice;

type Answer = Option<usize>;

/// Calls a safe function on the two blocks of memory.
///
/// # Safety
/// `data` has `size` readable bytes, `out` has `capacity` writable ones.
unsafe fn call(data: *const u8, size: usize, out: *mut u8, capacity: usize, f: impl FnOnce(&[u8], &mut [u8]) -> Answer) -> isize {
    // SAFETY: the caller's promise.
    let (data, out) = unsafe { (slice::from_raw_parts(data, size), slice::from_raw_parts_mut(out, capacity)) };
    f(data, out).map_or(-1, |n| n as isize)
}

macro_rules! peers {
    ($($name:ident $function:expr;)*) => {$(
        /// One peer.
        ///
        /// # Safety
        /// As of `call`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(data: *const u8, size: usize, out: *mut u8, capacity: usize) -> isize {
            // SAFETY: the caller's promise.
            unsafe { call(data, size, out, capacity, $function) }
        }
    )*};
}

peers! {
    peer_png_crate png;
    peer_png_crate_encode |data, out| encode_png(data, out, png::Compression::Balanced);
    peer_png_crate_encode_fast |data, out| encode_png(data, out, png::Compression::Fast);
    peer_gif_crate gif;
    peer_image_bmp |data, out| read(image::codecs::bmp::BmpDecoder::new(Cursor::new(data)).ok()?, out);
    peer_image_gif gif_composed;
    peer_image_hdr |data, out| read(image::codecs::hdr::HdrDecoder::new(Cursor::new(data)).ok()?, out);
    peer_image_pnm |data, out| read(image::codecs::pnm::PnmDecoder::new(Cursor::new(data)).ok()?, out);
    peer_image_qoi |data, out| read(image::codecs::qoi::QoiDecoder::new(Cursor::new(data)).ok()?, out);
    peer_image_qoi_encode encode_qoi;
    peer_image_hdr_encode encode_hdr;
    peer_image_exr exr;
    peer_jxl |data, out| jxl(data, out, None);
    peer_jxl_threads |data, out| jxl(data, out, Some(&mut Two));
    peer_fdeflate_inflate inflate;
    peer_zlib_rs_inflate inflate_zlib_rs;
}

/// Width, height and samples of what the encoders are given.
#[unsafe(no_mangle)]
pub static mut PEER_SIZE: [u32; 3] = [0; 3];

fn size() -> (u32, u32, u32) {
    // SAFETY: the harness has one thread, which sets it before the call.
    let [width, height, samples] = unsafe { PEER_SIZE };
    (width, height, samples)
}

fn png(data: &[u8], out: &mut [u8]) -> Answer {
    let mut reader = png::Decoder::new(Cursor::new(data)).read_info().ok()?;
    let bytes = reader.output_buffer_size()?;
    reader.next_frame(out.get_mut(..bytes)?).ok()?;
    Some(bytes)
}

fn encode_png(data: &[u8], out: &mut [u8], compression: png::Compression) -> Answer {
    let (width, height, samples) = size();
    let mut to = Cursor::new(out);
    let mut encoder = png::Encoder::new(&mut to, width, height);
    encoder.set_color(match samples {
        1 => png::ColorType::Grayscale,
        3 => png::ColorType::Rgb,
        _ => png::ColorType::Rgba,
    });
    encoder.set_compression(compression);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(data).ok()?;
    writer.finish().ok()?;
    Some(to.position() as usize)
}

/// Frames as they stand in the file, as colours, one over the other.
fn gif(data: &[u8], out: &mut [u8]) -> Answer {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(data).ok()?;
    let mut done = 0;
    while let Some(frame) = decoder.next_frame_info().ok()? {
        done += usize::from(frame.width) * usize::from(frame.height) * 4;
        decoder.read_into_buffer(out.get_mut(..decoder.buffer_size())?).ok()?;
    }
    Some(done)
}

fn gif_composed(data: &[u8], out: &mut [u8]) -> Answer {
    use image::AnimationDecoder;
    let frames = image::codecs::gif::GifDecoder::new(Cursor::new(data)).ok()?.into_frames();
    let mut done = 0;
    for frame in frames {
        let pixels = frame.ok()?.into_buffer();
        out.get_mut(..pixels.len())?.copy_from_slice(&pixels);
        done += pixels.len();
    }
    Some(done)
}

fn read(decoder: impl ImageDecoder, out: &mut [u8]) -> Answer {
    let bytes = usize::try_from(decoder.total_bytes()).ok()?;
    decoder.read_image(out.get_mut(..bytes)?).ok()?;
    Some(bytes)
}

/// As floats, in the caller's memory.
fn exr(data: &[u8], out: &mut [u8]) -> Answer {
    read(image::codecs::openexr::OpenExrDecoder::with_alpha_preference(Cursor::new(data), Some(false)).ok()?, out)
}

/// A picture of bytes, on the calling thread or on two.
fn jxl(mut data: &[u8], out: &mut [u8], mut threads: Option<&mut dyn JxlParallelRunner>) -> Answer {
    let mut decoder = JxlDecoder::new(JxlDecoderOptions::default());
    let mut size = None;
    loop {
        let mut buffers = size.map(|(width, height)| [JxlOutputBuffer::new(&mut *out, height, width * 3)]);
        let pixels = buffers.as_mut().map(|buffers| &mut buffers[..]);
        let threads = threads.as_mut().map(|t| &mut **t as &mut dyn JxlParallelRunner);
        match decoder.process(&mut data, pixels, threads).ok()? {
            Event::BasicInfo => {
                size = Some(decoder.basic_info()?.size);
                let color_data_format = Some(JxlDataFormat::U8 { bit_depth: 8 });
                let format =
                    JxlPixelFormat { color_type: JxlColorType::Rgb, color_data_format, extra_channel_format: Vec::new() };
                decoder.set_pixel_format(format).ok()?;
            }
            Event::FrameComplete { .. } => return size.map(|(width, height)| width * height * 3),
            Event::FrameHeader => {}
            _ => return None,
        }
    }
}

/// Two threads, which end with each run.
struct Two;

impl JxlParallelRunner for Two {
    fn run(&mut self, num: usize, work: &JxlParallelRunnerFun<'_>) -> Result<(), jxl::error::Error> {
        let next = std::sync::atomic::AtomicUsize::new(0);
        let take = || next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let worker = || std::iter::repeat_with(take).take_while(|&i| i < num).try_for_each(work);
        std::thread::scope(|scope| {
            let other = (num > 1).then(|| scope.spawn(worker));
            let own = worker();
            other.map_or(Ok(()), |other| other.join().unwrap_or(Ok(()))).and(own)
        })
    }

    fn num_threads(&self) -> usize {
        2
    }
}

fn encode_qoi(data: &[u8], out: &mut [u8]) -> Answer {
    let (width, height, samples) = size();
    let mut to = Cursor::new(out);
    let color = if samples == 3 { ExtendedColorType::Rgb8 } else { ExtendedColorType::Rgba8 };
    image::codecs::qoi::QoiEncoder::new(&mut to).write_image(data, width, height, color).ok()?;
    Some(to.position() as usize)
}

fn encode_hdr(data: &[u8], out: &mut [u8]) -> Answer {
    let (width, height, _) = size();
    let mut to = Cursor::new(out);
    image::codecs::hdr::HdrEncoder::new(&mut to).write_image(data, width, height, ExtendedColorType::Rgb32F).ok()?;
    Some(to.position() as usize)
}

fn inflate(data: &[u8], out: &mut [u8]) -> Answer {
    let mut state = fdeflate::Decompressor::new();
    state.ignore_adler32();
    let (mut read, mut written) = (0, 0);
    while !state.is_done() {
        let (a, b) = state.read(&data[read..], out, written, true).ok()?;
        (read, written) = (read + a, written + b);
    }
    Some(written)
}

fn inflate_zlib_rs(data: &[u8], out: &mut [u8]) -> Answer {
    let mut state = zlib_rs::Inflate::new(true, 15);
    state.decompress(data, out, zlib_rs::InflateFlush::Finish).ok()?;
    Some(state.total_out() as usize)
}

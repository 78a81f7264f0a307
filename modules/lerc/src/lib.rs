//! The module `lerc` of libimageio: LERC rasters through Esri's library, which is in C++ and so not in libimageio itself.
//! TIFF files with LERC inside are read by it too.

mod esri;

use esri::{Esri, Info};
use kit::{Color, Count, DType, Destination, DictMut, DictRef, Error, Index, Input, Limits, Outcome, Plugin, Props};
use kit::{Reader, Result};
use std::sync::Arc;

/// The plugin.
struct Lerc(Arc<Esri>);

impl Plugin for Lerc {
    fn load() -> Result<Lerc> {
        Ok(Lerc(Arc::new(Esri::load()?)))
    }

    fn declaration(&self) -> String {
        include_str!("declaration.json").to_owned()
    }

    fn probe(&self, head: &[u8], _extension: Option<&str>) -> u8 {
        if head.starts_with(b"Lerc2 ") || head.starts_with(b"CntZImage ") { 100 } else { 0 }
    }

    fn open(&self, mut input: Input, options: DictRef) -> Result<Box<dyn Reader>> {
        let limits = Limits::of(options);
        let blob = input.read_all(limits.max_bytes)?;
        if self.probe(&blob, None) == 0 {
            return Err(Error::no_backend("the content has no mark of LERC"));
        }
        let info = self.0.info(&blob)?;
        Ok(Box::new(Raster { esri: self.0.clone(), blob, info, limits }))
    }
}

/// A blob.
struct Raster {
    esri: Arc<Esri>,
    blob: Vec<u8>,
    info: Info,
    limits: Limits,
}

/// The one image, or an error.
fn only(index: Index) -> Result<()> {
    match index {
        Index::At(i) if i > 0 => Err(Error::index(format!("no image {i} of 1"))),
        _ => Ok(()),
    }
}

impl Raster {
    fn image(&self) -> Props {
        let info = &self.info;
        let (mut shape, mut axes) = (vec![info.rows, info.columns], "YX".to_owned());
        if info.bands > 1 {
            shape.insert(0, info.bands);
            axes.insert(0, 'C');
        }
        if info.depth > 1 {
            shape.push(info.depth);
            axes.push('S');
        }
        let color = match (info.bands, info.depth) {
            (1, 1) => Color::Gray,
            (1, 3) if info.dtype == DType::U8 => Color::Rgb,
            _ => Color::Multi,
        };
        Props::new(info.dtype, &shape, &axes, color)
    }
}

impl Reader for Raster {
    fn count(&mut self, _how: Count, _options: DictRef) -> Result<Option<usize>> {
        Ok(Some(1))
    }

    fn props(&mut self, index: Index, _options: DictRef) -> Result<Props> {
        only(index)?;
        Ok(self.image())
    }

    fn read(&mut self, index: Index, _options: DictRef, mut to: Destination) -> Result<Outcome> {
        only(index)?;
        let props = self.image();
        to.check(&props)?;
        let bytes = props.nbytes()?;
        self.limits.check(0, bytes as u64)?;
        // The library wants memory that is aligned for its values.
        let mut room = Vec::<u64>::new();
        room.try_reserve_exact(bytes.div_ceil(8)).map_err(|_| Error::out_of_memory(bytes))?;
        room.resize(bytes.div_ceil(8), 0);
        self.esri.decode(&self.blob, &self.info, &mut room)?;
        match to.view.unpack(&[], &bytemuck::cast_slice::<u64, u8>(&room)[..bytes]) {
            true => Ok(Outcome::Complete),
            false => Err(Error::internal("the destination has another shape")),
        }
    }

    fn meta(&mut self, index: Index, _options: DictRef, into: &mut DictMut) -> Result<()> {
        if let Index::At(i) = index {
            only(Index::At(i))?;
        }
        let [least, greatest, error] = self.info.range;
        into.set_int("version", i64::from(self.info.version))?;
        into.set_int("valid_pixels", i64::from(self.info.valid))?;
        into.set_float("min", least)?;
        into.set_float("max", greatest)?;
        into.set_float("max_z_error", error)
    }
}

kit::export!(Lerc);

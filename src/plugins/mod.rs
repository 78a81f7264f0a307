//! The backends, one folder each, none knowing another.

pub mod image;
pub mod tiff;

use crate::plugin::Plugin;
use std::sync::Arc;

/// The plugins that are built in, in the order in which they are asked.
pub fn built_in() -> Vec<Arc<dyn Plugin>> {
    vec![
        Arc::new(image::ImagePlugin::new()),
        Arc::new(tiff::TiffPlugin::new()),
        Arc::new(tiff::LegacyPlugin::new()),
        Arc::new(tiff::FeiPlugin::new()),
    ]
}

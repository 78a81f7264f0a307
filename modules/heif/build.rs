//! Links libheif, of which `src/sys.rs` binds what the module uses.

fn main() {
    if let Err(e) = pkg_config::Config::new().atleast_version("1.15").probe("libheif") {
        eprintln!("the module heif needs libheif 1.15 or newer (Debian: libheif-dev): {e}");
        std::process::exit(1);
    }
}

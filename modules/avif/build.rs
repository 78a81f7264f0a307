//! libavif's structs have changed from version to version, so that what touches them is C, built with its own header.

fn main() {
    println!("cargo:rerun-if-changed=src/shim.c");
    println!("cargo:rerun-if-changed=src/shim.h");
    let found = match pkg_config::Config::new().atleast_version("0.11").probe("libavif") {
        Ok(found) => found,
        Err(e) => {
            eprintln!("the module avif needs libavif 0.11 or newer (Debian: libavif-dev): {e}");
            std::process::exit(1);
        }
    };
    let mut build = cc::Build::new();
    build.file("src/shim.c").std("c11").warnings(true).extra_warnings(true).flag_if_supported("-fvisibility=hidden");
    build.includes(&found.include_paths);
    build.compile("iio_avif_shim");
}

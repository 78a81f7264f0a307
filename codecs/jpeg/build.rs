//! libjpeg reports errors by longjmp, which must not pass a frame of Rust: what calls it by rows is C.

fn main() {
    println!("cargo:rerun-if-changed=src/shim.c");
    println!("cargo:rerun-if-changed=src/shim.h");
    let mut build = cc::Build::new();
    build.file("src/shim.c").std("c11").warnings(true).extra_warnings(true).flag_if_supported("-fvisibility=hidden");
    // The headers of the library that `turbojpeg-sys` built or found; none are told where the compiler knows them.
    if let Ok(folders) = std::env::var("DEP_TURBOJPEG_INCLUDE") {
        build.includes(folders.split(','));
    }
    build.compile("codec_jpeg_shim");
}

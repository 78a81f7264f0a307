//! libjxl's structs grow from version to version, so that what touches them is C, built with its own header.

fn main() {
    println!("cargo:rerun-if-changed=src/shim.c");
    println!("cargo:rerun-if-changed=src/shim.h");
    let mut build = cc::Build::new();
    build.file("src/shim.c").std("c11").warnings(true).extra_warnings(true).flag_if_supported("-fvisibility=hidden");
    for name in ["libjxl", "libjxl_threads"] {
        let found = match pkg_config::Config::new().atleast_version("0.7").probe(name) {
            Ok(found) => found,
            Err(e) => {
                eprintln!("the module jxl needs {name} 0.7 or newer (Debian: libjxl-dev): {e}");
                std::process::exit(1);
            }
        };
        build.includes(&found.include_paths);
    }
    build.compile("iio_jxl_shim");
}

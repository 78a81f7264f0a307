//! Tells `versions` which FFmpeg the module is built for, as the build of its bindings has found.

fn main() {
    for version in ["6_0", "6_1", "7_0", "7_1"] {
        println!("cargo::rustc-check-cfg=cfg(ffmpeg_{version})");
        if std::env::var(format!("DEP_FFMPEG_FFMPEG_{version}")).is_ok_and(|found| found == "true") {
            println!("cargo::rustc-cfg=ffmpeg_{version}");
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
}

//! The link options that make a well-behaved shared library.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // The number is the ABI's, not the version's: it rises only when a program must be rebuilt.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libimageio.so.0");
        // Thread-local destructors and leaked handles may outlive dlclose.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

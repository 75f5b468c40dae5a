//! Keeps the layer in the process once it is there.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The loader unloads a layer with the last instance. A library in Rust leaves behind what its threads would call when
    // they end, and a process that makes the next instance would attach again while it still counts as attached.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

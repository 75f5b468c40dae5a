//! Cuts a file of source code on its syntax and shows what each chunk lies in.
//!
//! ```sh
//! cargo run --example code --features code -- src/lib.rs 800
//! ```

// An example prints.
#![allow(clippy::print_stdout)]

use std::error::Error;

use chunk_strategies::{ChunkConfig, Code, ContextPart, Language};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("usage: code FILE [CHARS]")?;
    let size: usize = args.next().map_or(Ok(800), |size| size.parse())?;
    let language = Language::from_name(&path).ok_or("the file's name says no language")?;
    let text = std::fs::read_to_string(&path)?;
    let code = Code::new(ChunkConfig::new(size), language)?;
    for chunk in code.chunks(&text) {
        let chunk = chunk?;
        let around: Vec<&str> = chunk.context().iter().map(ContextPart::text).collect();
        println!(
            "──── lines {:?}, in {around:?}: {}",
            chunk.line_range(),
            chunk.reason().unwrap_or_default()
        );
        print!("{}", chunk.text());
    }
    Ok(())
}

//! What each chunk of a Markdown document stands under.

// An example prints.
#![allow(clippy::print_stdout)]

use chunk_strategies::{ChunkConfig, ChunkError, ContextPart, Markdown};

const DOCUMENT: &str = "# Foxes

Foxes are quick and hunt mice at night.

## Diet

| food | when |
|---|---|
| mice | all year |
| berries | in autumn |
| eggs | in spring |
";

fn main() -> Result<(), ChunkError> {
    let strategy = Markdown::new(ChunkConfig::new(70))?;
    for chunk in strategy.chunks(DOCUMENT) {
        let chunk = chunk?;
        let path: Vec<&str> = chunk.context().iter().map(ContextPart::text).collect();
        println!("under {path:?}:\n{}", chunk.text());
    }
    // To embed the context with the text: `text_with_context`, and room for it in each chunk.
    let counting = Markdown::new(ChunkConfig::new(90))?.with_context_counted();
    for chunk in counting.chunks(DOCUMENT) {
        println!("---\n{}", chunk?.text_with_context());
    }
    Ok(())
}

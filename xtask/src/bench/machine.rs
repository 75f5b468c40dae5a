//! What a run was made on, in words.

use std::fs;

/// Instructions that products may be computed with, as Linux and as people call them.
const INSTRUCTIONS: [(&str, &str); 8] = [
    ("avx2", "AVX2"),
    ("avx512f", "AVX-512"),
    ("avx512_bf16", "AVX512-BF16"),
    ("avx512_vnni", "AVX512-VNNI"),
    ("avx_vnni", "AVX-VNNI"),
    ("amx_bf16", "AMX-BF16"),
    ("amx_int8", "AMX-INT8"),
    ("asimd", "NEON"),
];

/// The processor's name, how many cores it has, and which instructions.
pub(super) fn processor() -> String {
    described(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default())
}

fn described(cpuinfo: &str) -> String {
    let value = |line: &str| line.split_once(':').map(|(_, value)| value.trim().to_owned());
    let named = |name: &str| cpuinfo.lines().find(|line| line.starts_with(name)).and_then(value);
    let count = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let name = named("model name").unwrap_or_else(|| format!("a processor of {}", std::env::consts::ARCH));
    let flags = named("flags").or_else(|| named("Features")).unwrap_or_default();
    let has = |wanted: &str| flags.split_whitespace().any(|flag| flag == wanted);
    let known: Vec<&str> =
        INSTRUCTIONS.iter().filter(|(flag, _)| has(flag)).map(|(_, shown)| *shown).collect();
    let instructions = if known.is_empty() { String::new() } else { format!(" with {}", known.join(", ")) };
    format!("{} cores of {name}{instructions}", count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_named_with_the_instructions_that_matter() {
        let core =
            "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t\t: fpu avx2 avx512f avx512_vnni sse\n\n";
        let two = [core, core].concat();
        assert_eq!(described(&two), "2 cores of Some CPU @ 2 GHz with AVX2, AVX-512, AVX512-VNNI");
        assert!(described("").starts_with("1 cores of a processor of"));
    }
}

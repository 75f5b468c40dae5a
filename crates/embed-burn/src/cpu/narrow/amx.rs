//! Narrow products with AMX: tiles of 16 rows of 64 bytes, multiplied by one instruction.
//!
//! Stable Rust has no intrinsics for AMX, so this is assembly. A block is 32 rows by 32 columns: two tiles of rows, two of
//! weights, four of sums. What a row gets is added up in the order of its slots, whatever rows stand beside it.
#![allow(unsafe_code)]

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::sync::OnceLock;

use super::{COLUMNS, Format, HALF, NarrowProduct, ROWS, STEP, int8};

/// Whether the processor has the tiles and products of the format, and the kernel lets this process use them.
pub(super) fn granted(format: Format) -> bool {
    // Leaf 7 is there on every processor with AVX-512, which the caller has looked for.
    let features = __cpuid_count(7, 0).edx;
    let (bf16, tiles, int8) = (1 << 22, 1 << 24, 1 << 25);
    let needed = tiles | if format == Format::Bf16 { bf16 } else { int8 };
    features & needed == needed && permitted()
}

/// Asks the kernel, once, to keep the tiles' state for the threads of this process.
fn permitted() -> bool {
    static PERMITTED: OnceLock<bool> = OnceLock::new();
    *PERMITTED.get_or_init(|| {
        const ARCH_PRCTL: i64 = 158;
        const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
        const XTILEDATA: i64 = 18;
        let result: i64;
        // SAFETY: a system call that reads two numbers and no memory, and changes nothing but what this process may use.
        // An older kernel answers with an error.
        unsafe {
            asm!(
                "syscall",
                inlateout("rax") ARCH_PRCTL => result,
                in("rdi") ARCH_REQ_XCOMP_PERM,
                in("rsi") XTILEDATA,
                out("rcx") _,
                out("r11") _,
                options(nostack),
            );
        }
        result == 0
    })
}

/// The shape of the eight tiles, as the processor reads it.
#[repr(C, align(64))]
struct Shapes([u8; 64]);

/// All tiles are 16 rows of 64 bytes.
const SHAPES: Shapes = {
    let mut shapes = [0; 64];
    // The only palette there is.
    shapes[0] = 1;
    let mut tile = 0;
    while tile < 8 {
        // Bytes of a row, 16 bits each from byte 16 on, and rows, 8 bits each from byte 48 on.
        shapes[16 + 2 * tile] = 64;
        shapes[48 + tile] = 16;
        tile += 1;
    }
    Shapes(shapes)
};

/// Four tiles of sums, row by row: bits of f32 or i32.
#[repr(C, align(64))]
struct Sums([[u32; COLUMNS]; ROWS]);

macro_rules! products {
    ($name:ident, $features:literal, $dot:literal, $finish:ident, $number:expr) => {
        #[target_feature(enable = $features)]
        pub(super) fn $name(mut product: NarrowProduct<'_>) {
            let format = product.weights.format();
            let steps = product.weights.depth() / STEP;
            let slots = format.row_slots(product.weights.inputs());
            let head = if format == Format::Int8 { int8::HEAD } else { 0 };
            // Tiles of rows are read whole: the caller left room for that, and here it is looked at.
            assert!(product.slots.len() >= product.rows.next_multiple_of(ROWS) * slots);
            let mut sums = Sums([[0; COLUMNS]; ROWS]);
            // SAFETY: the processor has tiles and the kernel granted their state, see `granted`; `SHAPES` is the 64 bytes
            // that are read. The compiler uses no tiles, so it loses nothing.
            unsafe { asm!("ldtilecfg [{}]", in(reg) &SHAPES, options(nostack)) };
            for panel in product.panels.clone() {
                let weights = product.weights.panel(panel);
                assert!(weights.len() == steps * 2 * STEP * HALF);
                for first in (0..product.rows).step_by(ROWS) {
                    let upper = product.slots[first * slots + head..].as_ptr();
                    // SAFETY: reads 16 rows of 64 bytes at `upper` and at 16 rows below it, for each step within a row:
                    // rows up to the next multiple of 32 lie in `slots`, which was looked at above. Reads 1 KiB of
                    // weights twice for each step, which is their length. Writes 32 rows of 128 bytes: the whole of
                    // `sums`.
                    unsafe {
                        let lower = upper.add(16 * slots);
                        asm!("tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3", options(nostack, nomem));
                        for step in 0..steps {
                            asm!(
                                "tileloadd tmm6, [{left} + {line}*1]",
                                "tileloadd tmm4, [{upper} + {row}*1]",
                                concat!($dot, " tmm0, tmm4, tmm6"),
                                "tileloadd tmm7, [{right} + {line}*1]",
                                concat!($dot, " tmm1, tmm4, tmm7"),
                                "tileloadd tmm5, [{lower} + {row}*1]",
                                concat!($dot, " tmm2, tmm5, tmm6"),
                                concat!($dot, " tmm3, tmm5, tmm7"),
                                upper = in(reg) upper.add(step * STEP),
                                lower = in(reg) lower.add(step * STEP),
                                left = in(reg) weights.as_ptr().add(step * 2 * STEP * HALF),
                                right = in(reg) weights.as_ptr().add((step * 2 + 1) * STEP * HALF),
                                row = in(reg) slots * size_of::<f32>(),
                                line = in(reg) HALF * size_of::<f32>(),
                                options(nostack, readonly),
                            );
                        }
                        let to = sums.0.as_mut_ptr().cast::<u32>();
                        asm!(
                            "tilestored [{upper_left} + {row}*1], tmm0",
                            "tilestored [{upper_right} + {row}*1], tmm1",
                            "tilestored [{lower_left} + {row}*1], tmm2",
                            "tilestored [{lower_right} + {row}*1], tmm3",
                            upper_left = in(reg) to,
                            upper_right = in(reg) to.add(HALF),
                            lower_left = in(reg) to.add(16 * COLUMNS),
                            lower_right = in(reg) to.add(16 * COLUMNS + HALF),
                            row = in(reg) COLUMNS * size_of::<u32>(),
                            options(nostack),
                        );
                    }
                    for row in first..product.rows.min(first + ROWS) {
                        let mut line = [Default::default(); COLUMNS];
                        for (line, bits) in line.iter_mut().zip(&sums.0[row - first]) {
                            *line = $number(*bits);
                        }
                        product.$finish(panel, row, &line);
                    }
                }
            }
            // SAFETY: gives the tiles back, so that the kernel need not keep them when it switches threads.
            unsafe { asm!("tilerelease", options(nostack, nomem)) };
        }
    };
}

products!(run_bf16, "avx512f,avx512bw,avx512dq,avx512vl", "tdpbf16ps", finish, f32::from_bits);
products!(run_int8, "avx512f,avx512bw,avx512dq,avx512vl", "tdpbusd", finish_whole, u32::cast_signed);

//! Narrow products with AMX: tiles of 16 rows of 64 bytes, multiplied by one instruction.
//!
//! Stable Rust has no intrinsics for AMX, so this is assembly; numbers are narrowed with AVX-512. A block is 32 rows by
//! 32 columns: two tiles of rows, two of weights, four of sums; of 16 rows or fewer, half of that. What a row gets is added
//! up in the order of its slots, whatever rows stand beside it.
#![allow(unsafe_code)]

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::sync::OnceLock;

use super::kernel::{Bf16, Kernel, SlotRows, Sums};
use super::{COLUMNS, Format, HALF, NarrowAttention, NarrowProduct, ROWS, STEP, avx512};

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

/// Rows of a tile.
const TILE: usize = 16;

/// The shape of the eight tiles, as the processor reads it.
#[repr(C, align(64))]
struct Shapes([u8; 64]);

/// All tiles are [`TILE`] rows of 64 bytes.
const SHAPES: Shapes = {
    let mut shapes = [0; 64];
    // The only palette there is.
    shapes[0] = 1;
    let mut tile = 0;
    while tile < 8 {
        // Bytes of a row, 16 bits each from byte 16 on, and rows, 8 bits each from byte 48 on.
        shapes[16 + 2 * tile] = 64;
        shapes[48 + tile] = TILE as u8;
        tile += 1;
    }
    Shapes(shapes)
};

/// AMX-BF16, with tiles that are shaped. Made in the functions below only.
#[derive(Clone, Copy)]
struct Pairs(avx512::Pairs);

/// AMX-INT8, with tiles that are shaped. Made in the functions below only.
#[derive(Clone, Copy)]
struct Wholes(avx512::Wholes);

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn run_bf16(product: NarrowProduct<'_>) {
    shape();
    product.compute(Pairs(avx512::Pairs::new()));
    release();
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(super) fn run_int8(product: NarrowProduct<'_>) {
    shape();
    product.compute(Wholes(avx512::Wholes::new()));
    release();
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
pub(super) fn attend(attention: NarrowAttention<'_>) {
    shape();
    attention.compute(Pairs(avx512::Pairs::new()));
    release();
}

/// Shapes the tiles. Called by the functions above only, for which the processor has tiles.
#[inline(always)]
fn shape() {
    // SAFETY: the processor has tiles and the kernel granted their state, see `granted`; `SHAPES` is the 64 bytes that are
    // read. The compiler uses no tiles, so it loses nothing.
    unsafe { asm!("ldtilecfg [{}]", in(reg) &SHAPES, options(nostack)) };
}

/// Gives the tiles back. Called by the functions above only.
#[inline(always)]
fn release() {
    // SAFETY: as in `shape`; the kernel then need not keep the tiles when it switches threads.
    unsafe { asm!("tilerelease", options(nostack, nomem)) };
}

/// What kernels of this file have alike: blocks by tiles, and vectors as AVX-512 has them.
macro_rules! alike {
    ($dot:literal) => {
        #[inline(always)]
        fn block(self, rows: SlotRows<'_>, first: usize, count: usize, panel: &[f32], sums: &mut Sums) {
            let SlotRows { slots, stride, head } = rows;
            let steps = panel.len() / (2 * STEP * HALF);
            // Tiles of rows are read whole: the caller left room for that, and here it is looked at.
            let read = if count > TILE { 2 * TILE } else { TILE };
            assert!(slots.len() >= (first + read) * stride && stride >= head + steps * STEP);
            let upper = slots[first * stride + head..].as_ptr();
            let to = sums.0.as_mut_ptr().cast::<u32>();
            // SAFETY: reads 16 rows of 64 bytes at `upper` and, of more than 16, at 16 rows below it, for each step within a
            // row: as many rows from `first` on lie in `slots`, and the steps in a row, which was looked at above. Reads
            // 1 KiB of weights twice for each step, which is the panel's length. Writes as many rows of 128 bytes, of the 32
            // of `sums`. The tiles are shaped: a value of this type is made only after that.
            unsafe {
                if count > TILE {
                    let lower = upper.add(TILE * stride);
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
                            left = in(reg) panel.as_ptr().add(step * 2 * STEP * HALF),
                            right = in(reg) panel.as_ptr().add((step * 2 + 1) * STEP * HALF),
                            row = in(reg) stride * size_of::<f32>(),
                            line = in(reg) HALF * size_of::<f32>(),
                            options(nostack, readonly),
                        );
                    }
                    asm!(
                        "tilestored [{left} + {row}*1], tmm2",
                        "tilestored [{right} + {row}*1], tmm3",
                        left = in(reg) to.add(TILE * COLUMNS),
                        right = in(reg) to.add(TILE * COLUMNS + HALF),
                        row = in(reg) COLUMNS * size_of::<u32>(),
                        options(nostack),
                    );
                } else {
                    asm!("tilezero tmm0", "tilezero tmm1", options(nostack, nomem));
                    for step in 0..steps {
                        asm!(
                            "tileloadd tmm6, [{left} + {line}*1]",
                            "tileloadd tmm4, [{upper} + {row}*1]",
                            concat!($dot, " tmm0, tmm4, tmm6"),
                            "tileloadd tmm7, [{right} + {line}*1]",
                            concat!($dot, " tmm1, tmm4, tmm7"),
                            upper = in(reg) upper.add(step * STEP),
                            left = in(reg) panel.as_ptr().add(step * 2 * STEP * HALF),
                            right = in(reg) panel.as_ptr().add((step * 2 + 1) * STEP * HALF),
                            row = in(reg) stride * size_of::<f32>(),
                            line = in(reg) HALF * size_of::<f32>(),
                            options(nostack, readonly),
                        );
                    }
                }
                asm!(
                    "tilestored [{left} + {row}*1], tmm0",
                    "tilestored [{right} + {row}*1], tmm1",
                    left = in(reg) to,
                    right = in(reg) to.add(HALF),
                    row = in(reg) COLUMNS * size_of::<u32>(),
                    options(nostack),
                );
            }
        }

        #[inline(always)]
        fn narrow(self, input: &[f32], inputs: usize, slots: &mut [f32]) {
            self.0.narrow(input, inputs, slots);
        }

        #[inline(always)]
        fn all(self, number: f32) -> Self::Lanes {
            self.0.all(number)
        }

        #[inline(always)]
        fn load(self, numbers: &[f32; HALF]) -> Self::Lanes {
            self.0.load(numbers)
        }

        #[inline(always)]
        fn real(self, sums: &[u32; HALF]) -> Self::Lanes {
            self.0.real(sums)
        }
    };
}

impl Kernel for Pairs {
    type Lanes = <avx512::Pairs as Kernel>::Lanes;

    const FORMAT: Format = Format::Bf16;
    const BLOCK: usize = ROWS;
    const TILE: usize = TILE;

    alike!("tdpbf16ps");
}

impl Bf16 for Pairs {
    #[inline(always)]
    fn pairs(self, numbers: &[f32; 2 * STEP], slots: &mut [f32; STEP]) {
        self.0.pairs(numbers, slots);
    }

    #[inline(always)]
    fn between(self, first: &[f32; HALF], second: &[f32; HALF], slots: &mut [f32; HALF]) {
        self.0.between(first, second, slots);
    }

    #[inline(always)]
    fn turned(self, rows: &[[f32; STEP]; HALF], columns: &mut [[f32; HALF]; STEP]) {
        self.0.turned(rows, columns);
    }
}

impl Kernel for Wholes {
    type Lanes = <avx512::Wholes as Kernel>::Lanes;

    const FORMAT: Format = Format::Int8;
    const BLOCK: usize = ROWS;
    const TILE: usize = TILE;

    alike!("tdpbusd");
}

//! [`NarrowIsa`]: with which of the processor's instructions narrow products are computed.

use super::{Format, NarrowProduct};

/// Instructions that this processor has for a format: a value of this type is the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NarrowIsa {
    format: Format,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One number after the other: the oracle of the tests.
    #[cfg(test)]
    Portable,
    /// AVX512-BF16 or AVX512-VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AMX-BF16 or AMX-INT8; rows are narrowed as with AVX-512.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    Amx,
}

impl NarrowIsa {
    /// The best that this processor has for the format, if it has any: without such instructions f32 is faster.
    pub(crate) fn best(format: Format) -> Option<Self> {
        Self::present(format).pop()
    }

    /// All that this processor has for the format, the best last.
    fn present(format: Format) -> Vec<Self> {
        let mut present = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            let dots = match format {
                Format::Bf16 => is_x86_feature_detected!("avx512bf16"),
                Format::Int8 => is_x86_feature_detected!("avx512vnni"),
            };
            if avx512 && dots {
                present.push(NarrowIsa { format, kind: Kind::Avx512 });
                #[cfg(target_os = "linux")]
                if super::amx::granted(format) {
                    present.push(NarrowIsa { format, kind: Kind::Amx });
                }
            }
        }
        let _ = format;
        present
    }

    /// All, the portable one included.
    #[cfg(test)]
    pub(crate) fn all(format: Format) -> Vec<Self> {
        [vec![NarrowIsa { format, kind: Kind::Portable }], Self::present(format)].concat()
    }

    /// The numbers that they are for.
    pub(crate) fn format(self) -> Format {
        self.format
    }

    /// The instructions' name, for people.
    pub(crate) fn name(self) -> &'static str {
        match (self.kind, self.format) {
            #[cfg(test)]
            (Kind::Portable, _) => "none",
            #[cfg(target_arch = "x86_64")]
            (Kind::Avx512, Format::Bf16) => "AVX512-BF16",
            #[cfg(target_arch = "x86_64")]
            (Kind::Avx512, Format::Int8) => "AVX512-VNNI",
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            (Kind::Amx, Format::Bf16) => "AMX-BF16",
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            (Kind::Amx, Format::Int8) => "AMX-INT8",
        }
    }

    /// Turns rows of `inputs` numbers into rows of slots.
    #[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]
    pub(super) fn narrow(self, input: &[f32], inputs: usize, slots: &mut [f32]) {
        match (self.kind, self.format) {
            #[cfg(test)]
            (Kind::Portable, format) => super::portable::narrow(format, input, inputs, slots),
            // SAFETY: needs AVX-512 F, BW, DQ and VL, and AVX512-BF16. A value with this format is made in `present` only,
            // after all were found.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            (_, Format::Bf16) => unsafe { super::avx512::narrow_bf16(input, inputs, slots) },
            // SAFETY: the same, with AVX512-VNNI.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            (_, Format::Int8) => unsafe { super::avx512::narrow_int8(input, inputs, slots) },
        }
    }

    /// Computes a product of numbers of its format.
    pub(super) fn run(self, product: NarrowProduct<'_>) {
        match (self.kind, self.format) {
            #[cfg(test)]
            (Kind::Portable, _) => super::portable::run(product),
            // SAFETY: as in `narrow`.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            (Kind::Avx512, Format::Bf16) => unsafe { super::avx512::run_bf16(product) },
            // SAFETY: as in `narrow`.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            (Kind::Avx512, Format::Int8) => unsafe { super::avx512::run_int8(product) },
            // SAFETY: as in `narrow`; and the value is made only after the processor said that it has tiles and their
            // products for the format, and the kernel granted this process their state.
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            #[allow(unsafe_code)]
            (Kind::Amx, Format::Bf16) => unsafe { super::amx::run_bf16(product) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            #[allow(unsafe_code)]
            (Kind::Amx, Format::Int8) => unsafe { super::amx::run_int8(product) },
        }
    }
}

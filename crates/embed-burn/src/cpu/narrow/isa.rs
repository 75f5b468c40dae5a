//! [`NarrowIsa`]: with which of the processor's instructions narrow products are computed.

use super::{Format, NarrowAttention, NarrowProduct};

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
    /// AVX2, for whole numbers.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-VNNI, for whole numbers.
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    /// What AVX-VNNI does, as processors with AVX-512 have it.
    #[cfg(all(test, target_arch = "x86_64"))]
    Avx512Vl,
    /// AVX512-BF16 or AVX512-VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AMX-BF16 or AMX-INT8; rows are narrowed as with AVX-512.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    Amx,
}

impl NarrowIsa {
    /// The best that this processor has for the format, if it has any that is faster than f32.
    pub(crate) fn best(format: Format) -> Option<Self> {
        Self::present(format).into_iter().rev().find(|isa| isa.pays())
    }

    /// Whether it is faster than f32. AVX512-BF16 is so on AMD's processors (2 ×, Zen 4 and 5). On Intel's its dot product takes
    /// as long as 3.3 multiply-adds and does the work of two (Emerald Rapids: 0.75 ns beside 0.23 ns).
    fn pays(self) -> bool {
        match (self.kind, self.format) {
            #[cfg(target_arch = "x86_64")]
            (Kind::Avx512, Format::Bf16) => is_of_amd(),
            _ => true,
        }
    }

    /// All that this processor has for the format, the best last.
    pub(crate) fn present(format: Format) -> Vec<Self> {
        let mut present = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 && format == Format::Int8 {
                present.push(NarrowIsa { format, kind: Kind::Avx2 });
                if is_x86_feature_detected!("avxvnni") {
                    present.push(NarrowIsa { format, kind: Kind::AvxVnni });
                }
                #[cfg(test)]
                if is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512vnni") {
                    present.push(NarrowIsa { format, kind: Kind::Avx512Vl });
                }
            }
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

    /// Those for attention beside these, if this processor has any: attention is in bf16 where products are in whole numbers
    /// too.
    pub(crate) fn attention(self) -> Option<Self> {
        match self.kind {
            #[cfg(test)]
            Kind::Portable => Some(NarrowIsa { format: Format::Bf16, kind: Kind::Portable }),
            #[cfg(target_arch = "x86_64")]
            _ => Self::best(Format::Bf16),
        }
    }

    /// The largest whole number that weights are packed to.
    pub(crate) fn largest_weight(self) -> i8 {
        match self.kind {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => 63,
            _ => 127,
        }
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
            (Kind::Avx2, _) => "AVX2",
            #[cfg(target_arch = "x86_64")]
            (Kind::AvxVnni, _) => "AVX-VNNI",
            #[cfg(all(test, target_arch = "x86_64"))]
            (Kind::Avx512Vl, _) => "AVX512-VL",
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
            // SAFETY: needs AVX2 and FMA, which `present` looked for too.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            (Kind::Avx2 | Kind::AvxVnni, Format::Int8) => unsafe {
                super::avx2::narrow(input, inputs, slots);
            },
            // SAFETY: as above.
            #[cfg(all(test, target_arch = "x86_64"))]
            #[allow(unsafe_code)]
            (Kind::Avx512Vl, Format::Int8) => unsafe { super::avx2::narrow(input, inputs, slots) },
            // SAFETY: needs AVX-512 F, BW, DQ and VL, and AVX512-VNNI, which `present` looked for too.
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
            (Kind::Avx2, _) => unsafe { super::avx2::run_avx2(product) },
            // SAFETY: as in `narrow`; AVX-VNNI too was looked for.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            (Kind::AvxVnni, _) => unsafe { super::avx2::run_avx_vnni(product) },
            // SAFETY: as in `narrow`; the rest of AVX-512 that it needs too was looked for.
            #[cfg(all(test, target_arch = "x86_64"))]
            #[allow(unsafe_code)]
            (Kind::Avx512Vl, _) => unsafe { super::avx2::run_avx512_vl(product) },
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

    /// Computes attention. These are instructions for bf16: with others it panics.
    pub(super) fn attend(self, attention: NarrowAttention<'_>) {
        assert_eq!(self.format, Format::Bf16);
        match self.kind {
            #[cfg(test)]
            Kind::Portable => super::portable::attend(attention),
            // SAFETY: as in `narrow`.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Kind::Avx512 => unsafe { super::avx512::attend(attention) },
            // Never made for bf16.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 | Kind::AvxVnni => {}
            #[cfg(all(test, target_arch = "x86_64"))]
            Kind::Avx512Vl => {}
            // SAFETY: as in `run`.
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            #[allow(unsafe_code)]
            Kind::Amx => unsafe { super::amx::attend(attention) },
        }
    }
}

/// The processor's maker, by the first thing that it can be asked.
#[cfg(target_arch = "x86_64")]
fn is_of_amd() -> bool {
    let said = std::arch::x86_64::__cpuid(0);
    let name = [said.ebx, said.edx, said.ecx].map(u32::to_le_bytes);
    name.as_flattened() == b"AuthenticAMD"
}

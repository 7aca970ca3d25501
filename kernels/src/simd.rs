//! The widest vectors that this machine has, for loops that the compiler vectorises.
//!
//! A [`Work`] is compiled once for the build's target and once more for AVX2; [`run`] takes the
//! latter where the processor has it. Both give the same bits: the compiler neither reorders nor
//! fuses floating-point operations, it only does more of them at a time.
//!
//! This is the only file of the crate with `unsafe` in it. Measured on the Sobel filters of a 1024²
//! tile, 21 px: see the bench `postprocess`.

/// A loop over arrays. `work` and all that it calls must be `#[inline(always)]`, else the callee is
/// compiled for the build's target alone.
pub(crate) trait Work {
    type Output;
    fn work(self) -> Self::Output;
}

/// Does the work.
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the line above found AVX2 on this processor, which is all that `with_avx2` asks for.
        #[expect(unsafe_code, reason = "a function for a wider instruction set than the build's")]
        return unsafe { with_avx2(work) };
    }
    work.work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<W: Work>(work: W) -> W::Output {
    work.work()
}

#[cfg(test)]
mod tests {
    use super::{Work, run};

    struct Sums<'a>(&'a [f32]);

    impl Work for Sums<'_> {
        type Output = [f32; 16];

        #[inline(always)]
        fn work(self) -> [f32; 16] {
            let mut sums = [0.0; 16];
            for lanes in self.0.as_chunks::<16>().0 {
                for (sum, value) in sums.iter_mut().zip(lanes) {
                    *sum += value * 1.1 + 0.3;
                }
            }
            sums
        }
    }

    #[test]
    fn wider_vectors_give_the_same_bits() {
        let values: Vec<f32> = (0..4096).map(|i| (i as f32).sin()).collect();

        assert_eq!(run(Sums(&values)).map(f32::to_bits), Sums(&values).work().map(f32::to_bits));
    }
}

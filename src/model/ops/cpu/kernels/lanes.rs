//! WebAssembly's SIMD vectors, and a portable version with the same interface, so that native tests cover everything
//! but the instructions themselves.

#[cfg(not(target_arch = "wasm32"))]
pub use portable::{LANES, Lanes};
#[cfg(target_arch = "wasm32")]
pub use vectors::{LANES, Lanes};

#[cfg(target_arch = "wasm32")]
mod vectors {
    use core::arch::wasm32::*;

    /// How many numbers a vector has.
    pub const LANES: usize = 4;

    /// A vector of WebAssembly.
    #[derive(Clone, Copy)]
    pub struct Lanes(v128);

    impl Lanes {
        pub const ZERO: Self = Self(f32x4(0.0, 0.0, 0.0, 0.0));

        /// # Safety
        ///
        /// There must be `LANES` numbers; they may lie at any address.
        #[inline(always)]
        pub unsafe fn load(values: *const f32) -> Self {
            // SAFETY: the caller ensures it.
            Self(unsafe { v128_load(values.cast()) })
        }

        /// # Safety
        ///
        /// As for `load`.
        #[inline(always)]
        pub unsafe fn store(self, values: *mut f32) {
            // SAFETY: the caller ensures it.
            unsafe { v128_store(values.cast(), self.0) }
        }

        #[inline(always)]
        pub fn splat(value: f32) -> Self {
            Self(f32x4_splat(value))
        }

        /// # Safety
        ///
        /// There must be twice `LANES` integers.
        #[inline(always)]
        pub unsafe fn load_integers(values: *const i8) -> [Self; 2] {
            // SAFETY: the caller ensures it.
            let words = unsafe { i16x8_load_extend_i8x8(values) };
            [
                Self(f32x4_convert_i32x4(i32x4_extend_low_i16x8(words))),
                Self(f32x4_convert_i32x4(i32x4_extend_high_i16x8(words))),
            ]
        }

        #[inline(always)]
        pub fn mul(self, other: Self) -> Self {
            Self(f32x4_mul(self.0, other.0))
        }

        #[inline(always)]
        pub fn add(self, other: Self) -> Self {
            Self(f32x4_add(self.0, other.0))
        }

        #[inline(always)]
        pub fn clamp(self, low: f32, high: f32) -> Self {
            Self(f32x4_pmin(f32x4_pmax(self.0, f32x4_splat(low)), f32x4_splat(high)))
        }

        /// `self * factor + term`; with relaxed SIMD it may be rounded only once.
        #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
        #[inline]
        pub fn mul_add(self, factor: Self, term: Self) -> Self {
            #[cfg(feature = "relaxed-simd")]
            return Self(f32x4_relaxed_madd(self.0, factor.0, term.0));
            #[cfg(not(feature = "relaxed-simd"))]
            Self(f32x4_add(f32x4_mul(self.0, factor.0), term.0))
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod portable {
    pub const LANES: usize = 4;

    #[derive(Clone, Copy)]
    pub struct Lanes([f32; LANES]);

    impl Lanes {
        pub const ZERO: Self = Self([0.0; LANES]);

        /// # Safety
        ///
        /// There must be `LANES` numbers.
        pub unsafe fn load(values: *const f32) -> Self {
            // SAFETY: the caller ensures it.
            Self(unsafe { values.cast::<[f32; LANES]>().read() })
        }

        /// # Safety
        ///
        /// As for `load`.
        pub unsafe fn store(self, values: *mut f32) {
            // SAFETY: the caller ensures it.
            unsafe { values.cast::<[f32; LANES]>().write(self.0) }
        }

        pub fn splat(value: f32) -> Self {
            Self([value; LANES])
        }

        /// # Safety
        ///
        /// There must be twice `LANES` integers.
        pub unsafe fn load_integers(values: *const i8) -> [Self; 2] {
            // SAFETY: the caller ensures it.
            let values = unsafe { values.cast::<[i8; 2 * LANES]>().read() };
            let half = |from: usize| std::array::from_fn(|lane| f32::from(values[from + lane]));
            [Self(half(0)), Self(half(LANES))]
        }

        pub fn mul(self, other: Self) -> Self {
            Self(std::array::from_fn(|lane| self.0[lane] * other.0[lane]))
        }

        pub fn add(self, other: Self) -> Self {
            Self(std::array::from_fn(|lane| self.0[lane] + other.0[lane]))
        }

        pub fn clamp(self, low: f32, high: f32) -> Self {
            Self(self.0.map(|value| value.clamp(low, high)))
        }

        pub fn mul_add(self, factor: Self, term: Self) -> Self {
            Self(std::array::from_fn(|lane| self.0[lane] * factor.0[lane] + term.0[lane]))
        }
    }
}

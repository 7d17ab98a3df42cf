//! The pool of workers as the page provides it.

use wasm_bindgen::prelude::*;

use crate::model::ops::pool::{self, Member, Workers};

#[wasm_bindgen]
extern "C" {
    /// `Pool` of `www/worker/pool.js`; its methods are those of [`Workers`].
    #[wasm_bindgen(typescript_type = "Pool")]
    pub type Pool;

    #[wasm_bindgen(method)]
    fn ready(this: &Pool) -> usize;

    #[wasm_bindgen(method)]
    fn capacity(this: &Pool) -> usize;

    #[wasm_bindgen(method)]
    fn give(this: &Pool, member: usize, offset: usize, values: &[f32]);

    #[wasm_bindgen(method)]
    fn start(this: &Pool, member: usize, job: &[u32], inputs: usize);

    #[wasm_bindgen(method)]
    fn finish(this: &Pool, member: usize, may_take_back: bool, out: &mut [f32]) -> bool;
}

impl Workers for Pool {
    fn ready(&self) -> usize {
        self.ready()
    }

    fn capacity(&self) -> usize {
        self.capacity()
    }

    fn give(&self, member: usize, offset: usize, values: &[f32]) {
        self.give(member, offset, values);
    }

    fn start(&self, member: usize, job: &[u32], inputs: usize) {
        self.start(member, job, inputs);
    }

    fn finish(&self, member: usize, may_take_back: bool, out: &mut [f32]) -> bool {
        self.finish(member, may_take_back, out)
    }
}

/// Gives this instance a pool of workers.
#[wasm_bindgen(js_name = joinPool)]
pub fn join_pool(pool: Pool) {
    pool::join(Box::new(pool));
}

/// A member of a pool, in an instance of its own.
#[wasm_bindgen]
#[derive(Default)]
pub struct PoolMember(Member);

#[wasm_bindgen]
impl PoolMember {
    /// One that keeps no weights.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Does a share: a job as the lead encodes it, and its inputs one after another.
    pub fn work(&mut self, job: &[u32], inputs: &[f32]) -> Vec<f32> {
        self.0.work(job, inputs)
    }
}

//! The pool of workers, which the page provides.

use wasm_bindgen::prelude::*;

use crate::model::ops::pool::{self, Member, Neighbours, Side, Workers};

#[wasm_bindgen]
extern "C" {
    /// `Pool` of `www/worker/pool.js`; its methods are those of [`Workers`].
    #[wasm_bindgen(typescript_type = "Pool")]
    pub type Pool;

    #[wasm_bindgen(method)]
    fn ready(this: &Pool) -> usize;

    #[wasm_bindgen(method)]
    fn help(this: &Pool) -> bool;

    #[wasm_bindgen(method)]
    fn ended(this: &Pool, members: usize);

    #[wasm_bindgen(method)]
    fn capacity(this: &Pool) -> usize;

    #[wasm_bindgen(method)]
    fn give(this: &Pool, member: usize, offset: usize, values: &[f32]);

    #[wasm_bindgen(method)]
    fn start(this: &Pool, member: usize, job: &[u32], inputs: usize);

    #[wasm_bindgen(method)]
    fn room(this: &Pool) -> usize;

    #[wasm_bindgen(method)]
    fn send(this: &Pool, values: &[f32]);

    #[wasm_bindgen(method)]
    fn receive(this: &Pool, may_take_back: bool, out: &mut [f32]) -> bool;

    #[wasm_bindgen(method)]
    fn finish(this: &Pool, member: usize, may_take_back: bool, out: &mut [f32]) -> bool;

    /// The neighbours of a member, which `www/worker/member.js` provides.
    #[wasm_bindgen(typescript_type = "Neighbours")]
    pub type Beside;

    #[wasm_bindgen(method)]
    fn send(this: &Beside, above: bool, values: &[f32]);

    #[wasm_bindgen(method)]
    fn receive(this: &Beside, above: bool, out: &mut [f32]) -> bool;
}

impl Workers for Pool {
    fn ready(&self) -> usize {
        self.ready()
    }

    fn help(&self) -> bool {
        Pool::help(self)
    }

    fn ended(&self, members: usize) {
        Pool::ended(self, members);
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

    fn room(&self) -> usize {
        self.room()
    }

    fn send(&self, values: &[f32]) {
        self.send(values);
    }

    fn receive(&self, may_take_back: bool, out: &mut [f32]) -> bool {
        self.receive(may_take_back, out)
    }

    fn finish(&self, member: usize, may_take_back: bool, out: &mut [f32]) -> bool {
        self.finish(member, may_take_back, out)
    }
}

/// Gives this instance its pool of workers.
#[wasm_bindgen(js_name = joinPool)]
pub fn join_pool(pool: Pool) {
    pool::join(Box::new(pool));
}

impl Neighbours for Beside {
    fn send(&self, to: Side, values: &[f32]) {
        self.send(to == Side::Above, values);
    }

    fn receive(&self, from: Side, out: &mut [f32]) -> bool {
        self.receive(from == Side::Above, out)
    }
}

/// A member of a pool, which is an instance of its own.
#[wasm_bindgen]
pub struct PoolMember {
    member: Member,
    neighbours: Beside,
}

#[wasm_bindgen]
impl PoolMember {
    /// A member without cached weights.
    #[wasm_bindgen(constructor)]
    pub fn new(neighbours: Beside) -> Self {
        Self { member: Member::default(), neighbours }
    }

    /// Computes a share, given a job as encoded by the lead, and its inputs one after another.
    ///
    /// # Errors
    ///
    /// Where a neighbour does not send what the share needs.
    pub fn work(&mut self, job: &[u32], inputs: &[f32]) -> Result<Vec<f32>, JsError> {
        let lost = || JsError::new("a neighbour is lost");
        self.member.work(job, inputs, &self.neighbours).ok_or_else(lost)
    }
}

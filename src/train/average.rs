//! A moving average of weights, which generalises better than the weights themselves.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};

/// Exponential moving average of all trainable parameters of a module.
#[derive(Debug)]
pub struct Average {
    decay: f32,
    steps: i32,
    values: HashMap<ParamId, Vec<f32>>,
}

impl Average {
    /// An average without values yet; `decay` is the weight of the previous average at each step.
    pub fn new(decay: f32) -> Self {
        Self { decay, steps: 0, values: HashMap::new() }
    }

    /// Continues from an averaged module.
    pub fn resume<M: Module>(decay: f32, steps: usize, averaged: &M) -> Self {
        let mut average = Self { decay, steps: steps as i32, values: HashMap::new() };
        averaged.visit(&mut Update { average: &mut average, share: 1.0 });
        average
    }

    /// Adds the parameters after a step to the average. The first steps get a higher weight, so that the influence of
    /// the untrained parameters soon vanishes.
    pub fn update<M: Module>(&mut self, module: &M) {
        self.steps += 1;
        let decay = self.decay.min(self.steps as f32 / (self.steps as f32 + 10.0));
        module.visit(&mut Update { average: self, share: 1.0 - decay });
    }

    /// The module with averaged parameters.
    pub fn of<M: Module>(&self, module: M) -> M {
        module.map(&mut Replace(self))
    }
}

struct Update<'a> {
    average: &'a mut Average,
    share: f32,
}

impl ModuleVisitor for Update<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        let Ok(values) = param.val().into_data().try_into_vec::<f32>() else { return };
        match self.average.values.get_mut(&param.id) {
            None => {
                self.average.values.insert(param.id, values);
            }
            Some(average) => {
                for (average, value) in average.iter_mut().zip(values) {
                    *average += (value - *average) * self.share;
                }
            }
        }
    }
}

struct Replace<'a>(&'a Average);

impl ModuleMapper for Replace<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.0.values.get(&param.id) {
            None => param,
            Some(values) => param.map(|tensor| {
                let data = TensorData::new(values.clone(), tensor.shape());
                let device = tensor.device();
                Tensor::from_data(data, &device).set_require_grad(tensor.is_require_grad())
            }),
        }
    }
}

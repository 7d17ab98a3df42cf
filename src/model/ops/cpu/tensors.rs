//! The values of Burn's tensors on the CPU device.

use burn::backend::DispatchDevice;
use burn::backend::flex::FlexTensor;
use burn::tensor::Device;

/// Whether a device is the CPU, with gradients or without.
pub fn is_available(device: &Device) -> bool {
    matches!(device.as_dispatch().clone().inner(), DispatchDevice::Flex(_))
}

/// The tensor with its values contiguous and in row-major order.
pub fn dense(tensor: &FlexTensor) -> FlexTensor {
    if tensor.as_slice::<f32>().is_some() { tensor.clone() } else { tensor.to_contiguous() }
}

/// The values of a dense tensor.
pub fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().unwrap_or_default()
}

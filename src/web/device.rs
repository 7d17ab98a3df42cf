//! The device of this build.

use burn::tensor::Device;
use wasm_bindgen::prelude::*;

use super::objects::DeviceInfo;
#[cfg(feature = "wgpu")]
use crate::error::Error;
use crate::error::Result;

#[cfg(feature = "wgpu")]
unsafe extern "C" {
    /// Runs the constructors of the program, such as CubeCL's registration of its operations.
    safe fn __wasm_call_ctors();
}

#[wasm_bindgen(start)]
fn start() {
    // Without this call the linker would make every exported function run the constructors first. On WebGPU that took
    // most of the time.
    #[cfg(feature = "wgpu")]
    __wasm_call_ctors();
    console_error_panic_hook::set_once();
}

/// Starts the device, once for each instance of the module.
pub async fn start_device() -> Result<(Device, DeviceInfo)> {
    #[cfg(feature = "wgpu")]
    {
        let (device, setup) = Device::wgpu_options()
            .init_with_setup_async()
            .await
            .map_err(|error| Error::Device(error.into()))?;
        let info = setup.adapter.get_info();
        let name = if info.name.is_empty() { info.driver } else { info.name };
        Ok((device, DeviceInfo { kind: "webgpu", name }))
    }
    #[cfg(not(feature = "wgpu"))]
    {
        Ok((Device::flex(), DeviceInfo { kind: "cpu", name: "WebAssembly SIMD".to_string() }))
    }
}

//! Conversion of objects and errors to those of JavaScript.

use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// A value that is converted to a plain object.
pub trait Plain: Serialize {
    /// The type of the object in TypeScript.
    type Js: JsCast;
}

/// Declares the TypeScript type of each value.
macro_rules! plain {
    ($($js:ident = $typescript:literal from $rust:ty;)*) => {
        #[wasm_bindgen::prelude::wasm_bindgen]
        extern "C" {
            $(#[wasm_bindgen(typescript_type = $typescript)] pub type $js;)*
        }
        $(impl $crate::web::boundary::Plain for $rust { type Js = $js; })*
    };
}
pub(super) use plain;

fn value(value: &impl Serialize) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    value.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}

/// Converts to a plain object, in which `None` becomes `undefined`.
pub fn object<T: Plain>(from: &T) -> T::Js {
    value(from).unchecked_into()
}

/// A JavaScript `Error` with a code and values.
pub fn thrown(message: &str, code: &str, values: &impl Serialize) -> JsValue {
    let js = js_sys::Error::new(message);
    // Setting a property of a fresh object cannot fail.
    let _ = Reflect::set(&js, &"code".into(), &code.into());
    let _ = Reflect::set(&js, &"values".into(), &value(values));
    js.into()
}

//! A large language model in place of the rules: one at an endpoint of the user's own that speaks
//! OpenAI's chat completions. Native only, behind the feature `llm`, and nothing is sent unless
//! [`Llm::align`] is called.
//!
//! What the model is asked for, and which parts of its answer are accepted, is in [`reading`](super::reading). The
//! model is asked at temperature 0, with a JSON schema or, where the server does not support one, for a JSON object. An
//! answer that is used is cached on disk under the SHA-256 of endpoint, model, prompt and text; the text itself is not
//! stored.

mod cache;
mod error;
mod http;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::reading::{Answer, Reading, SYSTEM_PROMPT, check, parse, schema};
use cache::Cache;
pub use error::LlmError;
use http::Endpoint;

/// How often one text is sent at most, including the first time.
const ATTEMPTS: u32 = 3;
/// The pause after the first failure of the server; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Which model is used, and how it is reached.
#[derive(Clone)]
pub struct LlmConfig {
    /// URL of the endpoint, without the final `/chat/completions`.
    pub url: String,
    /// The model's name at the endpoint.
    pub model: String,
    /// Sent as bearer token.
    pub key: Option<String>,
    /// Timeout for one request, from connecting to the last byte.
    pub timeout: Duration,
    /// Folder of the cached answers.
    pub cache: PathBuf,
}

/// A model at an endpoint, with the answers it has given.
pub struct Llm {
    endpoint: Endpoint,
    model: String,
    cache: Cache,
}

/// How the server is told that the answer has to be JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Schema,
    Object,
}

impl Format {
    fn value(self) -> Value {
        match self {
            Self::Object => json!({"type": "json_object"}),
            Self::Schema => json!({
                "type": "json_schema",
                "json_schema": {"name": "statements", "strict": true, "schema": schema()}
            }),
        }
    }
}

impl Llm {
    /// Prepares the endpoint and the folder of cached answers. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`LlmError::Cache`] where the folder cannot be made.
    pub fn new(config: LlmConfig) -> Result<Self, LlmError> {
        Ok(Self {
            cache: Cache::open(config.cache)?,
            endpoint: Endpoint::new(&config.url, config.key, config.timeout),
            model: config.model,
        })
    }

    /// Reads a text. The answer comes from the cache if it has one; otherwise the text is sent.
    ///
    /// A request is repeated after a pause if the server is overloaded, broken or silent; a model whose answer is not
    /// usable is told so and asked again. A text is sent three times at most.
    ///
    /// # Errors
    ///
    /// [`LlmError`] where all attempts have failed, or where another attempt cannot help.
    pub fn align(&self, text: &str) -> Result<Reading, LlmError> {
        let key = cache::key(&[self.endpoint.url(), &self.model, &SYSTEM_PROMPT, text]);
        let known = self.cache.get(&key).and_then(|answer| parse(&answer).ok());
        if let Some(answer) = known {
            return Ok(check(answer, text));
        }
        let (answer, content) = self.ask(text)?;
        self.cache.store(&key, &content)?;
        Ok(check(answer, text))
    }

    /// Asks the model. Returns the parsed answer and its JSON.
    fn ask(&self, text: &str) -> Result<(Answer, String), LlmError> {
        let mut messages = vec![message("system", &SYSTEM_PROMPT), message("user", text)];
        let (mut format, mut pause, mut attempt) = (Format::Schema, FIRST_PAUSE, 1);
        loop {
            let request = json!({
                "model": self.model, "temperature": 0, "messages": messages,
                "response_format": format.value()
            });
            let failure = match self.endpoint.post(&request) {
                Ok(content) => match parse(&content) {
                    Ok(answer) => return Ok((answer, content)),
                    Err(error) => {
                        messages.truncate(2);
                        messages.push(message("assistant", &content));
                        let reason = error.source().map(ToString::to_string).unwrap_or_default();
                        messages.push(message("user", &format!("Not usable: {reason}. Again.")));
                        error.into()
                    }
                },
                Err(LlmError::Status { status: 400 | 422, .. }) if format == Format::Schema => {
                    format = Format::Object;
                    continue;
                }
                Err(failure) if failure.passes() && attempt < ATTEMPTS => {
                    std::thread::sleep(pause);
                    pause *= 2;
                    failure
                }
                Err(failure) => return Err(failure),
            };
            if attempt == ATTEMPTS {
                return Err(failure);
            }
            attempt += 1;
        }
    }
}

fn message(role: &str, content: &str) -> Value {
    json!({"role": role, "content": content})
}

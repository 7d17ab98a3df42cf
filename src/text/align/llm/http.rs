//! One request to an endpoint, and the errors that it can have.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use ureq::Agent;

use super::error::LlmError;
use crate::error::Error;

/// How many characters of an error response's body are shown.
const SHOWN: usize = 200;

/// Chat completions at a URL.
pub struct Endpoint {
    url: String,
    key: Option<String>,
    agent: Agent,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
}

impl Endpoint {
    /// Redirects are not followed: a report goes to the URL that was given and nowhere else.
    pub fn new(url: &str, key: Option<String>, timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        let url = format!("{}/chat/completions", url.trim_end_matches('/'));
        Self { url, key, agent: config.into() }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends a request and returns what the model says.
    pub fn post(&self, request: &Value) -> Result<String, LlmError> {
        let mut post = self.agent.post(&self.url).content_type("application/json");
        if let Some(key) = &self.key {
            post = post.header("authorization", format!("Bearer {key}"));
        }
        let mut response = post.send(request.to_string()).map_err(LlmError::Unreachable)?;
        let status = response.status();
        let body = response.body_mut().read_to_string().map_err(LlmError::Unreachable)?;
        if !status.is_success() {
            let body = body.trim().chars().take(SHOWN).collect();
            return Err(LlmError::Status { status: status.as_u16(), body });
        }
        let completion: Completion =
            serde_json::from_str(&body).map_err(|error| Error::Answer(error.into()))?;
        let choice = completion.choices.into_iter().next();
        let content = choice.and_then(|choice| choice.message.content);
        Ok(content.ok_or_else(|| Error::Answer("it is empty".into()))?)
    }
}

//! `carzero align --llm` against a server of the test's own.
#![cfg(feature = "llm")]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

const REPORT: &str = "No effusion. Something is off at the right base.";

/// One answer of the server.
enum Reply {
    Status(u16, String),
    Redirect(String),
    Silence,
}

/// What the model says, as the endpoint wraps it.
fn says(content: &str) -> Reply {
    Reply::Status(200, json!({"choices": [{"message": {"content": content}}]}).to_string())
}

fn statement(finding: &str, location: Value, negated: bool) -> Value {
    json!({
        "finding": finding, "location": location, "negated": negated, "uncertain": false,
        "historical": false
    })
}

fn statements(statements: &[Value]) -> Reply {
    says(&json!({"statements": statements}).to_string())
}

fn good() -> Reply {
    statements(&[
        statement("Pleural Effusion", Value::Null, true),
        statement("Pneumonia", json!("right lung base"), false),
    ])
}

/// What the server got.
struct Request {
    head: String,
    body: Value,
}

/// Answers one request after another, and then no more.
struct Server {
    url: String,
    requests: Receiver<Request>,
}

impl Server {
    fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        thread::spawn(move || {
            let mut silent = Vec::new();
            for reply in replies {
                let (mut stream, _) = listener.accept().unwrap();
                sender.send(read(&mut stream)).unwrap();
                match reply {
                    Reply::Silence => silent.push(stream),
                    Reply::Redirect(to) => answer(stream, 307, &format!("location: {to}\r\n"), ""),
                    Reply::Status(status, body) => answer(stream, status, "", &body),
                }
            }
            // Held open until the last client has given up.
            thread::sleep(Duration::from_secs(30));
        });
        Self { url, requests }
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }
}

fn answer(mut stream: TcpStream, status: u16, more: &str, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n");
    stream.write_all(format!("{head}{more}\r\n{body}").as_bytes()).unwrap();
}

fn read(stream: &mut TcpStream) -> Request {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the request breaks off");
        bytes.extend(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        if body.len() >= length.parse::<usize>().unwrap() {
            return Request { body: serde_json::from_str(body).unwrap(), head };
        }
    }
}

/// What the program prints: the prompts with what made them, and its warnings.
struct Output {
    lines: Vec<(String, String)>,
    warnings: String,
}

fn align(url: &str, cache: &TempDir, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carzero"));
    command.args(["align", REPORT, "--llm", url, "--llm-model", "tiny", "--llm-cache"]);
    command.arg(cache.path()).args(more).env("CARZERO_LLM_KEY", "s3cret");
    for proxy in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(proxy).env_remove(proxy.to_uppercase());
    }
    let output = command.output().unwrap();
    let warnings = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{warnings}");
    assert!(!warnings.contains("s3cret"), "the key stays secret");
    let read = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap().to_string();
        (text("prompt"), text("by"))
    };
    let lines = String::from_utf8(output.stdout).unwrap().lines().map(read).collect();
    Output { lines, warnings }
}

fn lines(prompts: &[&str], by: &str) -> Vec<(String, String)> {
    prompts.iter().map(|prompt| (prompt.to_string(), by.to_string())).collect()
}

fn by_llm() -> Vec<(String, String)> {
    lines(&["There is no Pleural Effusion", "There is Pneumonia in the right lung base"], "llm")
}

fn by_rules() -> Vec<(String, String)> {
    lines(&["There is no Pleural Effusion"], "rules")
}

#[test]
fn the_model_is_asked_once_and_its_answer_kept() {
    let (server, cache) = (Server::new(vec![good()]), TempDir::new().unwrap());
    let first = align(&server.url, &cache, &[]);
    assert_eq!((first.lines, first.warnings.as_str()), (by_llm(), ""));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let Request { head, body } = &requests[0];
    assert!(head.starts_with("post /v1/chat/completions "), "{head}");
    assert!(head.contains("authorization: bearer s3cret"), "{head}");
    assert_eq!((&body["model"], &body["temperature"]), (&json!("tiny"), &json!(0)));
    assert_eq!(body["response_format"]["type"], "json_schema");
    assert_eq!(body["messages"][1], json!({"role": "user", "content": REPORT}));

    assert_eq!(align(&server.url, &cache, &[]).lines, by_llm());
    assert_eq!(server.requests().len(), 0, "the second run needs no request");
    let files: Vec<_> = fs::read_dir(cache.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 1);
    let kept = fs::read_to_string(files[0].path()).unwrap();
    assert!(kept.contains("Pneumonia") && !kept.contains("Something"), "{kept}");
}

#[test]
fn a_broken_file_is_no_answer() {
    let (server, cache) = (Server::new(vec![good(), good()]), TempDir::new().unwrap());
    align(&server.url, &cache, &[]);
    fs::read_dir(cache.path()).unwrap().for_each(|file| {
        fs::write(file.unwrap().path(), "broken").unwrap();
    });
    assert_eq!(align(&server.url, &cache, &[]).lines, by_llm());
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_server_that_fails_is_asked_again() {
    let busy = Reply::Status(500, "busy".to_string());
    let (server, cache) = (Server::new(vec![busy, good()]), TempDir::new().unwrap());
    let output = align(&server.url, &cache, &[]);
    assert_eq!((output.lines, output.warnings.as_str()), (by_llm(), ""));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_server_without_schemas_is_asked_for_an_object() {
    let refusal = Reply::Status(400, "response_format: unknown type".to_string());
    let (server, cache) = (Server::new(vec![refusal, good()]), TempDir::new().unwrap());
    assert_eq!(align(&server.url, &cache, &[]).lines, by_llm());
    let formats: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.body["response_format"]["type"].clone())
        .collect();
    assert_eq!(formats, ["json_schema", "json_object"]);
}

#[test]
fn a_malformed_answer_is_sent_back_and_then_the_rules_are_used() {
    let cache = TempDir::new().unwrap();
    let server = Server::new(vec![says("Sure! {"), good()]);
    assert_eq!(align(&server.url, &cache, &[]).lines, by_llm());
    let requests = server.requests();
    assert_eq!(requests[1].body["messages"][2]["content"], "Sure! {");

    let cache = TempDir::new().unwrap();
    let server = Server::new((0..3).map(|_| says("[]")).collect());
    let output = align(&server.url, &cache, &[]);
    assert_eq!(output.lines, by_rules());
    assert!(output.warnings.contains("answer is not usable"), "{}", output.warnings);
    assert!(output.warnings.contains("The rules are used instead"), "{}", output.warnings);
    assert_eq!(server.requests().len(), 3, "and no more");
    assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0, "nothing unusable is kept");
}

#[test]
fn what_the_lexicon_does_not_know_is_left_out_and_counted() {
    let reply = statements(&[
        statement("Bad Mood", Value::Null, false),
        statement("effusion", json!("the soul"), true),
    ]);
    let (server, cache) = (Server::new(vec![reply]), TempDir::new().unwrap());
    let output = align(&server.url, &cache, &[]);
    assert_eq!(output.lines, lines(&["There is no Pleural Effusion"], "llm"));
    assert!(output.warnings.contains("1 findings that the lexicon does not know"));
    assert!(output.warnings.contains("\"Bad Mood\"") && output.warnings.contains("\"the soul\""));
}

#[test]
fn silence_and_refusal_end_with_the_rules() {
    let cache = TempDir::new().unwrap();
    let server = Server::new((0..3).map(|_| Reply::Silence).collect());
    let output = align(&server.url, &cache, &["--llm-timeout", "1"]);
    assert_eq!(output.lines, by_rules());
    assert!(output.warnings.contains("timeout") && output.warnings.contains("--llm-timeout"));
    assert_eq!(server.requests().len(), 3);

    let server = Server::new(vec![Reply::Status(401, "who are you".to_string())]);
    let output = align(&server.url, &cache, &[]);
    assert_eq!(output.lines, by_rules());
    assert!(output.warnings.contains("401 (who are you)"), "{}", output.warnings);
    assert!(output.warnings.contains("CARZERO_LLM_KEY"), "{}", output.warnings);
    assert_eq!(server.requests().len(), 1, "a wrong key does not become right");
}

#[test]
fn a_report_follows_no_redirect() {
    let (elsewhere, cache) = (Server::new(vec![good()]), TempDir::new().unwrap());
    let server = Server::new(vec![Reply::Redirect(elsewhere.url.clone())]);
    let output = align(&server.url, &cache, &[]);
    assert_eq!(output.lines, by_rules());
    assert!(output.warnings.contains("307"), "{}", output.warnings);
    assert_eq!(elsewhere.requests().len(), 0);
}

#[test]
fn nothing_is_sent_unless_asked_for() {
    let program = env!("CARGO_BIN_EXE_carzero");
    let run = |args: &[&str]| Command::new(program).arg("align").args(args).output().unwrap();
    let plain = run(&[REPORT]);
    assert!(String::from_utf8_lossy(&plain.stdout).contains("\"by\":\"rules\""));
    for incomplete in [
        &[REPORT, "--llm", "http://127.0.0.1:9"][..],
        &[REPORT, "--llm-model", "tiny"],
        &[REPORT, "--llm-cache", "somewhere"],
    ] {
        assert_eq!(run(incomplete).status.code(), Some(2));
    }
}

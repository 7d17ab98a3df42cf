//! How errors are printed.

/// An error and its causes in one line, without causes that its message already contains.
pub fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        match line.as_str() {
            "" => line = cause,
            said if said.contains(&cause) => {}
            _ => line = format!("{line}: {cause}"),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use anyhow::Context;
    use carzero::Error;

    use super::*;

    #[test]
    fn each_cause_is_said_once() {
        let parsed: Result<u8, _> = "x".parse();
        let cause = parsed.unwrap_err();
        let error =
            Err::<(), _>(Error::Config(cause.clone().into())).context("a.json").unwrap_err();
        let expected = format!("a.json: the model's config is not usable: {cause}");
        assert_eq!(in_one_line(&error), expected);
    }
}
